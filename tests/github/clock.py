"""The time of the played GitHub."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Follows the real time, or stands still at a moment until it is moved."""

    def __init__(self, at: datetime | None = None) -> None:
        self._at = at

    def now(self) -> datetime:
        return (self._at or datetime.now(UTC)).replace(microsecond=0)

    def set(self, at: datetime | None) -> None:
        """Stand at `at`, or follow the real time again."""
        self._at = at

    def advance(self, **by: float) -> datetime:
        """The new time: `clock.advance(minutes=5)`. Stands still from here on."""
        self._at = self.now() + timedelta(**by)
        return self._at


def stamp(at: datetime) -> str:
    """As GitHub writes times: UTC, whole seconds, Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
