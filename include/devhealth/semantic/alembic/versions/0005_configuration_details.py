"""Discovery, schedule, credential and last outcome of a sync configuration."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
NEW_TEXTS = ("schedule", "credential_name", "credential_reference", "last_run_id", "last_outcome", "last_error")


def upgrade() -> None:
    with op.batch_alter_table("sync_configurations") as table:
        for name in NEW_TEXTS:
            table.add_column(sa.Column(name, sa.Text))
        table.add_column(sa.Column("discovery", sa.JSON))
        table.add_column(sa.Column("last_run_at", AT))
        table.create_foreign_key(
            "fk_sync_configurations_integration_credentials",
            "integration_credentials",
            ["org_id", "credential_name"],
            ["org_id", "name"],
        )
        table.create_check_constraint(
            op.f("ck_sync_configurations_one_credential"), "credential_name is null or credential_reference is null"
        )
        table.create_check_constraint(
            op.f("ck_sync_configurations_last_outcome"), "last_outcome in ('succeeded', 'partly_failed', 'failed')"
        )


def downgrade() -> None:
    with op.batch_alter_table("sync_configurations") as table:
        table.drop_constraint(op.f("ck_sync_configurations_last_outcome"), type_="check")
        table.drop_constraint(op.f("ck_sync_configurations_one_credential"), type_="check")
        table.drop_constraint("fk_sync_configurations_integration_credentials", type_="foreignkey")
        for name in (*NEW_TEXTS, "discovery", "last_run_at"):
            table.drop_column(name)
