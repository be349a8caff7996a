"""The pages of target `incidents` of GitHub, and which issues are incidents.

000-state                 IncidentsState
100-incidents-<m>-<n>     a hundred issues that REST lists by label or type number m of the rule
999-cursor                IncidentsCursor
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

LISTED = "rest:issues"


class Rule(msgspec.Struct, frozen=True):
    """An issue with one of the labels, or of one of the types, is an incident; case does not matter."""

    labels: list[str] = []
    types: list[str] = []

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.labels or self.types)

    def filters(self) -> Iterator[dict[str, str]]:
        """What REST is asked with, one list each; a comma would stand between two labels, so it is asked for all."""
        yield from ({"labels": label} if "," not in label else {} for label in self.labels)
        yield from ({"type": kind} for kind in self.types)

    def covers(self, row: Mapping[str, Any]) -> bool:
        """Whether the row of a REST list is an incident: an older server knows no types, and lists everything."""
        if row.get("pull_request"):
            return False
        labels = {_name(label) for label in row.get("labels") or ()}
        kind = _name(row.get("type"))
        return any(one.lower() in labels for one in self.labels) or kind in (one.lower() for one in self.types)


class IncidentsCursor(msgspec.Struct, frozen=True, kw_only=True):
    """What a run has seen."""

    rule: Rule
    seen: dict[str, str]
    """Ids of the incidents, and a digest of each."""


class IncidentsState(msgspec.Struct, frozen=True, kw_only=True):
    """What was true when the unit began."""

    fetched_at: datetime
    at: datetime
    """The same moment on the provider's clock."""
    repository: str
    """acme/shop, as it is called now."""
    rule: Rule
    known: dict[str, str] | None
    """What the last run has seen by the same rule; None: nothing, or everything is read."""


def _name(thing: object) -> str:
    """Of a label or a type, lower case."""
    return str(thing.get("name") if isinstance(thing, dict) else thing or "").lower()


def rule_of(options: Mapping[str, Any]) -> Rule:
    """The rule a configuration sets."""
    return Rule(sorted(options.get("incident_labels") or ()), sorted(options.get("incident_types") or ()))


def digest(row: Mapping[str, Any]) -> str:
    """Of what is stored of an incident; another one when that changes."""
    told = [row.get(name) for name in ("title", "state", "created_at", "closed_at", "labels", "repository_url")]
    return hashlib.blake2b(msgspec.json.encode(told), digest_size=12).hexdigest()
