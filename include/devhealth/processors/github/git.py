"""Target `git`: pages of a git history, whichever host it was cloned from, and whose the e-mails in it are."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from devhealth.models import github_pages
from devhealth.models.github_git_pages import ACCOUNTS
from devhealth.models.table import Record, Snapshot
from devhealth.models.unit import Unit
from devhealth.processors.github.people import Actor, People
from devhealth.staging import Page
from devhealth.transport.decoding import decode

READ_BY = "local_git"
"""The history of a repository at a host is read through git, by the provider that reads any clone URL."""
OWN_PAGES = ACCOUNTS


class _Author(msgspec.Struct, frozen=True):
    email: str | None
    user: Actor | None


class _Commit(msgspec.Struct, frozen=True, rename="camel"):
    authored_date: datetime
    author: _Author | None


class _Repository(msgspec.Struct, frozen=True):
    repository: dict[str, _Commit | None]


class _Authors(msgspec.Struct, frozen=True):
    data: _Repository


def more_records(pages: Iterable[Page], unit: Unit) -> Iterator[list[Record | Snapshot]]:
    """The accounts and e-mails of the pages of `devhealth.models.github_git_pages`."""
    for staged in pages:
        page = github_pages.decode(staged.read())
        people = People(unit, page.about)
        for commit in decode(page.answer, _Authors, unit.name).data.repository.values():
            if commit and commit.author and commit.author.user:
                email = commit.author.email or ""
                people.committer(commit.author.user, email, commit.authored_date, page.fetched_at)
        yield [*people.accounts(), *people.emails()]
