"""The rate limits of the played GitHub, by token."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.github.clock import Clock


@dataclass
class Window:
    """What one token used of one resource until it starts anew."""

    ends_at: datetime
    used: int = 0


@dataclass
class Limits:
    """Points an hour by resource; `is_shown` False: no headers and nothing counted, as a server of one's own may have.

    A limit of 0 shows 0/0 and refuses nothing. `by_token` gives single tokens other limits.
    """

    clock: Clock
    hourly: dict[str, int] = field(default_factory=lambda: {"core": 5000, "graphql": 5000, "search": 30})
    by_token: dict[str, int] = field(default_factory=dict)
    is_shown: bool = True
    per_minute: int = 0
    """Points a minute a token may spend before the secondary limit; 0: as many as it likes."""
    windows: dict[tuple[str, str], Window] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def limit(self, token: str, resource: str) -> int:
        return self.by_token.get(token, self.hourly[resource])

    def window(self, token: str, resource: str) -> Window:
        """The running window; of a minute for searches, of an hour for the rest."""
        now = self.clock.now()
        known = self.windows.get((token, resource))
        if known is None or known.ends_at <= now:
            span = timedelta(minutes=1) if resource in {"search", "minute"} else timedelta(hours=1)
            known = self.windows[token, resource] = Window(now + span)
        return known

    def spend(self, token: str, resource: str, points: int) -> str:
        """Counts them and says "", or that they are too many: `primary` or `secondary`."""
        with self.lock:
            limit = self.limit(token, resource)
            window = self.window(token, resource)
            if self.is_shown and limit and window.used + points > limit:
                return "primary"
            minute = self.window(token, "minute")
            if self.per_minute and minute.used + points > self.per_minute:
                return "secondary"
            window.used += points
            minute.used += points
            return ""

    def left(self, token: str, resource: str) -> tuple[int, int, int, datetime]:
        """(limit, remaining, used, when it starts anew)."""
        with self.lock:
            window, limit = self.window(token, resource), self.limit(token, resource)
            return limit, max(0, limit - window.used), window.used, window.ends_at

    def headers(self, token: str, resource: str) -> dict[str, str]:
        if not self.is_shown:
            return {}
        limit, remaining, used, ends_at = self.left(token, resource)
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Reset": str(int(ends_at.astimezone(UTC).timestamp())),
            "X-RateLimit-Resource": resource,
        }
