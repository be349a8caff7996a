"""Organisations, repositories with aliases, sync configurations, watermarks and dirty ranges."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "organizations",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("org_id", name="pk_organizations"),
        sa.UniqueConstraint("slug", name="uq_organizations_slug"),
    )
    op.create_table(
        "repositories",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("repo_id", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("provider_host", sa.Text, nullable=False),
        sa.Column("provider_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("org_id", "repo_id", name="pk_repositories"),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.org_id"], name="fk_repositories_organizations"),
        sa.UniqueConstraint(
            "org_id", "provider_host", "provider_id", name="uq_repositories_org_id_provider_host_provider_id"
        ),
    )
    op.create_table(
        "repository_aliases",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("alias", sa.Text, nullable=False),
        sa.Column("repo_id", sa.Text, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("org_id", "alias", name="pk_repository_aliases"),
        _repository("repository_aliases"),
    )
    op.create_index("ix_repository_aliases_org_id_repo_id", "repository_aliases", ["org_id", "repo_id"])
    op.create_table(
        "sync_configurations",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("configuration_id", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sources", sa.JSON, nullable=False),
        sa.Column("targets", sa.JSON, nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("is_paused", sa.Boolean, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("updated_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("org_id", "configuration_id", name="pk_sync_configurations"),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.org_id"], name="fk_sync_configurations_organizations"),
        sa.UniqueConstraint("org_id", "provider", "name", name="uq_sync_configurations_org_id_provider_name"),
    )
    op.create_table(
        "sync_watermarks",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("repo_id", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("cursor", sa.Text),
        sa.Column("updated_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("org_id", "repo_id", "target", name="pk_sync_watermarks"),
        _repository("sync_watermarks"),
    )
    op.create_table(
        "metric_dirty_ranges",
        sa.Column("range_id", BIG, nullable=False, autoincrement=True),
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("repo_id", sa.Text, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("before", sa.Date, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("range_id", name="pk_metric_dirty_ranges"),
        _repository("metric_dirty_ranges"),
        sa.CheckConstraint("since < before", name="ck_metric_dirty_ranges_since_before"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_metric_dirty_ranges_org_id_repo_id", "metric_dirty_ranges", ["org_id", "repo_id"])


def downgrade() -> None:
    op.drop_table("metric_dirty_ranges")
    op.drop_table("sync_watermarks")
    op.drop_table("sync_configurations")
    op.drop_table("repository_aliases")
    op.drop_table("repositories")
    op.drop_table("organizations")


def _repository(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["org_id", "repo_id"], ["repositories.org_id", "repositories.repo_id"], name=f"fk_{table}_repositories"
    )
