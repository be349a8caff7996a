"""All of them, one after the other; fails when one does."""

import subprocess
import sys

PARTS = ("git", "airflow_lines")

if __name__ == "__main__":
    statuses = [subprocess.run([sys.executable, "-m", f"tests.versions.{part}"], check=False).returncode for part in PARTS]
    sys.exit(any(statuses))
