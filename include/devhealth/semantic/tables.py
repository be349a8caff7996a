"""The tables of the semantic database. Every one carries `org_id`; times are aware UTC.

A change here needs a revision in `alembic/versions` and its number in HEAD.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from devhealth.relational import UtcDateTime

HEAD = "0001"
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

organizations = Table(
    "organizations",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("slug"),
)

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
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    UniqueConstraint("org_id", "provider", "name"),
)

sync_watermarks = Table(
    "sync_watermarks",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("repo_id", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("cursor", Text),
    Column("updated_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["org_id", "repo_id"], ["repositories.org_id", "repositories.repo_id"]),
)

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
    CheckConstraint("since < before", name="since_before"),
    Index(None, "org_id", "repo_id"),
    sqlite_autoincrement=True,
)
"""UTC days whose metrics must be computed again. `sqlite_autoincrement`: the id of a cleared row never comes back."""
