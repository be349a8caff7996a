"""What a document may ask for: each thing that makes no sense is told with its line, and nothing is stored."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devhealth.errors import InputError, SecretError
from devhealth.settings import Settings
from tests.pipelines.configuration.conftest import FULL, KEY, put, rows
from tests.postgres import fresh_uri


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One organisation that no test here changes."""
    folder = tmp_path_factory.mktemp("wanted")
    settings = Settings(home=folder, semantic_uri=fresh_uri("sqlite", folder), secret_key=KEY)
    put(settings, FULL)
    return settings


def shop(**fields: str) -> str:
    given = {"provider": "local_git", "sources": "[/srv/a]", **fields}
    return "configurations: {s: {" + ", ".join(f"{name}: {text}" for name, text in given.items() if text) + "}}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tier: gold", "acme.tier: tier 'gold' does not exist: expected one of community, team, enterprise"),
        (shop(provider="cvs"), "s.provider: provider 'cvs' is not known. Known: github, local_git"),
        (shop(targets="[git, prs]"), "s.targets item 2: local_git has no target 'prs'. It has: blame, git"),
        (shop(targets="[]"), "s.targets: is empty: name blame or git, or leave it out for all"),
        (shop(targets="[git, git]"), "s.targets item 2: 'git' stands here twice"),
        (shop(options="{depth_day: 3}"), "s.options.depth_day: this field is not known: did you mean depth_days"),
        (shop(options="{depth_days: 0}"), "s.options.depth_days: expected a whole number of at least 1"),
        (shop(options="{any_branch: 1}"), "s.options.any_branch: expected true or false, got a whole number"),
        (shop(options="{bot_patterns: ['ok', '(']}"), "s.options.bot_patterns item 2: '(' is no regular expression"),
        (shop(sources=""), "s: names no source: add `sources` or `discover`"),
        (shop(sources="[/srv/a, /srv/a/]"), "s.sources item 2: '/srv/a/' stands here twice"),
        (shop(sources="['https:/x', 'https://']"), "s.sources item 2: cannot read the clone URL given"),
        (shop(discover="['/srv/*/../x']"), "s.discover item 1: the glob '/srv/*/../x' goes up with `..`"),
        (shop(schedule="often"), "s.schedule: 'often' is no schedule"),
        (shop(schedule="'61 * * * *'"), "s.schedule: the minute of '61 * * * *' is '61': expected 0 to 59"),
        (shop(credential="stored"), "s.credential: a credential is not written as a reference"),
        (shop(credential="vault:x"), "s.credential: a credential is not written as a reference"),
        (
            shop(credential="stored:nobody"),
            "credential 'nobody' is neither stored nor in this file: there are git-host",
        ),
        ("credentials: {}", "acme.credentials: credential 'git-host' is missing, and configuration 'shop' uses it"),
        (
            "credentials: {git-host: {provider: local_git, fields: {token: {env: NOWHERE}}}}",
            "git-host.fields.token.env: the environment variable NOWHERE is not set",
        ),
        (
            "credentials: {git-host: {provider: local_git, fields: {token: {env: TOKEN}, tokem: {env: TOKEN}}}}",
            "git-host.fields.tokem: local_git knows no such field: expected ",
        ),
        (
            "credentials: {git-host: {provider: local_git, fields: {}}}",
            "git-host.fields: such a credential needs 'token': add it",
        ),
        ("credentials: {git-host: {provider: x, fields: {}}}", "credentials.git-host: provider 'x' is not known"),
        (
            "identities: {ada: {aliases: [a]}, bob: {aliases: [A]}}",
            "bob.aliases item 1: 'A' is an alias of 'ada' and an",
        ),
        (
            "identities: {ada: {aliases: [bob]}, bob: {}}",
            "ada.aliases item 1: 'bob' is an identity of its own and an al",
        ),
        (
            "identities: {ada: {}, ' ADA ': {}}",
            "acme.identities. ADA : 'ada' and ' ADA ' are one identity: list it once",
        ),
        ("identities: {ada: {aliases: [' ']}}", "ada.aliases item 1: names nobody"),
        ("teams: {unassigned: {}}", "acme.teams.unassigned: a team cannot be called 'unassigned'"),
        ("teams: {a: {}, 'a ': {}}", "teams.a: team 'a' is listed twice"),
        (
            "teams: {a: {members: [{identity: x, from: 2026-01-02, to: 2026-01-02}]}}",
            "a.members item 1: ends on 2026-01-02 and begins on 2026-01-02: `from` is the first day",
        ),
        ("teams: {a: {projects: [{key: x, from: 1969-12-31}]}}", "a.projects item 1: begins on 1969-12-31: no day is"),
        ("teams: {a: {repositories: [x, x]}}", "a.repositories item 2: 'x' is listed twice from the same day on"),
        ("teams: {a: {members: [x]}, b: {members: [y, x]}}", "b.members item 2: 'x' is in 'a' and in 'b' at once: end"),
        (
            "teams: {a: {members: [adal]}, b: {members: [{identity: ADA@example.org, from: 2026-01-01}]}}",
            "b.members item 1: 'ada@example.org' is in 'a' and in 'b' at once from 2026-01-01 on",
        ),
    ],
)
def test_what_makes_no_sense_is_told_with_its_line_and_nothing_is_stored(filled, text, message):
    before = rows(filled)
    with pytest.raises(InputError) as error:
        put(filled, f"organisations:\n  other: {{}}\n  acme: {{{text}}}")
    assert str(error.value).startswith("org.yaml:3: ")
    assert message in str(error.value)
    assert rows(filled) == before


