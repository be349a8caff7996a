"""The two ways into an Airflow that runs already: copied folders, or the wheel. Neither with a PYTHONPATH."""

import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import replace

import pytest

from devhealth.warehouse.connection import connected
from tests.airflow_home import ROOT, new_home
from tests.integration.test_airflow_sync import registered

pytestmark = pytest.mark.airflow


def assert_syncs(home, repository):
    registered(home.settings, repository, targets=["git"])
    home.test_dag("sync_local_git")
    with connected(home.settings) as client:
        assert client.execute("select count() from commits final") == [(15,)]


def test_copied_folders_are_enough(tmp_path, migrated_database, daily_repository):
    copied = tmp_path / "platform"
    for folder in ("dags", "plugins", "include"):
        shutil.copytree(ROOT / folder, copied / folder, ignore=shutil.ignore_patterns("__pycache__"))
    home = new_home(tmp_path / "airflow", migrated_database, delivery=copied)
    try:
        assert_syncs(home, daily_repository)
    finally:
        home.stop()


def test_the_wheel_and_a_dag_file_of_one_line_are_enough(tmp_path, migrated_database, daily_repository):
    delivery = tmp_path / "platform"
    (delivery / "plugins").mkdir(parents=True)
    (delivery / "dags").mkdir()
    (delivery / "dags" / "devhealth_dags.py").write_text("from devhealth_airflow.shipped_dags import *\n")
    home = replace(new_home(tmp_path / "airflow", migrated_database, delivery=delivery), python=installed(tmp_path))
    try:
        assert_syncs(home, daily_repository)
        assert "devhealth" in home.run("plugins")
        assert "devhealth" in home.run("providers", "list")
    finally:
        home.stop()


def installed(folder):
    """A Python that has the wheel, on top of what the tests' own environment has."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist"]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    packages = environment / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (packages / "below.pth").write_text(sysconfig.get_path("purelib"))
    shutil.unpack_archive(wheel, packages, "zip")
    return str(environment / "bin" / "python")
