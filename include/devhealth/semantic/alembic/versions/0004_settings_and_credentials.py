"""Settings and credentials of an organisation."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "settings",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("is_encrypted", sa.Boolean, nullable=False),
        sa.Column("updated_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.org_id"], name="fk_settings_organizations"),
        sa.PrimaryKeyConstraint("org_id", "name", name="pk_settings"),
    )
    op.create_table(
        "integration_credentials",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("ciphertext", sa.Text, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("updated_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.org_id"], name="fk_integration_credentials_organizations"),
        sa.PrimaryKeyConstraint("org_id", "name", name="pk_integration_credentials"),
    )


def downgrade() -> None:
    op.drop_table("integration_credentials")
    op.drop_table("settings")
