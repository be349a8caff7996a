"""One measured line: a reference, ours, and whether ours is good enough."""

from dataclasses import dataclass

HEADINGS = ("measure", "reference", "ours", "ratio", "target", "verdict")
_DIGITS = {"MB": 0, "ms": 1}
WIDTHS = (37, 10, 10, 7, 9, 7)


@dataclass(frozen=True, slots=True)
class Measure:
    """`reference` and `ours` are of `unit`; the target bounds the ratio when there is a reference, else ours."""

    name: str
    ours: float
    unit: str
    reference: float | None = None
    target: float | None = None
    """None: for information only."""

    @property
    def ratio(self) -> float | None:
        """Ours as a share of the reference."""
        return self.ours / self.reference if self.reference else None

    @property
    def missed(self) -> bool:
        """Whether ours is over its target."""
        measured = self.ours if self.ratio is None else self.ratio
        return self.target is not None and measured > self.target

    def line(self) -> str:
        """The line of the table."""
        limit = "" if self.target is None else f"{self.target:g}" + (f" {self.unit}" if self.ratio is None else " x")
        verdict = "" if self.target is None else "MISSED" if self.missed else "ok"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return _row(self.name, _amount(self.reference, self.unit), _amount(self.ours, self.unit), ratio, limit, verdict)


def heading() -> str:
    """The first line of the table."""
    return _row(*HEADINGS)


def _amount(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.{_DIGITS.get(unit, 3 if value < 1 else 2)}f} {unit}"


def _row(*cells: str) -> str:
    first, *others = (
        f"{cell:<{width}}" if at in (0, 5) else f"{cell:>{width}}"
        for at, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    )
    return (first + " ".join(others)).rstrip()
