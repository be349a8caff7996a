import contextlib
import logging

import pytest
from sqlalchemy import create_engine, delete, event, select
from sqlalchemy.engine import Engine

from devhealth.errors import StoreError, UnknownName
from devhealth.models.source import SourceIdentity
from devhealth.relational import reading, writing
from devhealth.semantic import database, organizations, repositories
from devhealth.semantic.tables import repository_aliases
from devhealth.settings import Settings
from tests.processes import at_once

NAME = "github.com/acme/shop"


def clone(engine: Engine, org_id: str, path: str = "/srv/shop", remote: str | None = NAME) -> str:
    host, provider_id = remote.split("/", 1) if remote else ("localhost", path)
    aliases = [remote, path] if remote else [path]
    return repositories.register(
        engine, org_id, provider="local_git", host=host, provider_id=provider_id, name="shop", aliases=aliases
    )


def api_copy(engine: Engine, org_id: str, provider_id: str = "42", name: str = NAME) -> str:
    return repositories.register(
        engine, org_id, provider="github", host="github.com", provider_id=provider_id, name=name, aliases=[name]
    )


def aliases_of(engine: Engine, org_id: str, repo_id: str) -> list[str]:
    """Every name and URL of a repository, sorted; without its provider ids."""
    columns = repository_aliases.c
    query = select(columns.alias).where(columns.org_id == org_id, columns.repo_id == repo_id)
    with reading(engine) as connection:
        return sorted(alias for alias in connection.execute(query).scalars() if not alias.startswith("id:"))


def test_local_and_api_copies_are_one_repository(engine: Engine, acme: str):
    """Otherwise local and API copies of one repository would get different ids."""
    repo_id = clone(engine, acme)
    assert api_copy(engine, acme) == repo_id
    assert clone(engine, acme, path="/home/me/shop") == repo_id
    assert clone(engine, acme, remote=None) == repo_id
    assert aliases_of(engine, acme, repo_id) == ["/home/me/shop", "/srv/shop", NAME]


def test_the_api_copy_may_come_first(engine: Engine, acme: str):
    repo_id = api_copy(engine, acme)
    assert clone(engine, acme) == repo_id
    assert api_copy(engine, acme) == repo_id


def test_a_renamed_or_transferred_repository_stays_one(engine: Engine, acme: str):
    """Pitfall: a renamed or transferred repository becoming a second one."""
    repo_id = api_copy(engine, acme)
    assert api_copy(engine, acme, name="github.com/other/store") == repo_id
    assert clone(engine, acme, remote="github.com/other/store") == repo_id
    assert clone(engine, acme) == repo_id


def test_a_name_handed_on_belongs_to_the_newcomer(engine: Engine, acme: str):
    first = api_copy(engine, acme, "42")
    api_copy(engine, acme, "42", "github.com/acme/store")
    second = api_copy(engine, acme, "43")
    assert second != first
    assert clone(engine, acme, "/srv/new") == second
    assert api_copy(engine, acme, "42", "github.com/acme/store") == first
    assert api_copy(engine, acme, "43") == second


def test_a_clone_finds_the_newcomer_though_it_was_first_seen_as_a_clone(engine: Engine, acme: str):
    first = clone(engine, acme, "/srv/shop")
    assert api_copy(engine, acme, "42") == first
    api_copy(engine, acme, "42", "github.com/acme/store")
    second = api_copy(engine, acme, "43")
    assert clone(engine, acme, "/srv/new") == second != first


def test_a_remote_added_later_keeps_the_repository(engine: Engine, acme: str):
    repo_id = clone(engine, acme, remote=None)
    assert clone(engine, acme) == repo_id
    assert api_copy(engine, acme) == repo_id


def test_two_known_repositories_are_not_merged(engine: Engine, acme: str, caplog: pytest.LogCaptureFixture):
    by_path = clone(engine, acme, remote=None)
    by_name = api_copy(engine, acme)
    with caplog.at_level(logging.WARNING):
        assert clone(engine, acme) == by_name
    assert "/srv/shop" in caplog.text
    assert aliases_of(engine, acme, by_path) == ["/srv/shop"]


