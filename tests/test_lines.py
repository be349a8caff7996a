"""What may be tested on one line of Airflow alone."""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES = ("airflow-3", "airflow-2")


def on_one_line():
    chosen = re.findall(r"^once\+?=.*$", (ROOT / "tests/both_lines.sh").read_text(), re.MULTILINE)
    script = "; ".join([*chosen, 'echo "${once[@]}"'])
    return subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout.split()


def pins(line):
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / f"requirements/{line}.lock").read_text(), re.MULTILINE))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", on_one_line())
def test_what_is_tested_on_one_line_is_there(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", [Path(path).name for path in on_one_line() if not path.endswith(".py")])
def test_what_is_tested_on_one_line_imports_nothing_that_differs_between_the_lines(name):
    first, second = map(pins, LINES)
    distributions = packages_distributions()
    for path in (ROOT / "include" / "devhealth" / name).rglob("*.py"):
        assert "devhealth.relational" not in path.read_text(), path
        for module in set(imported(path)) - sys.stdlib_module_names - {"devhealth"}:
            (package,) = {each.lower().replace("_", "-") for each in distributions[module]}
            assert first[package] == second[package], f"{path} imports {module}: test {name} on both lines"
