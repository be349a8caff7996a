"""The twenty lines of architecture in pyproject.toml hold."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_every_import_contract_is_kept():
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [linter, "--no-cache"],
        cwd=ROOT,
        env={"PYTHONPATH": "include:plugins"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


def _imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("stage", ["connectors", "processors"])
def test_one_provider_never_imports_another(stage):
    folder = ROOT / "include/devhealth" / stage
    providers = {path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("_")}
    for path in folder.rglob("*.py"):
        own = path.relative_to(folder).parts[0]
        for name in _imported(path):
            parts = name.split(".")
            if parts[:1] == ["devhealth"] and parts[1:2] in (["connectors"], ["processors"]) and len(parts) > 2:
                assert parts[2] == own or parts[2] not in providers, f"{path} imports {name}"


def test_dag_files_import_nothing_of_the_engine():
    for path in (ROOT / "dags").glob("*.py"):
        assert not [name for name in _imported(path) if name.split(".")[0] == "devhealth"], path
