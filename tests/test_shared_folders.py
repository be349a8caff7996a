"""Two users of one machine: nothing of ours has a fixed name in the temporary folder that they share."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_a_postgresql_starts_where_the_lock_file_in_the_temporary_folder_is_another_users(tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir(mode=0o1777)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o011)
    (temporary / ".lockfile").mkdir()  # as unusable, for root too, as a file that belongs to somebody else
    code = "from tests.postgres import fresh_uri; print(fresh_uri('postgresql', None))"
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("postgresql"), done.stderr


def test_no_code_names_a_file_in_the_temporary_folder():
    named = re.compile(r"[\"']/tmp/|gettempdir\(|[\"']/var/tmp/|/dev/shm")
    files = [
        path
        for part in ("include", "plugins", "dags", "requirements", "tests")
        for path in ROOT.glob(f"{part}/**/*.py")
    ]
    assert [str(path) for path in files if path != Path(__file__) and named.search(path.read_text())] == []
