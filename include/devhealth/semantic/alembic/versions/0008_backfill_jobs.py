"""Backfill jobs and their chunks."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "backfill_jobs",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("configuration", sa.Text, nullable=False),
        sa.Column("targets", sa.JSON, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("before", sa.Date, nullable=False),
        sa.Column("sort_order", sa.Text, nullable=False),
        sa.Column("window_days", sa.Integer, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("dag_id", sa.Text),
        sa.Column("run_id", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("requested_at", AT, nullable=False),
        sa.Column("started_at", AT),
        sa.Column("finished_at", AT),
        sa.CheckConstraint(
            "origin in ('command_line', 'dag', 'airflow_backfill')", name=op.f("ck_backfill_jobs_origin")
        ),
        sa.CheckConstraint("sort_order in ('oldest_first', 'newest_first')", name=op.f("ck_backfill_jobs_sort_order")),
        sa.CheckConstraint(
            "status in ('pending', 'running', 'completed', 'completed_with_errors', 'failed', 'cancelled')",
            name=op.f("ck_backfill_jobs_status"),
        ),
        sa.CheckConstraint("since < before", name=op.f("ck_backfill_jobs_since_before")),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.org_id"], name="fk_backfill_jobs_organizations"),
        sa.PrimaryKeyConstraint("org_id", "job_id", name="pk_backfill_jobs"),
        sa.UniqueConstraint(
            "org_id", "dag_id", "run_id", "configuration", name="uq_backfill_jobs_org_id_dag_id_run_id_configuration"
        ),
    )
    op.create_table(
        "backfill_chunks",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("repo_id", sa.Text),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("before", sa.Date, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("requests", sa.BigInteger, nullable=False),
        sa.Column("started_at", AT),
        sa.Column("finished_at", AT),
        sa.Column("error", sa.Text),
        sa.CheckConstraint(
            "status in ('pending', 'running', 'completed', 'failed')", name=op.f("ck_backfill_chunks_status")
        ),
        sa.CheckConstraint("since < before", name=op.f("ck_backfill_chunks_since_before")),
        sa.ForeignKeyConstraint(
            ["org_id", "job_id"],
            ["backfill_jobs.org_id", "backfill_jobs.job_id"],
            name="fk_backfill_chunks_backfill_jobs",
        ),
        sa.PrimaryKeyConstraint("org_id", "job_id", "number", name="pk_backfill_chunks"),
        sa.UniqueConstraint(
            "org_id", "job_id", "source", "target", "since", name="uq_backfill_chunks_org_id_job_id_source_target_since"
        ),
    )


def downgrade() -> None:
    op.drop_table("backfill_chunks")
    op.drop_table("backfill_jobs")
