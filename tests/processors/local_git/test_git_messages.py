"""People, dates and messages of commits in the forms real histories hold."""

from datetime import UTC, datetime

import pytest

from devhealth.processors.bots import is_bot
from devhealth.processors.local_git.identities import Identities
from devhealth.processors.local_git.times import instant, offset_seconds, raw_date
from devhealth.processors.local_git.trailers import co_authors, is_revert, reverted
from tests.git_sync import unit_for

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("name", "email", "expected"),
    [
        ("dependabot[bot]", "x@y", True),
        ("Ann", "12+renovate[bot]@users.noreply.github.com", True),
        ("GitHub Action", "action@github.com", True),
        ("Robotham", "bot@example.com", False),
        ("Abbot", "abbot@example.com", False),
    ],
)
def test_bots_are_known_by_suffix_or_account(name: str, email: str, *, expected: bool) -> None:
    assert is_bot(name, email) is expected


def test_configured_patterns_make_bots_and_nobody_has_an_empty_address(tmp_path) -> None:
    unit = unit_for(tmp_path, tmp_path, options={"bot_patterns": ["^ci-", "@ci\\.example"]})
    identities = Identities(unit, datetime.now(UTC), b"")
    people = [("ci-runner", "x@y"), ("Ann", "ann@ci.example"), (" Nameless Ann ", " ")]
    found = {row.name: (row.identity_email, row.is_bot) for row in identities.of(people)}
    assert found["ci-runner"] == ("x@y", True)
    assert found["Ann"] == ("ann@ci.example", True)
    assert found[" Nameless Ann "] == ("nameless ann", False)
    assert not list(identities.of(people))


def test_co_authors_are_named_once_and_never_the_author() -> None:
    lines = ("Bob <bob@x>", "Bob B. <BOB@x>", "Ann <ann@x>", "No address")
    body = "Text\n\n" + "".join(f"Co-authored-by: {line}\nCO-AUTHORED-BY:{line}\n" for line in lines)
    assert co_authors(body, "ANN@x") == [("Bob", "bob@x"), ("No address", "")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Bob", ("Bob", "")),
        ("Bob <>", ("Bob", "")),
        ("Bob \r", ("Bob", "")),
        ("bob@x.example", ("", "bob@x.example")),
        ("<bob@x.example>", ("", "bob@x.example")),
        ("Bob <bob@x.example", ("Bob", "bob@x.example")),
        ("Bob B. <bob@x.example> (pair)", ("Bob B.", "bob@x.example")),
        ("", None),
        ("<>", None),
    ],
)
def test_a_co_author_may_lack_an_address(line: str, expected: tuple[str, str] | None) -> None:
    body = f"Text\n\nCo-authored-by: {line}\nSigned-off-by: Ann <ann@x>\n"
    assert co_authors(body, "ann@x") == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("subject", "body", "sha"),
    [
        ('Revert "Add"', f"This reverts commit {SHA}.\n", SHA),
        ('Revert "Merge x"', f"This reverts commit {SHA}, reversing\nchanges made to {'f' * 40}.\n", SHA),
        ('Reapply "Add"', f"This reverts commit {SHA}.\n", SHA),
        ("Undo", "This reverts commit abc1234 (Add, 2024-01-01).\n", "abc1234"),
        ('Revert "Add"', "", None),
    ],
)
def test_reverts_say_what_they_revert(subject: str, body: str, sha: str | None) -> None:
    assert reverted(body) == sha
    assert is_revert(subject, sha)


def test_talk_about_reverts_is_no_revert() -> None:
    body = "We saw that this reverts commit messages to lower case."
    assert reverted(body) is None
    assert not is_revert("Revert the order of arguments", None)


@pytest.mark.parametrize(
    ("zone", "seconds"),
    [("+0530", 19_800), ("-0930", -34_200), ("-0000", 0), ("+51800", 19_080), ("+9999", 0), ("-1200", -43_200)],
)
def test_odd_zones_survive(zone: str, seconds: int) -> None:
    assert offset_seconds(zone) == seconds


def test_times_stay_within_what_tables_hold() -> None:
    assert instant(-5) == datetime(1970, 1, 1, tzinfo=UTC)
    assert instant(2**40) == datetime(2106, 2, 7, 6, 28, 15, tzinfo=UTC)
    assert instant(2**64 - 1) == datetime(1970, 1, 1, tzinfo=UTC)
    assert raw_date("") == (datetime(1970, 1, 1, tzinfo=UTC), 0)
