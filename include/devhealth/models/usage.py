"""What the requests to a provider cost, and what is left."""

from datetime import datetime

import msgspec


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Requests that were made with one credential or several; JSON-able and free of secrets."""

    requests: int = 0
    """Everything that was sent, repeated attempts too."""
    points: int = 0
    """What the provider counts against its hourly limit, as far as it says; a request is one point otherwise."""
    remaining: int | None = None
    """Points left when last told, of the credential with the fewest; None where there is no limit."""
    limit: int | None = None
    reset_at: datetime | None = None
    """When `remaining` becomes `limit` again, UTC."""
    waited_seconds: float = 0.0
    """Time spent waiting for a limit, not for answers."""

    def plus(self, later: "Usage") -> "Usage":
        """Both together; what is left is as the later one says."""
        told = later if later.limit is not None else self
        return Usage(
            requests=self.requests + later.requests,
            points=self.points + later.points,
            remaining=told.remaining,
            limit=told.limit,
            reset_at=told.reset_at,
            waited_seconds=self.waited_seconds + later.waited_seconds,
        )

    def sentence(self) -> str:
        """What it cost and what is left, for people; empty where nothing was asked."""
        if not self.requests:
            return ""
        parts = [f"{_counted(self.requests, 'request')}, {_counted(self.points, 'point')}"]
        if self.limit is not None and self.remaining is not None:
            reset = f" until {self.reset_at:%H:%M} UTC" if self.reset_at else ""
            parts.append(f"{self.remaining:,} of {self.limit:,} left{reset}")
        if self.waited_seconds >= 1:
            parts.append(f"{self.waited_seconds:,.0f} s waited for limits")
        return f"Cost: {'; '.join(parts)}."


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"
