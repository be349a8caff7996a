"""The generated pages."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("tables.md", "metrics.md", "dags.md")
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def test_no_generated_page_is_stale():
    check = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": "include:plugins", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stderr


@pytest.mark.parametrize("page", sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md")))
def test_every_link_of_a_page_leads_somewhere(page):
    for target in LINK.findall((ROOT / page).read_text()):
        assert ((ROOT / page).parent / target).exists(), target


def test_the_readme_is_short_and_its_links_lead_somewhere():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) < 120
    for target in LINK.findall(text):
        assert (ROOT / target).exists(), target


def test_every_table_and_every_dag_has_its_section():
    from devhealth.models.table import all_tables

    tables, dags = ((ROOT / "docs" / name).read_text() for name in ("tables.md", "dags.md"))
    assert all(f"## {table.name}\n" in tables for table in all_tables())
    assert all(f"## {path.stem}\n" in dags for path in (ROOT / "dags").glob("*.py"))
