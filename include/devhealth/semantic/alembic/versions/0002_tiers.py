"""Tiers, and the tier of an organisation."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "tiers",
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("backfill_days", sa.Integer),
        sa.CheckConstraint("backfill_days > 0", name=op.f("ck_tiers_backfill_days")),
        sa.PrimaryKeyConstraint("tier", name="pk_tiers"),
    )
    tiers = sa.table("tiers", sa.column("tier", sa.Text), sa.column("backfill_days", sa.Integer))
    op.bulk_insert(
        tiers,
        [
            {"tier": "community", "backfill_days": 30},
            {"tier": "team", "backfill_days": 90},
            {"tier": "enterprise", "backfill_days": None},
        ],
    )
    with op.batch_alter_table("organizations") as table:
        table.add_column(sa.Column("tier", sa.Text, nullable=False, server_default="community"))
        table.create_foreign_key("fk_organizations_tiers", "tiers", ["tier"], ["tier"])


def downgrade() -> None:
    with op.batch_alter_table("organizations") as table:
        table.drop_constraint("fk_organizations_tiers", type_="foreignkey")
        table.drop_column("tier")
    op.drop_table("tiers")
