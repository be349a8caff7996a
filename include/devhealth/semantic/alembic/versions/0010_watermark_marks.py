"""What a provider's survey said of a target when the run was planned that stored it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sync_watermarks", sa.Column("mark", sa.Text))


def downgrade() -> None:
    with op.batch_alter_table("sync_watermarks") as table:
        table.drop_column("mark")
