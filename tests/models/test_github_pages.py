"""The envelope of an answer."""

from datetime import UTC, datetime

import msgspec
import pytest

from devhealth.errors import StagingError
from devhealth.models import github_pages

_AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def test_an_answer_comes_back_byte_for_byte():
    answer = '{ "data":{"title" :"ünï \\u2014 \\"q\\"", "n": 1.50}}'.encode()
    page = github_pages.decode(github_pages.encode("graphql:x", _AT, answer, about="12", next="abc"))
    assert bytes(page.answer) == answer
    assert (page.kind, page.fetched_at, page.about, page.next) == ("graphql:x", _AT, "12", "abc")


def test_a_page_is_plain_json_without_what_it_does_not_need():
    assert msgspec.json.decode(github_pages.encode("rest:x", _AT, b"[]")) == {
        "kind": "rest:x",
        "fetched_at": "2026-03-01T12:00:00.123456Z",
        "answer": [],
    }


def test_pages_sort_in_reading_order():
    names = [
        github_pages.STATE,
        github_pages.name(100, "pull-requests", 1),
        github_pages.name(100, "pull-requests", 1, 1),
        github_pages.name(100, "pull-requests", 1, 12),
        github_pages.name(100, "pull-requests", 2),
        github_pages.name(100, "pull-requests", 12),
        github_pages.name(200, "closed", 1),
        github_pages.CURSOR,
    ]
    assert names == sorted(names)
    assert names[3] == "100-pull-requests-00001-more-00012"


def test_what_is_no_page_says_so():
    with pytest.raises(StagingError, match="cannot be read"):
        github_pages.decode(b'{"kind": "x"')
