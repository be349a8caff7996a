"""The versions records were given, and that of the run a cursor is of."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "record_versions",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("repo_id", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("newest", AT, nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.org_id"], name="fk_record_versions_organizations"),
        sa.PrimaryKeyConstraint("org_id", "repo_id", "target", name="pk_record_versions"),
    )
    op.add_column("sync_watermarks", sa.Column("version", AT))


def downgrade() -> None:
    with op.batch_alter_table("sync_watermarks") as table:
        table.drop_column("version")
    op.drop_table("record_versions")
