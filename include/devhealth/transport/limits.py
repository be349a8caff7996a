"""The limits of one credential: what is left of them, and when the next request may go.

All times are seconds of our own clock since 1970; whoever reads a provider's headers translates them.
"""

import msgspec

MINUTE = 60.0
FIRST_PAUSE = 60.0
"""How long to wait when a provider says no more than that it is too much; twice as long each time after that."""
LONGEST_PAUSE = 900.0
MOST_REFUSALS = 8
"""In a row, each after the pause that was asked for: then something else is wrong."""


class Allowance(msgspec.Struct):
    """What a provider grants until a moment, for one kind of request."""

    limit: int
    remaining: int
    reset_at: float


class Standing(msgspec.Struct):
    """How a credential stands with its provider."""

    allowances: dict[str, Allowance] = {}
    """By kind of request, as the provider divides them: core, graphql, search."""
    paused_until: float = 0.0
    """Before that no request goes out, whatever is left."""
    refusals: int = 0
    """In a row; an answer sets it back."""
    sent: dict[str, list[tuple[int, int]]] = {}
    """By kind, how many requests went out in each second of the last minute."""


def ready_at(standing: Standing, kind: str, now: float, per_minute: int = 0) -> float:
    """When a request of a kind may go out; not later than `now` when it may at once. `per_minute` 0 is no limit."""
    ready = standing.paused_until
    allowance = standing.allowances.get(kind)
    if allowance and allowance.remaining <= 0:
        ready = max(ready, allowance.reset_at)
    return max(ready, _paced(standing.sent.get(kind, []), now, per_minute))


def left(standing: Standing, kind: str, now: float) -> float:
    """Requests of a kind that are left; without end where that is not known or the allowance is a new one."""
    allowance = standing.allowances.get(kind)
    return allowance.remaining if allowance and allowance.reset_at > now else float("inf")


def note_sent(standing: Standing, kind: str, now: float) -> None:
    """A request goes out now."""
    seconds = [(second, count) for second, count in standing.sent.get(kind, []) if now - MINUTE < second <= now]
    if seconds and seconds[-1][0] == int(now):
        seconds[-1] = (int(now), seconds[-1][1] + 1)
    else:
        seconds.append((int(now), 1))
    standing.sent[kind] = seconds


def note_answer(standing: Standing, kind: str, allowance: Allowance | None) -> None:
    """The provider answered, and said what is left; None where it has no limit, or does not say."""
    standing.refusals = 0
    if allowance:
        standing.allowances[kind] = allowance
    else:
        standing.allowances.pop(kind, None)


def note_exhausted(standing: Standing, kind: str, limit: int, reset_at: float, now: float) -> None:
    """The provider refused a request because nothing is left of its kind until `reset_at`."""
    _count(standing, ready_at(standing, kind, now), now)
    patience = 2.0 ** min(standing.refusals, 6)  # a moment that has passed: do not ask in a tight loop
    standing.allowances[kind] = Allowance(limit=limit, remaining=0, reset_at=max(reset_at, now + patience / 2))


def note_refused(standing: Standing, seconds: float | None, now: float) -> None:
    """The provider refused a request because there were too many at once; `seconds` is the pause it asks for."""
    _count(standing, standing.paused_until, now)
    if seconds is None:
        seconds = min(FIRST_PAUSE * 2 ** (standing.refusals - 1), LONGEST_PAUSE)
    standing.paused_until = max(standing.paused_until, now + max(seconds, 1.0))


def _count(standing: Standing, pause_ends: float, now: float) -> None:
    if now >= pause_ends or not standing.refusals:  # several requests may be under way when a pause begins
        standing.refusals += 1


def _paced(sent: list[tuple[int, int]], now: float, per_minute: int) -> float:
    recent = [(second, count) for second, count in sent if now - MINUTE < second <= now]
    excess = sum(count for _, count in recent) - per_minute + 1
    if not per_minute or excess <= 0:
        return now
    for second, count in recent:
        excess -= count
        if excess <= 0:
            return second + MINUTE
    return now
