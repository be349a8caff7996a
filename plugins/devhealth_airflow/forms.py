"""The fields of the form Airflow shows before a run by hand."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from airflow import __version__
from airflow.configuration import conf

from devhealth_airflow.airflow_names import Param

NO_EMPTY = {"minLength": 1, "pattern": r"\S"}
"""Nothing is null, which is what the form sends for an empty field: a script whose variable is not set sends ""."""


def organisation() -> Param:
    """Slug of one organisation."""
    return Param(
        None,
        type=["null", "string"],
        **NO_EMPTY,
        title="Organisation",
        description_md=f"Slug of the organisation. Empty: all of them. {_listed()}",
    )


def configurations() -> Param:
    """Names of sync configurations."""
    return Param(
        [],
        type=["null", "array"],
        items={"type": "string", **NO_EMPTY},
        title="Configurations",
        description_md=f"Names of sync configurations, one a line. Empty: every one that is not paused. {_listed()}",
    )


def the_organisation() -> Param:
    """Slug of the organisation, which must be named."""
    return Param(
        None,
        type=["null", "string"],
        **NO_EMPTY,
        title="Organisation",
        description_md=f"Slug of the organisation. {_listed()}",
    )


def the_configuration() -> Param:
    """Name of the sync configuration, which must be named unless a job is resumed."""
    return Param(
        None,
        type=["null", "string"],
        **NO_EMPTY,
        title="Configuration",
        description_md=f"Name of one of its sync configurations. {_listed()}",
    )


def targets(known: Sequence[str] = ()) -> Param:
    """Targets, to choose from those that are known."""
    return Param(
        [],
        type=["null", "array"],
        items={"type": "string", **NO_EMPTY, **({"enum": list(known)} if known else {})},
        title="Targets",
        description="Empty: the targets that each configuration names.",
        **({"examples": list(known)} if known else {}),
    )


def since(meaning: str = "") -> Param:
    """First day of a range."""
    return _day("Since", f"First UTC day, inclusive. {meaning}")


def before(meaning: str = "") -> Param:
    """Day after the last one of a range."""
    return _day("Before", f"Last UTC day, exclusive. {meaning}")


def order() -> Param:
    """Which end of a range comes first."""
    return Param(
        "oldest_first",
        type="string",
        enum=["oldest_first", "newest_first"],
        title="Order",
        description="Which end of the stretch is filled first.",
    )


def job() -> Param:
    """A backfill job to go on with."""
    return Param(
        None,
        type=["null", "string"],
        **NO_EMPTY,
        title="Job to resume",
        description="Id of a job of the organisation: what it has not done yet is done now. Leave the rest empty.",
    )


def full_resync() -> Param:
    """Whether to start over."""
    return Param(
        False,  # noqa: FBT003 - Param takes its default by position
        type="boolean",
        title="Full resync",
        description="Fetch everything again instead of what is new. What is stored already is replaced, not doubled.",
    )


def _listed() -> str:
    """Where the names stand that can be written here, in Markdown; no database is asked while a DAG is parsed.

    The form shows it as long as there is no plain description beside it.
    """
    section, page = ("webserver", "home") if __version__.startswith("2.") else ("api", "dags")
    root = urlsplit(conf.get(section, "base_url", fallback="")).path.rstrip("/")
    return (
        "The log of the task `plan` of the last run of a "
        f"[sync DAG]({root}/{page}?tags=sync) lists them, as does `devhealth status`."
    )


def _day(title: str, description: str) -> Param:
    return Param(None, type=["null", "string"], format="date", title=title, description=description.strip())
