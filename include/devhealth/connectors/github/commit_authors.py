"""Whose the e-mails of commits are: one commit of each e-mail is looked up, a hundred of them in one request.

Noreply addresses of a host hold the login themselves. Where REST alone is served, or nobody's credential is used, the
history has no logins: that would take a request for each.
Source: docs.github.com/graphql/reference/objects#commit
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from devhealth.connectors.github.batches import combined
from devhealth.connectors.github.client import Client
from devhealth.connectors.github.host import Place
from devhealth.connectors.github.queries import query
from devhealth.errors import NotServed, TooMuchAsked
from devhealth.models import git_pages, github_pages
from devhealth.models.github_git_pages import ACCOUNTS, AUTHORS
from devhealth.models.observation import observed_at
from devhealth.staging import Page, UnitStaging

_AT_ONCE = 100
_BLOCK_BYTES = 1 << 20
_LONGEST_HEADER = 1 << 16
_HEADER = re.compile(git_pages.COMMIT_MARK + rb"([0-9a-f]{40,64})\0[0-9a-f ]*\0[^\0]*\0([^\0]*)\0(-?\d+) [^\0]*\0")
"""The first fields of a commit in `git_pages.COMMIT_FORMAT`: its id, and its author's e-mail and time."""
_NOREPLY = b"@users.noreply."

Newest = dict[bytes, tuple[int, str]]
"""By e-mail the author's time and the id of its newest commit."""


def note_emails(page: Page, newest: Newest) -> None:
    """Take the commits of a page of `git_pages` into account."""
    with page.open() as file:
        for header in _headers(file):
            sha, email, at = header[1].decode(), header[2].strip().lower(), int(header[3])
            if email and _NOREPLY not in email:
                newest[email] = max((at, sha), newest.get(email, (at, sha)))


def look_up(client: Client, place: Place, newest: Newest, staging: UnitStaging) -> Iterator[Page]:
    """The pages of `github_git_pages`; none where GraphQL is not served."""
    waiting, size, number = sorted({sha for _, sha in newest.values()}), _AT_ONCE, 0
    while waiting:
        text, own = combined(query("commit_authors"), [{"oid": sha} for sha in waiting[:size]], "object(oid: $oid)")
        fetched_at = observed_at()
        try:
            answer = client.query(text, {"owner": place.owner, "name": place.repository, **own}, is_divisible=size > 1)
        except NotServed:
            return
        except TooMuchAsked:
            if size == 1:
                raise
            size //= 2
            continue
        answer.require("repository")
        waiting = waiting[size:]
        number += 1
        content = github_pages.encode(AUTHORS, fetched_at, answer.raw, about=place.api.host)
        yield staging.write_page(f"{ACCOUNTS}{number:05d}", content)


def _headers(file: BinaryIO) -> Iterator[re.Match[bytes]]:
    kept = b""
    while block := file.read(_BLOCK_BYTES):
        kept += block
        yield from _HEADER.finditer(kept)
        kept = kept[-_LONGEST_HEADER:]
