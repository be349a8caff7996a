"""What a glob of repository names finds."""

import pytest

from devhealth.errors import InputError
from devhealth.semantic import repository_globs

SHOP = ("acme/shop", "github.com/acme/shop", "old.example/was/here")
NESTED = ("acme/a/b", "gitlab.com/acme/a/b")
LOCAL = ("api", "/srv/git/api")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("acme/*", [SHOP]),
        ("acme/**", [SHOP, NESTED]),
        ("acme/*/*", [NESTED]),
        ("acme/**/b", [NESTED]),
        ("a*", [LOCAL]),
        ("*", [LOCAL]),
        ("**", [SHOP, NESTED, LOCAL]),
        ("acme/sh?p", [SHOP]),
        ("acme/[r-t]hop", [SHOP]),
        ("{acme,other}/*", [SHOP]),
        ("github.com/acme/*", [SHOP]),
        ("*.com/acme/**", [SHOP, NESTED]),
        ("/srv/*", []),
        ("/srv/**", [LOCAL]),
        ("/srv/git/*", [LOCAL]),
        ("was/here", [SHOP]),
        ("Acme/*", []),
        ("acme", []),
        ("!acme/*", []),
    ],
)
def test_a_glob_matches_whole_names_part_by_part(pattern, found):
    is_match = repository_globs.matcher(pattern)
    assert [names for names in (SHOP, NESTED, LOCAL) if is_match(repository_globs.spellings(names))] == found


@pytest.mark.parametrize(
    ("pattern", "length"), [("acme/shop", 9), ("acme/*", 5), ("acme/**", 5), ("acme/sh[oa]p{s,}", 8), ("**", 0)]
)
def test_what_a_glob_leaves_open_does_not_make_it_specific(pattern, length):
    assert repository_globs.literal_length(pattern) == length


def test_a_glob_of_too_many_choices_is_refused_with_its_owner():
    with pytest.raises(InputError, match="of team 'all' is no usable glob"):
        repository_globs.check("{1..9999}/{1..9999}", "team 'all'")
