"""All of them, one after the other; fails when one does."""

import subprocess
import sys

PARTS = ("git", "clickhouse", "airflow_lines")

if __name__ == "__main__":
    commands = [[sys.executable, "-m", f"tests.versions.{part}"] for part in PARTS]
    statuses = [subprocess.run(command, check=False).returncode for command in commands]
    sys.exit(any(statuses))
