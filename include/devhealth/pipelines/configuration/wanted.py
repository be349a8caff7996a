"""From one organisation of a document to the state it asks for; what makes no sense is noted with its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devhealth.errors import DevhealthError, InputError
from devhealth.models.credential import checked_name
from devhealth.pipelines import providers
from devhealth.pipelines.configuration import wanted_people, wanted_syncs
from devhealth.pipelines.configuration.document import Credential, Organisation
from devhealth.pipelines.configuration.problems import Key, Problem
from devhealth.pipelines.configuration.state import Secrets, State
from devhealth.pipelines.credentials import check_values, lacking
from devhealth.semantic.identities import Identity
from devhealth.semantic.organizations import check_slug
from devhealth.semantic.teams import Team

Problems = list[Problem]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a document is read against."""

    environ: Mapping[str, str] = field(repr=False)
    """Where secrets come from."""
    folder: Path
    """Where relative paths start."""
    tiers: tuple[str, ...]
    credentials: frozenset[str] = frozenset()
    """Names of those the organisation has stored."""
    used: Mapping[str, str] = field(default_factory=dict)
    """Stored credentials that stored configurations use, each with the name of one of these."""
    identities: Mapping[str, Identity] = field(default_factory=dict)
    teams: Mapping[str, Team] = field(default_factory=dict)


def wanted(slug: str, organisation: Organisation, around: Surroundings, problems: Problems) -> State:
    """The state an organisation of a document asks for."""
    path: tuple[Key, ...] = ("organisations", slug)
    try:
        check_slug(slug)
    except DevhealthError as error:
        problems.append(Problem(path, _sentence(error)))
    if organisation.tier is not None and organisation.tier not in around.tiers:
        text = f"tier {organisation.tier!r} does not exist: expected one of {', '.join(around.tiers)}"
        problems.append(Problem((*path, "tier"), text))
    names = around.credentials if organisation.credentials is None else frozenset(organisation.credentials)
    state = State(
        tier=organisation.tier,
        credentials=_credentials(path, organisation, around, problems),
        configurations=wanted_syncs.configurations(path, organisation.configurations, names, around.folder, problems),
        identities=wanted_people.identities(path, organisation.identities, problems),
        teams=wanted_people.teams(path, organisation.teams, problems),
    )
    teams = around.teams if state.teams is None else state.teams
    people = around.identities if state.identities is None else state.identities
    if state.teams is not None or state.identities is not None:
        problems += wanted_people.check_members(path, teams, people, organisation.teams)
    return state


def _credentials(
    path: tuple[Key, ...], organisation: Organisation, around: Surroundings, problems: Problems
) -> dict[str, Secrets] | None:
    if organisation.credentials is None:
        return None
    path = (*path, "credentials")
    for name, user in around.used.items() if organisation.configurations is None else ():
        if name not in organisation.credentials:
            text = f"credential {name!r} is missing, and configuration {user!r} uses it: list it, or change that first"
            problems.append(Problem(path, text))
    return {
        name: Secrets(one.provider, dict(_fields((*path, name), name, one, around.environ, problems)))
        for name, one in organisation.credentials.items()
    }


def _fields(
    path: tuple[Key, ...], name: str, credential: Credential, environ: Mapping[str, str], problems: Problems
) -> list[tuple[str, str]]:
    try:
        checked_name(name)
        known = providers.sources(credential.provider).CREDENTIAL_FIELDS
    except DevhealthError as error:
        problems.append(Problem(path, _sentence(error)))
        return []
    if needed := lacking(credential.provider, credential.fields):
        problems.append(Problem((*path, "fields"), f"such a credential needs {needed}: add it"))
    found = []
    for field_name, secret in credential.fields.items():
        below = (*path, "fields", field_name)
        if field_name not in known:
            text = f"{credential.provider} knows no such field: expected {', '.join(known)}"
            problems.append(Problem(below, text))
        elif not environ.get(secret.env):
            text = f"the environment variable {secret.env} is not set: it holds the secret"
            problems.append(Problem((*below, "env"), text))
        elif trouble := _unfit(credential.provider, field_name, environ[secret.env]):
            problems.append(Problem((*below, "env"), f"what {secret.env} holds cannot be used: {trouble}"))
        else:
            found.append((field_name, environ[secret.env]))
    return found


def _unfit(provider: str, field_name: str, secret: str) -> str:
    """Why no protocol could carry a secret, without repeating it; empty when it is fit."""
    try:
        check_values(provider, {field_name: secret})
    except InputError as error:
        return _sentence(error)
    return ""


def _sentence(error: DevhealthError) -> str:
    return str(error).removesuffix(".")
