"""devhealth inside Airflow: operators, connections, DAG builders. The only code of devhealth that imports Airflow.

Importing this package makes `import devhealth` work, wherever the engine was delivered: installed from the wheel, or as
the folder `include/` beside or below `plugins/`. Airflow itself only puts `plugins/` on the path.
"""

import importlib.util
import sys
from pathlib import Path
from typing import Any

__version__ = "0.1.0"

OPTIONS = {
    "backfill_pool": {
        "description": "The pool of the chunks of backfills, as many tasks at once as it has slots. It must exist.",
        "default": "default_pool",
    },
    "backfill_queue": {
        "description": "The Celery queue whose workers take the chunks of backfills; empty for the default queue.",
        "default": "",
    },
    "backfill_task_seconds": {
        "description": "How many seconds of expected work one task of a backfill bundles; 0 gives each chunk its own.",
        "default": "60",
        "type": "float",
    },
    "dag_id_prefix": {
        "description": "Goes before the id of each DAG, as in eng_backfill, where another team has a DAG of that name.",
        "default": "",
    },
    "embedded_stores": {
        "description": "Whether tasks may use the embedded ClickHouse and SQLite where nothing names a store.",
        "default": "False",
        "type": "boolean",
    },
}
"""The section `[devhealth]` of Airflow's configuration, as Airflow lists the options of a provider."""
_OPTION = {"version_added": __version__, "type": "string", "example": None}


def get_provider_info() -> dict[str, Any]:
    """What Airflow lists under Providers when devhealth is installed from the wheel."""
    return {
        "package-name": "devhealth",
        "name": "devhealth",
        "description": "Engineering metrics from git, pull requests and work items.",
        "versions": [__version__],
        "config": {
            "devhealth": {
                "description": "Where the tasks of devhealth run, and with which stores.",
                "options": {name: {**_OPTION, **option} for name, option in OPTIONS.items()},
            }
        },
    }


def _find_engine() -> None:
    found = importlib.util.find_spec("devhealth")
    if found is None or found.origin is None:  # a folder that is merely called devhealth has no origin
        plugins = Path(__file__).resolve().parents[1]
        folders = [plugins.parent / "include", plugins / "include"]
        sys.path += [str(folder) for folder in folders if (folder / "devhealth").is_dir()][:1]


_find_engine()
