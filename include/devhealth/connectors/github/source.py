"""Who repositories are, asked for up to a hundred in one request.

Source: docs.github.com/graphql/reference/queries#repository
"""

from collections.abc import Mapping, Sequence

from devhealth.connectors.github import tokens
from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.client import Client, open_client
from devhealth.connectors.github.host import ApiHost, Place, place_of
from devhealth.connectors.github.marks import identity, lacks_projects, surveyed
from devhealth.connectors.github.queries import whole
from devhealth.errors import NotServed, RateLimited, SourceError, SourceForbidden, SourceNotFound, TooMuchAsked
from devhealth.models.credential import Credential
from devhealth.models.source import SourceIdentity, Surveyed
from devhealth.settings import Settings

CREDENTIAL_FIELDS = PLAIN_FIELDS = tokens.FIELDS
SUFFICIENT_FIELDS = (("token",), ("app_id", "private_key"))

_AT_ONCE = 100
"""Repositories in one request: about six points."""


def survey(
    locations: Sequence[str], options: Mapping[str, object], settings: Settings
) -> dict[str, Surveyed | SourceError]:
    """Who each repository is, what tells of news in it, or why it cannot be read. Raises RateLimited."""
    found: dict[str, Surveyed | SourceError] = {}
    places: dict[str, Place] = {}
    for location in locations:
        try:
            places[location] = place_of(location, settings)
        except SourceError as error:
            found[location] = error
    is_app = bool(settings.credential and settings.credential.get("app_id"))
    groups: dict[tuple[ApiHost, str], dict[str, Place]] = {}
    for location, place in places.items():  # each installation of an app sees the repositories of one owner
        groups.setdefault((place.api, place.owner if is_app else ""), {})[location] = place
    for (api, owner), group in groups.items():
        try:
            with open_client(settings, api, owner=owner, remembers=True) as client:
                found |= _look(client, group, options)
        except RateLimited:
            raise
        except SourceError as error:  # of the credential or the host, and so of each of them
            found |= dict.fromkeys(group, error)
    return {location: found[location] for location in locations}


def resolve(location: str, settings: Settings) -> SourceIdentity:
    """Who the repository at a location is; raises SourceError with the remedy."""
    found = survey([location], {}, settings)[location]
    if isinstance(found, SourceError):
        raise found
    return found.identity


def identify(location: str, settings: Settings) -> SourceIdentity:
    """As `resolve`, without asking GitHub: until somebody does, the repository is known by its name."""
    place = place_of(location, settings)
    return SourceIdentity(place.api.host, place.name, place.name, location, (place.alias,))


def credential_in(location: str) -> Credential | None:
    """None: a repository of GitHub is named without a credential."""
    del location
    return None


def _look(
    client: Client, places: Mapping[str, Place], options: Mapping[str, object]
) -> dict[str, Surveyed | SourceError]:
    found: dict[str, Surveyed | SourceError] = {}
    waiting, size = list(places.items()), _AT_ONCE
    plain = {location for location in places if options.get("api") == "rest"}  # asked for without projects
    is_rest = bool(plain)
    while waiting:
        is_plain = waiting[0][0] in plain
        some = dict([one for one in waiting if (one[0] in plain) == is_plain][:size])
        try:
            if is_rest:
                more = _by_rest(client, some)
            else:
                more = _by_graphql(client, some, options, is_plain=is_plain, is_divisible=size > 1)
        except NotServed:
            is_rest = True
        except TooMuchAsked:
            if size == 1:
                raise
            size //= 2
        except SourceForbidden:
            if is_plain:
                raise
            plain |= places.keys()
        else:
            found |= more
            plain |= some.keys() - more.keys()
            waiting = [one for one in waiting if one[0] not in found]
    return found


def _by_graphql(
    client: Client, places: Mapping[str, Place], options: Mapping[str, object], *, is_plain: bool, is_divisible: bool
) -> dict[str, Surveyed | SourceError]:
    """Without those whose projects may not be read: they are to be asked for without them."""
    answer = _asked(client, places, "...marks" if is_plain else "...marks ...project_marks", is_divisible=is_divisible)
    found: dict[str, Surveyed | SourceError] = {}
    closed: dict[str, Place] = {}
    for number, (location, place) in enumerate(places.items()):
        field = f"r{number}"
        if lacks_projects(error for error in answer.errors if error.path[:1] == (field,)):
            continue
        if answer.data.get(field) is None and answer.error_below(field):
            closed[location] = place  # the credential may not read one of the lists, which no repository goes without
        else:
            found[location] = _of_node(location, place, answer, field, options)
    if closed:
        answer = _asked(client, closed, "databaseId nameWithOwner", is_divisible=False)
        for number, (location, place) in enumerate(closed.items()):
            found[location] = _of_node(location, place, answer, f"r{number}", options)
    return found


def _asked(client: Client, places: Mapping[str, Place], what: str, *, is_divisible: bool) -> Answer:
    fields: list[str] = []
    declared: list[str] = []
    variables: dict[str, str] = {}
    for number, place in enumerate(places.values()):
        declared.append(f"$o{number}: String!, $n{number}: String!")
        fields.append(f"r{number}: repository(owner: $o{number}, name: $n{number}) {{ {what} }}")
        variables |= {f"o{number}": place.owner, f"n{number}": place.repository}
    text = whole(f"query Survey({', '.join(declared)}) {{ {' '.join(fields)} }}")
    return client.query(text, variables, is_divisible=is_divisible)


def _of_node(
    location: str, place: Place, answer: Answer, field: str, options: Mapping[str, object]
) -> Surveyed | SourceError:
    node = answer.data.get(field)
    if node is not None:
        return surveyed(location, place, node, answer.at, options)
    error = answer.error_at(field)
    if error and error.kind == "FORBIDDEN":
        return SourceForbidden(
            f"{place.name} on {place.api.host} may not be read: {error.message} Grant the credential access to it."
        )
    return SourceNotFound(
        f"{place.name} is not on {place.api.host}, or the credential may not see it. Check the name, and that the "
        "token has access to the repository."
    )


def _by_rest(client: Client, places: Mapping[str, Place]) -> dict[str, Surveyed | SourceError]:
    """Without marks: each target is asked for news by itself."""
    found: dict[str, Surveyed | SourceError] = {}
    for location, place in places.items():
        try:
            answer = client.get(f"/repos/{place.name}")
        except RateLimited:
            raise
        except SourceError as error:
            found[location] = error
        else:
            found[location] = Surveyed(identity(location, place, answer.data["id"], answer.data["full_name"]))
    return found
