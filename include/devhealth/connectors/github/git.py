"""Target `git`: the clone URL of a repository, and what to read it with.

The history itself is read by the provider named here, through git into its mirror: exact line counts, and no request to
GitHub for each commit. GitHub only tells whose the e-mails in it are.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from devhealth.connectors.github.client import open_client
from devhealth.connectors.github.commit_authors import Newest, look_up, note_emails
from devhealth.connectors.github.host import place_of
from devhealth.models import git_pages
from devhealth.models.credential import Credential
from devhealth.models.unit import Unit
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging

READ_BY = "local_git"


def clone_of(source: str, options: Mapping[str, object], settings: Settings) -> tuple[str, Settings]:
    """Where git fetches a repository from, and the settings with what it is asked with: the token of the moment."""
    place = place_of(source, settings)
    template = str(options.get("clone_url") or f"{place.api.web_url}/{{name}}.git")
    with open_client(settings, place.api, owner=place.owner) as client:
        password = client.git_password(place.owner)
    credential = None
    if password:
        known = settings.credential
        reference, org_id = (known.reference, known.org_id) if known else ("env:GITHUB_TOKEN", "")
        credential = Credential(reference, {"token": password}, org_id)
    return template.replace("{name}", place.name), replace(settings, credential=credential)


def with_more(pages: Iterable[Page], unit: Unit, settings: Settings) -> Iterator[Page]:
    """The reader's pages, and before the last of them those of `devhealth.models.github_git_pages`."""
    newest: Newest = {}
    for page in pages:
        if page.name.startswith(git_pages.COMMITS):
            note_emails(page, newest)
        elif page.name == git_pages.CURSOR and newest and unit.options.get("api") != "rest":
            place = place_of(unit.source, settings)
            with open_client(settings, place.api, owner=place.owner) as client:
                yield from look_up(client, place, newest, UnitStaging(unit.staging))
        yield page
