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
