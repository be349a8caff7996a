"""How each unit of each run ended."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sync_runs",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("unit_id", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("configuration", sa.Text, nullable=False),
        sa.Column("repo_id", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("since", AT),
        sa.Column("before", AT, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("requests", sa.BigInteger, nullable=False),
        sa.Column("fetch_seconds", sa.Float, nullable=False),
        sa.Column("process_seconds", sa.Float, nullable=False),
        sa.Column("store_seconds", sa.Float, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("finished_at", AT, nullable=False),
        sa.CheckConstraint("outcome in ('stored', 'damaged', 'failed')", name=op.f("ck_sync_runs_outcome")),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.org_id"], name="fk_sync_runs_organizations"),
        sa.PrimaryKeyConstraint("org_id", "run_id", "unit_id", name="pk_sync_runs"),
    )
    op.create_index(
        "ix_sync_runs_org_id_finished_at",
        "sync_runs",
        ["org_id", "finished_at"],
    )


def downgrade() -> None:
    op.drop_table("sync_runs")
