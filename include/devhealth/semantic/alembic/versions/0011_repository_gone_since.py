"""Since when a repository is not at its provider any more."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("repositories", sa.Column("gone_since", sa.DateTime(timezone=True)))


def downgrade() -> None:
    with op.batch_alter_table("repositories") as table:
        table.drop_column("gone_since")
