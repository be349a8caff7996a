"""Teams, and what counts for them when."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "teams",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("team_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.org_id"], name="fk_teams_organizations"),
        sa.PrimaryKeyConstraint("org_id", "team_id", name="pk_teams"),
    )
    op.create_table(
        "team_mappings",
        sa.Column("org_id", sa.Text, nullable=False),
        sa.Column("team_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("pattern", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.Column("created_at", AT, nullable=False),
        sa.CheckConstraint("kind in ('member', 'repository', 'project')", name=op.f("ck_team_mappings_kind")),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_team_mappings_valid_from_valid_to")),
        sa.ForeignKeyConstraint(
            ["org_id", "team_id"], ["teams.org_id", "teams.team_id"], name="fk_team_mappings_teams"
        ),
        sa.PrimaryKeyConstraint("org_id", "team_id", "kind", "pattern", "valid_from", name="pk_team_mappings"),
    )


def downgrade() -> None:
    op.drop_table("team_mappings")
    op.drop_table("teams")
