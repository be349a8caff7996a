"""The command `devhealth`: the same pipeline code as the DAGs, without Airflow.

Every module here imports only click at its top; the engine is imported inside the commands, so that `devhealth --help`
answers at once.
"""

from devhealth.cli.root import main

__all__ = ["main"]
