"""What pages are printed with."""

import pytest

from devhealth.cli import layout


@pytest.mark.parametrize("name", ["app/[id]/page.tsx", "a[/b]", "[bold]shop", "[legacy] shop", ":bug:", "[link=x]y"])
def test_names_are_shown_as_they_are(name, capsys):
    table = layout.bare_table(("path", "left"))
    table.add_row(name)
    layout.show(table)
    assert name in capsys.readouterr().out