def test_the_same_path_on_two_hosts_is_two_repositories(engine: Engine, acme: str):
    assert api_copy(engine, acme) != clone(engine, acme, "/srv/a", "gitlab.com/acme/shop")


def test_organisations_never_share_a_repository(engine: Engine, acme: str):
    beta = organizations.ensure_organization(engine, "beta")
    assert clone(engine, acme) != clone(engine, beta)
    assert aliases_of(engine, beta, clone(engine, acme)) == []


def test_an_id_is_the_same_in_every_installation(engine: Engine, acme: str):
    assert api_copy(engine, acme) == "958eaac5-9264-5470-afce-74dfdf893269"


def test_the_newest_name_is_kept(engine: Engine, acme: str):
    repo_id = api_copy(engine, acme)
    api_copy(engine, acme, name="github.com/acme/store")
    with writing(engine) as connection:
        query = f"select name from repositories where repo_id = '{repo_id}'"
        assert connection.exec_driver_sql(query).scalar() == "github.com/acme/store"


def test_an_unknown_organisation_is_refused(engine: Engine):
    with pytest.raises(UnknownName, match="'nobody'"):
        clone(engine, "nobody")


def test_the_database_itself_guards_the_organisation(engine: Engine, acme: str):
    row = "('nobody', 'r', 'p', 'h', 'i', 'n', '2026-01-01 00:00:00.000000')"
    with pytest.raises(StoreError), writing(engine) as connection:
        connection.exec_driver_sql(f"insert into repositories values {row}")


def test_a_repository_registered_while_names_are_read_breaks_nothing(engine: Engine, acme: str):
    """In a transaction that writes, each statement of PostgreSQL sees what others have stored meanwhile."""
    clone(engine, acme)
    if engine.dialect.name != "postgresql":
        return
    newcomers = iter([api_copy])

    def register_one(*_arguments):
        for register in newcomers:
            register(other, acme, "43", "github.com/acme/new")

    other = create_engine(engine.url, future=True)
    with writing(engine) as connection:
        event.listen(engine, "after_cursor_execute", register_one)
        assert len(repositories.names(connection, acme)) == 1
        assert len(repositories.names(connection, acme)) == 2
    other.dispose()


@pytest.mark.parametrize("name", ['"caf\\351"', "it's", "100%_", "a\\b", "日本", "x" * 2000])
def test_odd_names_are_names(engine: Engine, acme: str, name: str):
    repo_id = clone(engine, acme, f"/srv/{name}", None)
    assert clone(engine, acme, f"/srv/{name}", None) == repo_id
    assert clone(engine, acme, "/srv/other", None) != repo_id


def test_twenty_processes_register_one_repository(settings: Settings):
    database.upgrade(settings)
    acme = organizations.ensure_organization(database.open_semantic(settings), "acme")

    def register(number: int) -> str:
        engine = database.open_semantic(settings)
        return clone(engine, acme, f"/srv/{number}") if number % 2 else api_copy(engine, acme)

    assert len(set(at_once(20, register))) == 1


def test_a_repository_is_found_by_any_alias_and_an_unknown_one_is_not_made(engine, acme, shop):
    assert repositories.find(engine, acme, host="local", provider_id="/elsewhere", aliases=["/srv/shop"]) == shop
    assert repositories.find(engine, acme, host="localhost", provider_id="/srv/shop", aliases=[]) == shop
    assert repositories.find(engine, acme, host="local", provider_id="/elsewhere", aliases=["/elsewhere"]) is None
    other = organizations.ensure_organization(engine, "umbrella")
    assert repositories.find(engine, other, host="localhost", provider_id="/srv/shop", aliases=["/srv/shop"]) is None


