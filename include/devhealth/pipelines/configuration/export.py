"""The stored organisations as a document that `apply` reads back to no change."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml

from devhealth.pipelines.configuration.document import SECTIONS
from devhealth.pipelines.configuration.state import Configured, Secrets, State, stored, written_options
from devhealth.relational import reading
from devhealth.semantic import database, organizations
from devhealth.semantic.identities import Identity
from devhealth.semantic.team_members import EVER
from devhealth.semantic.teams import Team, TeamMapping
from devhealth.settings import Settings

_HEAD = (
    "# For `devhealth config apply`. A section is the whole truth of its organisation: what is missing is removed.\n"
)
_SECRETS = (
    "# Secrets stay where they are: before you apply this, set the variables named below `env` to their values.\n"
)
_BREAK = re.compile("[\n\r\x85\u2028\u2029]")
_KEYS = {"repositories": "glob", "projects": "key", "members": "identity"}

Plain = dict[str, Any]


def export(settings: Settings, organisation: str | None = None) -> str:
    """YAML of one organisation, or of all by slug; no secret is in it, only the names of variables to be set.

    Raises UnknownName for an organisation that does not exist, SecretError when stored credentials cannot be decrypted.
    """
    engine = database.open_semantic(settings)
    try:
        database.check(engine)
        known = {one.slug: one.org_id for one in organizations.list_organizations(engine)}
        if organisation is not None:
            known = {organisation: organizations.organization_id(engine, organisation)}
        with reading(engine) as connection:
            states = {
                slug: stored(connection, org_id, settings.secret_key, list(SECTIONS)) for slug, org_id in known.items()
            }
    finally:
        engine.dispose()
    return written(states)


def written(states: Mapping[str, State]) -> str:
    """The document of these organisations."""
    variables: set[str] = set()
    organisations = {slug: _organisation(slug, state, variables) for slug, state in states.items()}
    text = yaml.dump(
        {"organisations": organisations},
        Dumper=_Dumper,
        default_flow_style=None,
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )
    return f"{_HEAD}{_SECRETS if variables else ''}{text}"


def _organisation(slug: str, state: State, variables: set[str]) -> Plain:
    sections = {
        "tier": state.tier,
        "credentials": {
            name: _credential(f"{slug}_{name}", one, variables) for name, one in (state.credentials or {}).items()
        },
        "configurations": {name: _configuration(one) for name, one in (state.configurations or {}).items()},
        "identities": {name: _identity(one) for name, one in (state.identities or {}).items()},
        "teams": {name: _team(one) for name, one in (state.teams or {}).items()},
    }
    return {name: section for name, section in sections.items() if section}


def _credential(name: str, one: Secrets, variables: set[str]) -> Plain:
    return {
        "provider": one.provider,
        "fields": {field: {"env": _variable(f"{name}_{field}", variables)} for field in one.fields},
    }


def _variable(name: str, taken: set[str]) -> str:
    """A name for an environment variable that none of the others has."""
    wanted = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
    wanted = f"_{wanted}" if wanted[:1].isdigit() else wanted
    found = next(text for number in range(1, len(taken) + 2) if (text := _numbered(wanted, number)) not in taken)
    taken.add(found)
    return found


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}_{number}"


def _configuration(one: Configured) -> Plain:
    return _said(
        provider=one.provider,
        sources=list(one.sources),
        discover=list(one.discover),
        targets=list(one.targets),
        options=written_options(one),
        credential=one.credential,
        schedule=one.schedule,
    ) | {"paused": bool(one.paused)}


def _identity(one: Identity) -> Plain:
    return _said(name=one.name, aliases=list(one.aliases)) | ({} if one.is_bot is None else {"bot": one.is_bot})


def _team(one: Team) -> Plain:
    name = one.name if one.name != one.team_id else None
    return _said(name=name, **{kind: [_mapping(item, kind) for item in getattr(one, kind)] for kind in _KEYS})


def _mapping(one: TeamMapping, kind: str) -> str | Plain:
    days: dict[str, date | None] = {"from": one.valid_from if one.valid_from != EVER else None, "to": one.valid_to}
    limits = {name: day for name, day in days.items() if day is not None}
    return {_KEYS[kind]: one.pattern, **limits} if limits else one.pattern


def _said(**fields: Any) -> Plain:
    return {name: value for name, value in fields.items() if value}


class _Dumper(yaml.SafeDumper):
    """No anchors; line breaks of any kind are escaped, since a folded one reads back as a blank."""

    def ignore_aliases(self, data: Any) -> bool:
        """Always: each organisation reads by itself."""
        del data
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if _BREAK.search(text) else None)


_Dumper.add_representer(str, _text)
