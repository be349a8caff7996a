"""People are compared in one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.models.people import noreply_addresses, normal_alias

PIECES = ["1", "23", "+", "-", "up", " ", "@", "users.noreply.", "github.com", "gitlab.com", "git.example.org", "İ"]
LOGINS = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True)


@pytest.mark.parametrize(
    ("recorded", "normal"),
    [
        (" Ann@Example.COM ", "ann@example.com"),
        ("49699333+Octo-Cat@users.noreply.github.com", "octo-cat@users.noreply.github.com"),
        ("123-ann@users.noreply.gitlab.com", "ann@users.noreply.gitlab.com"),
        ("octo@users.noreply.github.com", "octo@users.noreply.github.com"),
        ("123+1-up@users.noreply.github.com", "1-up@users.noreply.github.com"),
        ("1-up@users.noreply.github.com", "1-up@users.noreply.github.com"),
        ("123-1-up@users.noreply.gitlab.com", "123-1-up@users.noreply.gitlab.com"),
        ("123-ann@users.noreply.git.example.org", "ann@users.noreply.git.example.org"),
        ("12+ann@example.com", "12+ann@example.com"),
        (" Ann\tLee ", "ann\tlee"),
        ("", ""),
    ],
)
def test_one_person_has_one_address(recorded: str, normal: str) -> None:
    assert normal_alias(recorded) == normal


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join) | st.text())
def test_the_form_of_a_form_is_the_same(text: str) -> None:
    assert normal_alias(normal_alias(text)) == normal_alias(text)


@given(LOGINS, st.integers(1))
def test_what_github_makes_of_a_login_is_what_the_login_stands_for(login: str, number: int) -> None:
    host = "users.noreply.github.com"
    assert normal_alias(f"{number}+{login}@{host}") == f"{login}@{host}" in noreply_addresses(normal_alias(login))


@given(LOGINS, LOGINS, st.integers(1), st.sampled_from(["github.com", "gitlab.com", "git.example.org"]))
def test_two_accounts_never_share_a_form(one: str, other: str, number: int, site: str) -> None:
    separator = "+" if site == "github.com" else "-"
    forms = {normal_alias(f"{number}{separator}{login}@users.noreply.{site}") for login in (one, other)}
    assert len(forms) == len({one, other})