def test_what_is_registered_has_its_newest_name_and_its_first_provider(engine: Engine, acme: str):
    repo_id = clone(engine, acme)
    api_copy(engine, acme)
    assert repositories.registered(engine, acme) == {repo_id: repositories.Registered(NAME, "local_git")}


def identity(path: str, *aliases: str) -> SourceIdentity:
    return SourceIdentity(
        provider_host="localhost", provider_id=path, name=path, location=path, aliases=(path, *aliases)
    )


def test_many_that_are_new_are_registered_as_one_by_one_in_a_few_statements(engine: Engine, acme: str):
    known = clone(engine, acme, "/srv/0", remote=None)
    first_seen_elsewhere = clone(engine, acme, "/srv/1", remote=None)
    with writing(engine) as connection:  # its alias has gone to another one
        connection.execute(delete(repository_aliases).where(repository_aliases.c.repo_id == first_seen_elsewhere))
    many = [identity(f"/srv/{number}") for number in range(1_200)]
    twins = [identity("/srv/a", "host/twin"), identity("/srv/b", "host/twin")]
    with statements(engine) as sent:
        found = repositories.register_all(engine, acme, "local_git", [*many, *twins])
    assert len(sent) < 60
    assert (found[many[0]], found[many[1]]) == (known, first_seen_elsewhere)
    assert len(set(found.values())) == len(many) + 1
    assert found[twins[0]] == found[twins[1]]
    other = organizations.ensure_organization(engine, "umbrella")
    for one in many[2:5]:
        fields = {"host": one.provider_host, "provider_id": one.provider_id, "name": one.name, "aliases": one.aliases}
        alone = repositories.register(engine, acme, provider="local_git", **fields)
        assert alone == found[one] != repositories.register(engine, other, provider="local_git", **fields)
        assert aliases_of(engine, acme, alone) == [one.name]
    with statements(engine) as sent:
        assert repositories.register_all(engine, acme, "local_git", [*many, *twins]) == found
    assert len(sent) < 25


@contextlib.contextmanager
def statements(engine: Engine):
    """What is sent to the database while the block lasts."""
    sent = []

    def note(_connection, _cursor, statement, *_):
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (["/srv/repo", "/opt/repo"], ["srv/repo", "opt/repo"]),
        (["/a/x/repo", "/b/x/repo.git", "/c/y/repo"], ["a/x/repo", "b/x/repo", "y/repo"]),
        (["/repo", "/repo/repo"], ["/repo", "repo/repo"]),
        (["/x/repo", "/x/repo"], ["repo (id-0)", "repo (id-1)"]),
        (["/x/repo", None], ["x/repo", "repo (id-1)"]),
    ],
)
def test_repositories_of_one_name_are_told_apart_as_shortly_as_can_be(
    places: list[str | None], expected: list[str]
) -> None:
    named = {f"id-{number}": "repo" for number in range(len(places))} | {"other": "shop"}
    at = {f"id-{number}": [place] for number, place in enumerate(places) if place}
    found = repositories.told_apart(named, at)
    assert [found[f"id-{number}"] for number in range(len(places))] == expected
    assert found["other"] == "shop"


def test_what_tells_apart_is_nobodys_name() -> None:
    named = {"1": "shop", "2": "shop", "3": "acme/shop"}
    places = {"1": ["host/acme/shop"], "2": ["host/beta/shop"]}
    assert repositories.told_apart(named, places) == {"1": "host/acme/shop", "2": "beta/shop", "3": "acme/shop"}


def test_an_organisation_calls_its_repositories_what_tells_them_apart(engine: Engine, acme: str) -> None:
    beta = organizations.ensure_organization(engine, "beta")
    first, second = (clone(engine, acme, path, None) for path in ("/srv/a/shop", "/srv/b/shop"))
    other = clone(engine, beta, "/srv/a/shop", None)
    assert repositories.called(engine, acme) == {first: "a/shop", second: "b/shop"}
    assert repositories.called(engine, beta) == {other: "shop"}
