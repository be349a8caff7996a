"""Whom e-mails, logins and names stand for."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "identity_mappings",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("alias", sa.Text, nullable=False),
        sa.Column("identity_id", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text),
        sa.Column("is_bot", sa.Boolean),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("updated_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.org_id"], name="fk_identity_mappings_organizations"),
        sa.PrimaryKeyConstraint("org_id", "alias", name="pk_identity_mappings"),
    )
    op.create_index(
        "ix_identity_mappings_org_id_identity_id",
        "identity_mappings",
        ["org_id", "identity_id"],
    )


def downgrade() -> None:
    op.drop_table("identity_mappings")
