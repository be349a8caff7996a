"""How many examples the property tests try, and which.

The same ones each time, so that a red run is the fault of what was changed. `EXPLORE=20` tries twenty times as many,
and others each time.
"""

import os

from hypothesis import HealthCheck, Phase, settings

EXPLORE = int(os.environ.get("EXPLORE", "0"))


def examples(count: int, *, shrinks: bool = True) -> settings:
    """So many of them. One that fails is not made smaller where that takes minutes."""
    return settings(
        max_examples=count * max(EXPLORE, 1),
        derandomize=not EXPLORE,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if shrinks else [])],
        suppress_health_check=list(HealthCheck),
    )
