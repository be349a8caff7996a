"""Where real payloads of providers lie, which are not part of this repository."""

import os
from pathlib import Path

import pytest


def fixtures(part: str) -> Path:
    """`github/schema/schema.graphql` below the folder of fixtures; the test is skipped where it is absent.

    The folder is what DEVHEALTH_FIXTURES names, else `shared/fixtures` beside this repository or above it.
    """
    named = os.environ.get("DEVHEALTH_FIXTURES")
    above = [folder / "shared" / "fixtures" for folder in Path(__file__).resolve().parents[1:]]
    for folder in [Path(named)] if named else above:
        if (folder / part).exists():
            return folder / part
    pytest.skip(f"no fixtures {part}")
