"""A diff of organisations, for a person."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from devhealth.models.text import plain
from devhealth.pipelines.configuration.compare import Change, FieldChange

_SIGNS = {"add": ("+", "green"), "change": ("~", "yellow"), "remove": ("-", "red")}
_KINDS = {
    "organisations": "organisation",
    "credentials": "credential",
    "configurations": "configuration",
    "identities": "identity",
    "teams": "team",
}


def diff(changes: list[Change]) -> Group:
    """Each organisation with what is added (+), changed (~) and removed (-)."""
    return Group(*_organisations(changes))


def summary(changes: list[Change]) -> str:
    """1 added, 2 changed, 0 removed."""
    counts = {"added": "add", "changed": "change", "removed": "remove"}
    return ", ".join(f"{sum(one.action == action for one in changes):,} {name}" for name, action in counts.items())


def _organisations(changes: list[Change]) -> Iterator[RenderableType]:
    for organisation, of_it in groupby(changes, lambda one: one.organisation):
        yield Text(plain(organisation), "bold")
        for change in of_it:
            sign, colour = _SIGNS[change.action]
            yield Text.assemble("  ", (f"{sign} {_KINDS[change.section]} {plain(change.name)}", colour))
            yield _fields(change)


def _fields(change: Change) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=4)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for field in change.fields:
        table.add_row("", field.field, _values(change, field))
    return table


def _values(change: Change, field: FieldChange) -> RenderableType:
    if isinstance(field.old, list) or isinstance(field.new, list):
        return _listed(change, field.old or [], field.new or [])
    if change.action == "add" or (field.old is None and str(field.new).startswith("(secret")):
        return Text(_said(field.new))
    return Text.assemble((_said(field.old), "red"), " -> ", (_said(field.new), "green"))


def _listed(change: Change, old: list[str], new: list[str]) -> RenderableType:
    """One a line; of a changed list only what differs, or the new order."""
    gone, come = [one for one in old if one not in new], [one for one in new if one not in old]
    if change.action == "add":
        return Text("\n".join(map(_said, new)))
    if not gone and not come:
        return Text(f"in this order: {', '.join(map(_said, new))}")
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for sign, colour, texts in (("-", "red", gone), ("+", "green", come)):
        for one in texts:
            table.add_row(sign, _said(one), style=colour)
    return table


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    return str(value).lower() if isinstance(value, bool) else plain(str(value))
