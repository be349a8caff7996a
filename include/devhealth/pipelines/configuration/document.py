"""The document of `devhealth config apply`: what may stand in it. A section that is None is left as it is."""

from datetime import date
from typing import Annotated, Any

from msgspec import Meta, Struct, field

Text = Annotated[str, Meta(min_length=1)]


class FromEnvironment(Struct, frozen=True, forbid_unknown_fields=True):
    """A secret: only the name of the variable that holds it stands in the file."""

    env: Text


class Credential(Struct, frozen=True, forbid_unknown_fields=True):
    """What sources of a provider are read with."""

    provider: Text
    fields: dict[str, FromEnvironment]


class Configuration(Struct, frozen=True, forbid_unknown_fields=True):
    """Sources of one provider that are synced together."""

    provider: Text
    sources: list[Text] = []
    discover: list[Text] = []
    targets: list[Text] | None = None
    """None for every target of the provider."""
    options: dict[str, Any] = {}
    """As the provider's `Options` say."""
    credential: str | None = None
    schedule: str | None = None
    paused: bool | None = None
    """None leaves it as it is; a new configuration is not paused."""


class Identity(Struct, frozen=True, forbid_unknown_fields=True):
    """One person or program, under every e-mail, login and name it ever had."""

    name: str | None = None
    aliases: list[Text] = []
    bot: bool | None = None
    """None as detected."""


class Member(Struct, frozen=True, forbid_unknown_fields=True):
    """A person of a team for a while; `to` is the day after the last one."""

    identity: Text
    valid_from: date | None = field(default=None, name="from")
    valid_to: date | None = field(default=None, name="to")


class Repositories(Struct, frozen=True, forbid_unknown_fields=True):
    """Repositories of a team for a while."""

    glob: Text
    valid_from: date | None = field(default=None, name="from")
    valid_to: date | None = field(default=None, name="to")


class Project(Struct, frozen=True, forbid_unknown_fields=True):
    """A project key of a team for a while."""

    key: Text
    valid_from: date | None = field(default=None, name="from")
    valid_to: date | None = field(default=None, name="to")


class Team(Struct, frozen=True, forbid_unknown_fields=True):
    """Repositories, projects and people that count for a team."""

    name: str | None = None
    repositories: list[Text | Repositories] = []
    projects: list[Text | Project] = []
    members: list[Text | Member] = []


class Organisation(Struct, frozen=True, forbid_unknown_fields=True):
    """One tenant."""

    tier: Text | None = None
    credentials: dict[str, Credential] | None = None
    configurations: dict[str, Configuration] | None = None
    identities: dict[str, Identity] | None = None
    teams: dict[str, Team] | None = None


class Document(Struct, frozen=True, forbid_unknown_fields=True):
    """Organisations by slug."""

    organisations: dict[str, Organisation]


SECTIONS: dict[str, type[Struct]] = {
    "credentials": Credential,
    "configurations": Configuration,
    "identities": Identity,
    "teams": Team,
}
"""What each section of an organisation is a mapping of, in the order it is applied."""


def sections_of(organisation: Organisation) -> frozenset[str]:
    """The sections that must be looked at to know what a document changes; people and teams depend on each other."""
    spoken_of = {section for section in SECTIONS if getattr(organisation, section) is not None}
    people = {"identities", "teams"}
    return frozenset(spoken_of | (people if spoken_of & people else set()))
