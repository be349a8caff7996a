"""The whole checkout as DAG folder or bundle, as git-sync brings it."""

import json
import os
import shutil
import subprocess

from tests.airflow_home import ROOT, new_home


def tracked():
    """The files of this checkout, with what is not committed yet."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and os.path.lexists(ROOT / name)]


def test_no_link_leads_to_a_folder():
    """Airflow takes a folder that it reaches twice for a loop, and drops all DAGs beside it."""
    assert [path for path in tracked() if path.is_symlink() and path.is_dir()] == []


def test_a_checkout_as_dag_folder_yields_the_dags_and_imports_nothing_else(tmp_path):
    bundle = tmp_path / "bundle"
    for path in tracked():
        copy = bundle / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy, follow_symlinks=False)
    home = new_home(tmp_path / "airflow", delivery=bundle).with_environment(AIRFLOW__CORE__DAGS_FOLDER=str(bundle))
    done = subprocess.run(
        [home.python, bundle / "tests/versions/dag_bag.py"],
        env=home.environment,
        cwd=home.folder,
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout.partition("FACTS")[2])
    assert found["errors"] == {}
    assert [name.strip("/") for name in found["files"]] == sorted(
        f"dags/{path.name}" for path in ROOT.glob("dags/*.py")
    )
    assert len(found["dags"]) == len(found["files"])
