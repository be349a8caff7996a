"""The fields of the form Airflow shows before a run by hand."""

from collections.abc import Sequence

from airflow.providers.common.compat.sdk import Param


def organisation() -> Param:
    """Slug of one organisation."""
    return Param(
        None,
        type=["null", "string"],
        title="Organisation",
        description="Slug of the organisation. Empty: all of them.",
    )


def configurations() -> Param:
    """Names of sync configurations."""
    return Param(
        [],
        type=["null", "array"],
        items={"type": "string"},
        title="Configurations",
        description="Names of sync configurations, one a line. Empty: every one that is not paused.",
    )


def targets(known: Sequence[str]) -> Param:
    """Targets to choose from."""
    return Param(
        [],
        type=["null", "array"],
        items={"type": "string", "enum": list(known)},
        examples=list(known),
        title="Targets",
        description="Empty: the targets that each configuration names.",
    )


def since(meaning: str) -> Param:
    """First day of a range."""
    return Param(
        None, type=["null", "string"], format="date", title="Since", description=f"First UTC day, inclusive. {meaning}"
    )


def before(meaning: str) -> Param:
    """Day after the last one of a range."""
    return Param(
        None, type=["null", "string"], format="date", title="Before", description=f"Last UTC day, exclusive. {meaning}"
    )


def full_resync() -> Param:
    """Whether to start over."""
    return Param(
        False,  # noqa: FBT003 - Param takes its default by position
        type="boolean",
        title="Full resync",
        description="Fetch everything again instead of what is new. What is stored already is replaced, not doubled.",
    )
