"""How much to ask for at once: less when that is too much, and more again now and then, one step at a time.

What one list has taught holds for the others that a client reads: a provider that gives up above some rows does so
whichever list they are in, after ten seconds each time.
"""

from dataclasses import dataclass, field

_FIRST_STREAK, _LONGEST_STREAK = 4, 64


@dataclass(slots=True)
class Learned:
    """What is known of one kind of list; None while nothing was too much."""

    rows: int | None = None
    streak: int = 0
    needed: int = _FIRST_STREAK


@dataclass(slots=True)
class Lessons:
    """What a client has learned. Rows with lists inside are heavier than plain ones, and say nothing about these."""

    plain: Learned = field(default_factory=Learned)
    nested: Learned = field(default_factory=Learned)


@dataclass(slots=True)
class Sizes:
    """How much is asked for at once: halved when that is too much, down to 1, and grown again.

    When one row is too much, the lists inside it are halved: what they leave out is asked for apart.
    """

    first: int = 50
    nested: int = 20
    _most: tuple[int, int] = field(init=False)
    _learned: Learned = field(default_factory=Learned, init=False)

    def __post_init__(self) -> None:
        """What is asked for first is the most."""
        self._most = self.first, self.nested

    @property
    def is_divisible(self) -> bool:
        """Whether there is a smaller size."""
        return self.first > 1 or self.nested > 1

    def heed(self, lessons: Lessons, *, is_rest: bool = False) -> None:
        """Ask for no more than a client knows to be answered, and teach it from now on.

        Of the rest of lists, whose rows are in `nested`, those are plain.
        """
        has_lists = self._most[1] > 1
        self._learned = lessons.nested if has_lists else lessons.plain
        known = [one.rows for one in (self._learned, lessons.plain) if one.rows is not None]
        if known and not (self.first == 1 and self.nested < self._most[1]):
            self.first = min(self._most[0], *known)
        if is_rest and lessons.plain.rows is not None:
            self.nested = min(self.nested, lessons.plain.rows)

    def shrink(self) -> None:
        """It was too much. The next growth is further away than this one was."""
        if self.first > 1:
            self.first //= 2
            self._learned.rows = self.first
        else:
            self.nested = max(self.nested // 2, 1)
        self._learned.streak, self._learned.needed = 0, min(self._learned.needed * 2, _LONGEST_STREAK)

    def answered(self) -> None:
        """It was not too much; some answers like this, and more is asked for."""
        if (self.first, self.nested) == self._most:
            return
        self._learned.streak += 1
        if self._learned.streak < self._learned.needed:
            return
        self._learned.streak = 0
        if self.nested < self._most[1]:
            self.nested = min(self.nested * 2, self._most[1])
        else:
            self.first = min(self.first * 2, self._most[0])
            self._learned.rows = self.first