@pytest.mark.parametrize("slug", ["Acme", "a b", "-a", "''"])
def test_a_slug_that_is_none_is_told_with_its_line(filled, slug):
    with pytest.raises(InputError, match=r"org\.yaml:2: .*no valid slug"):
        put(filled, f"organisations:\n  {slug}: {{}}")


def test_identities_that_put_a_person_into_two_stored_teams_are_refused(settings):
    put(settings, "organisations: {acme: {teams: {a: {members: [x]}, b: {members: [y]}}}}")
    with pytest.raises(InputError, match=r"org\.yaml:1: acme\.identities: 'x' is in 'a' and in 'b' at once"):
        put(settings, "organisations: {acme: {identities: {x: {aliases: [y]}}}}")


def test_people_may_change_team_from_one_day_to_the_next(settings):
    put(
        settings,
        "organisations: {acme: {teams: {a: {members: [{identity: x, to: 2026-01-01}, {identity: x, from: 2026-06-01}]},"
        " b: {members: [{identity: x, from: 2026-01-01, to: 2026-06-01}]}}}}",
    )


def test_a_url_with_a_secret_is_refused_and_the_secret_is_not_repeated(filled):
    with pytest.raises(InputError, match=r"the URL of git\.example\.com/a holds credentials") as error:
        put(filled, f"organisations: {{acme: {{{shop(sources='[https://me:planted@git.example.com/a.git]')}}}}}")
    assert "planted" not in str(error.value)


def test_a_secret_no_protocol_could_carry_is_refused_and_not_repeated(filled):
    with pytest.raises(
        InputError, match=r"token\.env: what TOKEN holds cannot be used: the field 'token' is empty, or"
    ) as error:
        put(filled, FULL, environ={"TOKEN": "planted\nplanted"})
    assert "planted" not in str(error.value)


@pytest.mark.parametrize("key", ["", "no key"])
@pytest.mark.parametrize("is_dry", [True, False])
def test_a_secret_that_could_not_be_kept_is_refused_before_anything_is_shown(settings, key, is_dry):
    keyless = Settings(home=settings.home, semantic_uri=settings.semantic_uri, secret_key=key)
    shown = []
    with pytest.raises(SecretError, match="DEVHEALTH_SECRET_KEY"):
        put(keyless, FULL, on_plan=shown.append, is_dry=is_dry)
    assert shown == []
    assert not rows(settings)["organizations"]


def test_stored_secrets_are_not_needed_for_a_document_that_does_not_speak_of_them(settings):
    put(settings, FULL)
    keyless = Settings(home=settings.home, semantic_uri=settings.semantic_uri)
    assert put(keyless, "organisations: {acme: {tier: enterprise, teams: {}}}").changes


def test_relative_sources_and_globs_start_where_the_file_is(settings, tmp_path):
    put(settings, "organisations: {acme: {" + shop(sources="[., sub/../shop]", discover="['all/*']") + "}}", tmp_path)
    (kept,) = rows(settings)["sync_configurations"]
    assert all(repr(str(path)) in kept for path in (tmp_path, tmp_path / "shop", tmp_path / "all" / "*"))


def test_globs_that_match_nothing_are_warnings_with_their_lines(settings, tmp_path):
    (tmp_path / "one" / ".git").mkdir(parents=True)
    text = (
        "organisations:\n  acme:\n    configurations:\n      s:\n        provider: local_git\n        discover:\n"
        f"        - {tmp_path}/*\n        - {tmp_path}/two/*\n"
    )
    (warning,) = put(settings, text).warnings
    assert warning.startswith("org.yaml:8: acme.configurations.s.discover item 2: the glob")
    assert "finds no repository on this machine now" in warning
    assert Path(tmp_path).is_dir()
