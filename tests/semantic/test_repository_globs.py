"""What a glob of repository names finds."""

import pytest

from devhealth.errors import InputError
from devhealth.semantic import repository_globs

SHOP = ("shop", "github.com/acme/shop", "/srv/git/acme/shop", "old.example/was/here")
NESTED = ("b", "gitlab.com/acme/a/b")


@pytest.mark.parametrize(
    ("pattern", "finds_shop", "finds_nested"),
    [
        ("acme/*", True, False),
        ("acme/**", True, True),
        ("acme/*/*", False, True),
        ("acme/**/b", False, True),
        ("a*", False, False),
        ("*", True, True),
        ("**", True, True),
        ("sh?p", True, False),
        ("[r-t]hop", True, False),
        ("{acme,other}/*", True, False),
        ("github.com/acme/*", True, False),
        ("*.com/acme/**", True, True),
        ("/srv/git/*", False, False),
        ("/srv/git/**", True, False),
        ("was/here", True, False),
        ("Acme/*", False, False),
        ("acme", False, False),
        ("!acme/*", False, False),
    ],
)
def test_a_glob_finds_whole_names_part_by_part(pattern, finds_shop, finds_nested):
    is_match = repository_globs.matcher(pattern)
    found = [is_match(repository_globs.spellings(names)) for names in (SHOP, NESTED)]
    assert found == [finds_shop, finds_nested]


@pytest.mark.parametrize(
    ("pattern", "length"), [("acme/shop", 9), ("acme/*", 5), ("acme/**", 5), ("acme/sh[oa]p{s,}", 8), ("**", 0)]
)
def test_what_a_glob_leaves_open_does_not_make_it_specific(pattern, length):
    assert repository_globs.literal_length(pattern) == length


def test_a_glob_of_too_many_choices_is_refused_with_its_owner():
    with pytest.raises(InputError, match="of team 'all' is no usable glob"):
        repository_globs.check("{1..9999}/{1..9999}", "team 'all'")
