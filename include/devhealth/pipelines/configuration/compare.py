"""What a document would change, as data. Secrets are never part of it."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

from devhealth.pipelines.configuration.document import SECTIONS
from devhealth.pipelines.configuration.state import Secret, State, facts
from devhealth.semantic.tiers import FIRST_TIER

NEW, CHANGED, REMOVED = "(secret, new)", "(secret, changed)", "(secret, removed)"

Action = Literal["add", "change", "remove"]


class FieldChange(Struct, frozen=True):
    """One field before and after; None for nothing. Text, number, flag or list of texts."""

    field: str
    old: Any
    new: Any


class Change(Struct, frozen=True):
    """One item that is added, changed or removed."""

    organisation: str
    section: str
    """organisations, credentials, configurations, identities or teams."""
    name: str
    action: Action
    fields: list[FieldChange]
    """All that an added item says; what differs in a changed one; nothing for a removed one."""


def compare(organisation: str, stored: State, wanted: State) -> list[Change]:
    """What leads from one state to the other, in the order of the sections and by name."""
    changes = list(_of_tier(organisation, stored, wanted))
    for section in SECTIONS:
        items: Mapping[str, Any] | None = getattr(wanted, section)
        if items is not None:
            changes += _of_section(organisation, section, getattr(stored, section) or {}, items)
    return changes


def _of_tier(organisation: str, stored: State, wanted: State) -> Iterator[Change]:
    if stored.tier is None:
        tier = FieldChange("tier", None, wanted.tier or FIRST_TIER)
        yield Change(organisation, "organisations", organisation, "add", [tier])
    elif wanted.tier not in (None, stored.tier):
        tier = FieldChange("tier", stored.tier, wanted.tier)
        yield Change(organisation, "organisations", organisation, "change", [tier])


def _of_section(
    organisation: str, section: str, stored: Mapping[str, Any], wanted: Mapping[str, Any]
) -> Iterator[Change]:
    for name in sorted(stored.keys() | wanted.keys()):
        if name not in wanted:
            yield Change(organisation, section, name, "remove", [])
            continue
        before = facts(stored[name]) if name in stored else {}
        fields = list(_fields(before, facts(wanted[name])))
        if name not in stored:
            said = [one for one in fields if one.field != "paused" or one.new]
            yield Change(organisation, section, name, "add", said)
        elif fields:
            yield Change(organisation, section, name, "change", fields)


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldChange]:
    for field in dict.fromkeys([*before, *after]):
        old, new = before.get(field), after.get(field)
        if old == new:
            continue
        if isinstance(old, Secret) or isinstance(new, Secret):
            yield FieldChange(field, None, NEW if old is None else CHANGED if new is not None else REMOVED)
        else:
            yield FieldChange(field, old, new)
