"""What a backfill tells whoever watches it."""

from collections.abc import Callable

import msgspec

from devhealth.models.unit import Unit
from devhealth.pipelines.backfill.request import Job


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What happens in a run: opened, reading, page, completed, failed, computing; of several chunks at once."""

    kind: str
    job: Job
    unit: Unit | None = None
    count: int = 0
    """opened: chunks to do; page: pages read of the unit; completed: rows stored."""
    error: str = ""


OnEvent = Callable[[Event], None]
