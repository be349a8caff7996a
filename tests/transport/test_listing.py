"""Lists that lead from page to page without end."""

import itertools

import pytest

from devhealth.errors import SourceError
from devhealth.transport.listing import Listing, Share, keys_of


def turns(pages, most=30_000):
    """How many pages are read before the list is given up; None for one that is read to its end."""
    listing = Listing("acme/shop, issues")
    count = 0
    try:
        for following, keys, total in itertools.islice(pages, most):
            count += 1
            listing.turn(following, keys, total)
    except SourceError:
        return count
    return None


def test_a_page_that_leads_to_itself_is_the_last_one_read():
    assert turns(("?page=2", [number], None) for number in itertools.count()) == 2


def test_ever_new_pages_with_nothing_new_end():
    assert turns((f"?page={number}", [1, 2], None) for number in itertools.count()) == 11
    assert turns((f"?page={number}", [], None) for number in itertools.count()) == 10


def test_ever_new_rows_end_at_what_the_provider_counts():
    rows = ((f"?page={number}", range(number * 100, number * 100 + 100), 500) for number in itertools.count())
    assert turns(rows) == 21
    rows = ((f"?page={number}", [number], None) for number in itertools.count())
    assert turns(rows) == 20_000


def test_the_error_says_what_has_no_end_and_why():
    listing = Listing("acme/shop, issues")
    listing.turn("?page=2", [1])
    with pytest.raises(SourceError, match=r"acme/shop, issues: the list has no end: page 2 leads back"):
        listing.turn("?page=2", [2])


def test_a_list_that_grows_and_shifts_while_it_is_read_is_read_to_its_end():
    shifted = [(f"?page={n}" if n < 40 else "", range(n * 50, n * 50 + 100), 1_500) for n in range(41)]
    assert turns(shifted) is None


def test_the_parts_of_a_list_hold_no_more_than_all_of_it():
    share = Share(4_000)
    share.take(4_000, "runs")
    with pytest.raises(SourceError, match="runs: the parts of a list say that they hold more than the whole"):
        share.take(4_000, "runs")


def test_rows_are_told_apart_by_their_ids():
    assert keys_of([{"id": 1, "title": "a"}, {"id": 1, "title": "b"}, None]) == [1, 1]
    assert keys_of([{"commit": {"oid": "abc"}}]) == ["abc"]
    assert len(set(keys_of([{"title": "a"}, {"title": "b"}]))) == 2
