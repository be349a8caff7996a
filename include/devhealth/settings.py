"""What an operator can set, read once from the environment.

In Airflow the connections `devhealth_postgres` and `devhealth_clickhouse` come first (see `devhealth_airflow.hooks`).
"""

import contextlib
import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from devhealth.errors import SettingsError
from devhealth.models.credential import Credential
from devhealth.models.usage import Usage

_FOR_A_GROUP = stat.S_ISGID | stat.S_IWGRP

VARIABLES = {
    "POSTGRES_URI": (
        "the semantic database, `postgresql://user:password@host:port/database`; PostgreSQL, or SQLite on one machine",
        "`DATABASE_URI` or `DATABASE_URL` where they name one, else a SQLite file below `DEVHEALTH_HOME`",
    ),
    "CLICKHOUSE_URI": (
        "the analytics store, `clickhouse://user:password@host:9000/database`; `clickhouses://` and port 9440 for TLS",
        "`DATABASE_URI`, else `DATABASE_URL`, else the embedded ClickHouse below `DEVHEALTH_HOME`",
    ),
    "DATABASE_URI": ("stands in for a URI above that is not set", ""),
    "DATABASE_URL": ("stands in for `DATABASE_URI`", ""),
    "SECONDARY_DATABASE_URI": ("a PostgreSQL or SQLite that receives the same records", "none"),
    "DEVHEALTH_SINK": (
        "where records go: `clickhouse`, `both`, or `sql` (the secondary database alone)",
        "`both` where there is a secondary database, else `clickhouse`",
    ),
    "DEVHEALTH_STAGING_URI": (
        "where the stages of a run hand over: a folder, or `s3://bucket/path`, `gs://bucket/path`",
        "`staging` below `DEVHEALTH_HOME`",
    ),
    "DEVHEALTH_SECRET_KEY": ("the keys that encrypt stored credentials, `NEW,OLD` while they change", "none"),
    "DEVHEALTH_HOME": (
        "the folder of mirrors, of what providers answered, and of everything embedded",
        "`~/.devhealth`",
    ),
    "DEVHEALTH_WAREHOUSE_IDLE_SECONDS": ("after how long without a query the embedded ClickHouse ends", "3600"),
    "BATCH_SIZE": ("rows of one insert", "50000"),
    "MAX_WORKERS": ("git processes at once for one unit", "the number of cores, from 2 to 8"),
    "DB_ECHO": ("`1` logs each statement for PostgreSQL and SQLite, without its values", "off"),
    "BUSINESS_HOURS_START": ("the first business hour on a person's own clock, Monday to Friday", "9"),
    "BUSINESS_HOURS_END": ("the hour after the last one", "17"),
    "GITHUB_TOKEN": ("the token for configurations of GitHub without a credential", "none"),
    "GITHUB_API_URL": ("the GitHub that `GITHUB_TOKEN` is for", "`https://api.github.com`"),
}
"""Each environment variable devhealth reads: what it is for, and what holds while it is not set."""


