"""What the command `alembic` runs in a checkout: the environment that the package carries, with its revisions.

Revisions are written from here; they stand in `include/devhealth/semantic/alembic/versions`, where every delivery of
the package has them.
"""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).parents[1] / "include/devhealth/semantic/alembic/env.py"))
