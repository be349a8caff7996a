"""Runs the revisions on the connection `devhealth.semantic.database` hands over.

The `alembic` command line hands over none: then it is the database the environment names.
"""

from alembic import context
from sqlalchemy.engine import Connection

from devhealth.semantic.database import open_semantic
from devhealth.semantic.tables import metadata
from devhealth.settings import Settings


def run(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite"
    )
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    run(handed_over)
else:
    with open_semantic(Settings.from_environment()).begin() as own:
        run(own)