class Host(Protocol):
    """What the program around the engine offers; Airflow, when its tasks call."""

    def connection(self, conn_id: str) -> Mapping[str, str] | None:
        """The fields of a connection, as a credential has them; None when there is none of that id."""

    def mask(self, secret: str) -> None:
        """Keep this text out of every log from now on."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process. URIs may hold passwords, so none of them appears in the repr."""

    home: Path
    """Folder of everything embedded: warehouse, semantic SQLite file, mirrors, staging."""
    clickhouse_uri: str | None = field(default=None, repr=False)
    """`clickhouse://user:password@host:port/database`; None means the embedded warehouse below `home`.

    CLICKHOUSE_URI, else DATABASE_URI, else DATABASE_URL. A URI of another kind is refused when metrics are asked for.
    """
    semantic_uri: str = field(default="", repr=False)
    """SQLAlchemy URL of the semantic database.

    POSTGRES_URI, else DATABASE_URI or DATABASE_URL where they name a PostgreSQL or SQLite, else a SQLite below `home`.
    """
    secondary_uri: str | None = field(default=None, repr=False)
    """SQLAlchemy URL of a PostgreSQL or SQLite that receives the same records (`sink=both`)."""
    staging_uri: str = ""
    """Where stages hand over: a folder or any URI universal-pathlib knows (s3://, gs://)."""
    sink: str = "clickhouse"
    """`clickhouse`, `sql` (the secondary only) or `both`."""
    batch_size: int = 50_000
    """Rows per insert."""
    max_workers: int = 2
    """git processes at once for one unit."""
    echo_sql: bool = False
    business_hours: tuple[int, int] = (9, 17)
    """First hour and the hour after the last one, on a person's own clock, Monday to Friday."""
    secret_key: str = field(default="", repr=False)
    """DEVHEALTH_SECRET_KEY: keys of stored secrets, separated by commas or blanks; the first one encrypts."""
    credential: Credential | None = field(default=None, repr=False)
    """What the source at hand is read with; None for what the environment and git know by themselves."""
    host: Host | None = field(default=None, repr=False, compare=False)
    """None outside Airflow."""
    wait: Callable[[datetime, str], None] | None = field(default=None, repr=False, compare=False)
    """Waits for a provider until a moment, told why. Without it a long wait is raised as RateLimited."""
    spend: Callable[[Usage], None] | None = field(default=None, repr=False, compare=False)
    """Told of each request to a provider and of what it cost."""

    @property
    def is_semantic_embedded(self) -> bool:
        """Whether the semantic database is the SQLite file below `home` that is taken where nothing names one."""
        return self.semantic_uri == _embedded_semantic(self.home)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """The settings the environment describes; raises SettingsError for values that cannot be read.

        Those of this process: a home that others may enter is closed to them, see `private_folder`.
        """
        env = os.environ if environ is None else environ
        home = home_folder(env)
        if environ is None:
            _close(home)
        clickhouse = env.get("CLICKHOUSE_URI") or env.get("DATABASE_URI") or env.get("DATABASE_URL")
        secondary = env.get("SECONDARY_DATABASE_URI") or None
        sink = env.get("DEVHEALTH_SINK") or ("both" if secondary else "clickhouse")
        if sink not in {"clickhouse", "sql", "both"}:
            raise SettingsError(f"DEVHEALTH_SINK is {sink!r}: expected clickhouse, sql or both.")
        if sink != "clickhouse" and not secondary:
            raise SettingsError(f"DEVHEALTH_SINK={sink} needs SECONDARY_DATABASE_URI: where the records go.")
        return cls(
            home=home,
            clickhouse_uri=clickhouse or None,
            semantic_uri=_semantic_uri(env) or _embedded_semantic(home),
            secondary_uri=secondary,
            staging_uri=env.get("DEVHEALTH_STAGING_URI") or str(home / "staging"),
            sink=sink,
            batch_size=_positive(env, "BATCH_SIZE", 50_000),
            max_workers=_positive(env, "MAX_WORKERS", max(2, min(8, os.cpu_count() or 2))),
            business_hours=_business_hours(env),
            secret_key=env.get("DEVHEALTH_SECRET_KEY") or "",
            echo_sql=env.get("DB_ECHO", "").lower() in {"1", "true", "yes", "on"},
        )


def _embedded_semantic(home: Path) -> str:
    return f"sqlite:///{home / 'semantic.db'}"


def home_folder(env: Mapping[str, str]) -> Path:
    """DEVHEALTH_HOME, else `~/.devhealth`."""
    return Path(env.get("DEVHEALTH_HOME") or Path.home() / ".devhealth").expanduser().absolute()


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for its owner alone; raises OSError.

    One made for a group on purpose has the set-group-ID bit (`chmod g+s`): what is made below it is for that group too.
    """
    missing = [folder, *folder.parents]
    for one in reversed(missing[: next((at for at, one in enumerate(missing) if one.exists()), len(missing))]):
        is_shared = is_for_a_group(one.parent)
        one.mkdir(mode=0o770 if is_shared else 0o700, exist_ok=True)
        if is_shared:
            one.chmod(0o2770)


def private_file(path: Path) -> None:
    """Make an empty file for its owner alone, or for the group its folder was made for; raises OSError."""
    mode = 0o660 if is_for_a_group(path.parent) else 0o600
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode))
    path.chmod(mode)


def is_for_a_group(folder: Path) -> bool:
    """Whether a folder was made for a group on purpose."""
    try:
        return folder.stat().st_mode & _FOR_A_GROUP == _FOR_A_GROUP
    except OSError:
        return False


def _close(home: Path) -> None:
    """Take from others what they may do in a home of ours: of an earlier version, or made by another program."""
    with contextlib.suppress(OSError):
        found = home.stat()
        allowed = 0o7770 if is_for_a_group(home) else 0o7700
        if found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) & ~allowed:
            home.chmod(stat.S_IMODE(found.st_mode) & allowed)


def _semantic_uri(env: Mapping[str, str]) -> str | None:
    if env.get("POSTGRES_URI"):
        return env["POSTGRES_URI"]
    shared = (env.get(name, "") for name in ("DATABASE_URI", "DATABASE_URL"))
    return next((uri for uri in shared if re.match(r"(postgres|postgresql|sqlite)(\+\w+)?:", uri)), None)


def _positive(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name)
    if not text:
        return default
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise SettingsError(f"{name} is {text!r}: expected a whole number of at least 1.")
    return number


def _business_hours(env: Mapping[str, str]) -> tuple[int, int]:
    texts = env.get("BUSINESS_HOURS_START") or "9", env.get("BUSINESS_HOURS_END") or "17"
    try:
        start, end = (int(text) for text in texts)
    except ValueError:
        start, end = 0, 0
    if not 0 <= start < end <= 24:  # noqa: PLR2004 - hours of a day
        raise SettingsError(
            f"BUSINESS_HOURS_START and BUSINESS_HOURS_END are {texts[0]!r} and {texts[1]!r}: "
            "expected two whole hours from 0 to 24, the start before the end."
        )
    return start, end
