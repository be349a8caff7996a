"""devhealth inside Airflow: operators, connections, DAG builders. The only code of devhealth that imports Airflow.

Importing this package makes `import devhealth` work, wherever the engine was delivered: installed from the wheel, or as
the folder `include/` beside or below `plugins/`. Airflow itself only puts `plugins/` on the path.
"""

import importlib.util
import sys
from pathlib import Path
from typing import Any

__version__ = "0.1.0"


def get_provider_info() -> dict[str, Any]:
    """What Airflow lists under Providers when devhealth is installed from the wheel."""
    return {
        "package-name": "devhealth",
        "name": "devhealth",
        "description": "Engineering metrics from git, pull requests and work items.",
        "versions": [__version__],
    }


def _find_engine() -> None:
    found = importlib.util.find_spec("devhealth")
    if found is None or found.origin is None:  # a folder that is merely called devhealth has no origin
        plugins = Path(__file__).resolve().parents[1]
        folders = [plugins.parent / "include", plugins / "include"]
        sys.path += [str(folder) for folder in folders if (folder / "devhealth").is_dir()][:1]


_find_engine()
