"""The tables of the semantic database. Every one but `users` and `tiers` carries `org_id`; times are aware UTC.

A change here needs a revision in `alembic/versions` and its number in HEAD.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from devhealth.relational import UtcDateTime

HEAD = "0012"
"""The revision these tables are at."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

tiers = Table(
    "tiers",
    metadata,
    Column("tier", Text, primary_key=True),
    Column("backfill_days", Integer),
    CheckConstraint("backfill_days > 0", name="backfill_days"),
)
"""How many days one backfill may cover, by tier; NULL for any number. Operators may edit it."""

organizations = Table(
    "organizations",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("tier", Text, nullable=False, server_default="community"),
    Column("created_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["tier"], ["tiers.tier"]),
    UniqueConstraint("slug"),
)

users = Table(
    "users",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("email", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("password_hash", Text),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("email"),
)
"""People who may sign in; `email` is lower case, `password_hash` NULL for those who sign in elsewhere."""

memberships = Table(
    "memberships",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    ForeignKeyConstraint(["user_id"], ["users.user_id"]),
    CheckConstraint("role in ('owner', 'admin', 'member', 'viewer')", name="role"),
)

settings = Table(
    "settings",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("is_encrypted", Boolean, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
)

integration_credentials = Table(
    "integration_credentials",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("ciphertext", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
)
"""What sources are read with: a JSON object of fields, encrypted by Fernet."""

repositories = Table(
    "repositories",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("repo_id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("provider_host", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("gone_since", UtcDateTime),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    UniqueConstraint("org_id", "provider_host", "provider_id"),
)
"""Each repository once; provider, host and id are those it was first seen under."""

repository_aliases = Table(
    "repository_aliases",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("alias", Text, primary_key=True),
    Column("repo_id", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["org_id", "repo_id"], ["repositories.org_id", "repositories.repo_id"]),
    Index(None, "org_id", "repo_id"),
)
"""Every name, URL and provider id a repository ever had."""

sync_configurations = Table(
    "sync_configurations",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("configuration_id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sources", JSON, nullable=False),
    Column("targets", JSON, nullable=False),
    Column("options", JSON, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("discovery", JSON(none_as_null=True)),
    Column("schedule", Text),
    Column("credential_name", Text),
    Column("credential_reference", Text),
    Column("last_run_id", Text),
    Column("last_run_at", UtcDateTime),
    Column("last_outcome", Text),
    Column("last_error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    ForeignKeyConstraint(
        ["org_id", "credential_name"], ["integration_credentials.org_id", "integration_credentials.name"]
    ),
    UniqueConstraint("org_id", "provider", "name"),
    CheckConstraint("credential_name is null or credential_reference is null", name="one_credential"),
    CheckConstraint("last_outcome in ('succeeded', 'partly_failed', 'failed')", name="last_outcome"),
)
"""`credential_name` is a stored credential; `credential_reference` is `airflow:CONNECTION_ID` or `env:VARIABLE`."""

sync_watermarks = Table(
    "sync_watermarks",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("repo_id", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("cursor", Text),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("mark", Text),
    Column("version", UtcDateTime),
    ForeignKeyConstraint(["org_id", "repo_id"], ["repositories.org_id", "repositories.repo_id"]),
)

record_versions = Table(
    "record_versions",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("repo_id", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("newest", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
)
"""The greatest version that records of an organisation may have so far (repository and target empty), and the one that
the last unit of a target of a repository took."""

metric_dirty_ranges = Table(
    "metric_dirty_ranges",
    metadata,
    Column("range_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("org_id", Text, nullable=False),
    Column("repo_id", Text, nullable=False),
    Column("since", Date, nullable=False),
    Column("before", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["org_id", "repo_id"], ["repositories.org_id", "repositories.repo_id"]),
    CheckConstraint("since < before", name="ck_metric_dirty_ranges_since_before"),  # what the first revision called it
    Index(None, "org_id", "repo_id"),
    sqlite_autoincrement=True,
)
"""UTC days whose metrics must be computed again. `sqlite_autoincrement`: the id of a cleared row never comes back."""

identity_mappings = Table(
    "identity_mappings",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("alias", Text, primary_key=True),
    Column("identity_id", Text, nullable=False),
    Column("display_name", Text),
    Column("is_bot", Boolean),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    Index(None, "org_id", "identity_id"),
)
"""Whom an e-mail, login or name stands for; both are trimmed and lower case. The row whose alias is the identity itself
holds its name and whether it is a bot (NULL: as detected)."""

teams = Table(
    "teams",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("team_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
)

team_mappings = Table(
    "team_mappings",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("team_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("pattern", Text, primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date),
    Column("created_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["org_id", "team_id"], ["teams.org_id", "teams.team_id"]),
    CheckConstraint("kind in ('member', 'repository', 'project')", name="kind"),
    CheckConstraint("valid_from < valid_to", name="valid_from_valid_to"),
)
"""What counts for a team: an identity, a glob of repository names, or a project key. `valid_from` is inclusive
(1970-01-01: since ever), `valid_to` exclusive (NULL: until further notice)."""

backfill_jobs = Table(
    "backfill_jobs",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("job_id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("configuration", Text, nullable=False),
    Column("targets", JSON, nullable=False),
    Column("since", Date, nullable=False),
    Column("before", Date, nullable=False),
    Column("sort_order", Text, nullable=False),
    Column("window_days", Integer, nullable=False),
    Column("origin", Text, nullable=False),
    Column("dag_id", Text),
    Column("run_id", Text),
    Column("status", Text, nullable=False),
    Column("error", Text),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    UniqueConstraint("org_id", "dag_id", "run_id", "configuration"),
    CheckConstraint("since < before", name="since_before"),
    CheckConstraint("sort_order in ('oldest_first', 'newest_first')", name="sort_order"),
    CheckConstraint("origin in ('command_line', 'dag', 'airflow_backfill')", name="origin"),
    CheckConstraint(
        "status in ('pending', 'running', 'completed', 'completed_with_errors', 'failed', 'cancelled')", name="status"
    ),
)
"""One request to fill a stretch of the past; `airflow_backfill`: what Airflow's own backfill of a sync DAG asked."""

backfill_chunks = Table(
    "backfill_chunks",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("job_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("repo_id", Text),
    Column("target", Text, nullable=False),
    Column("since", Date, nullable=False),
    Column("before", Date, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("error", Text),
    ForeignKeyConstraint(["org_id", "job_id"], ["backfill_jobs.org_id", "backfill_jobs.job_id"]),
    UniqueConstraint("org_id", "job_id", "source", "target", "since"),
    CheckConstraint("since < before", name="since_before"),
    CheckConstraint("status in ('pending', 'running', 'completed', 'failed')", name="status"),
)
"""A source, a target and a window of a job; completed once its rows are stored. Numbers count in the order of work."""

sync_runs = Table(
    "sync_runs",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("run_id", Text, primary_key=True),
    Column("unit_id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("configuration", Text, nullable=False),
    Column("repo_id", Text),
    Column("name", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("since", UtcDateTime),
    Column("before", UtcDateTime, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("fetch_seconds", Float, nullable=False),
    Column("process_seconds", Float, nullable=False),
    Column("store_seconds", Float, nullable=False),
    Column("error", Text),
    Column("finished_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    CheckConstraint("outcome in ('stored', 'damaged', 'failed')", name="outcome"),
    Index(None, "org_id", "finished_at"),
)
"""How each unit of each run ended; `damaged`: what could be read is stored. `before` is where its window ends."""
