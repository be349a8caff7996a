"""A merge, a move between teams: numbers follow without the source, and go back exactly."""

import asyncio
import contextlib
import dataclasses
from datetime import UTC, date, datetime

import msgspec
import pytest

from devhealth.models.people import IdentityMapping, TeamAssignment
from devhealth.pipelines import setup
from devhealth.pipelines.metrics import compute_dirty, compute_range
from devhealth.pipelines.people import settle
from devhealth.pipelines.run import run_sync
from devhealth.relational import writing
from devhealth.semantic import database, dirty_ranges, identities, organizations, teams
from devhealth.semantic.identities import Identity
from devhealth.semantic.teams import Team, TeamMapping
from devhealth.sinks import open_sink
from devhealth.warehouse.connection import connected
from tests.integration.stored_tables import stored_tables
from tests.pipelines.conftest import Shop, request
from tests.postgres import fresh_uri

AS_OF = datetime(2026, 3, 20, tzinfo=UTC)
ADA, HOME, BOB = "ada@example.org", "ada@home.example", "bob@example.org"
BLAMED = (date(2026, 3, 20), date(2026, 3, 21))
"""The day blame speaks for."""


@pytest.fixture
def shop(tmp_path):
    """Ada works under two addresses, Bob beside her: 2 to 5 March 2026, Monday to Thursday."""
    shop = Shop(tmp_path / "shop")
    for day, email, lines in ((2, ADA, 4), (2, HOME, 5), (3, BOB, 6), (4, HOME, 3), (4, BOB, 1), (5, ADA, 2)):
        commit(shop, day, email, lines)
    return shop


@pytest.fixture
def acme(settings, shop):
    """The organisation, its history stored and computed, and the repository out of reach."""
    setup.register_source(settings, "acme", str(shop.path))
    assert not run_sync(settings, request(as_of=AS_OF)).failed
    compute_dirty(settings, AS_OF)
    shop.path.rename(shop.path.with_name("moved away"))
    return Acme(settings)


class Acme:
    """What tests do with an organisation."""

    def __init__(self, settings):
        self.settings, self.engine = settings, database.open_semantic(settings)
        self.org_id = organizations.organization_id(self.engine, "acme")

    def merge(self, alias, into):
        identities.merge(self.engine, self.org_id, alias, into)

    def unmerge(self, alias):
        identities.unmerge(self.engine, self.org_id, alias)

    def say(self, people=(), listed=()):
        with writing(self.engine) as connection:
            identities.replace_all(connection, self.org_id, people)
            teams.replace_all(connection, self.org_id, listed)

    def settle(self, settings=None):
        return settle(settings or self.settings, self.engine, [self.org_id], AS_OF)

    def compute(self):
        return compute_dirty(self.settings, AS_OF)

    def dirty(self):
        return {(one.since, one.before) for one in dirty_ranges.take(self.engine)}

    def rows(self, query):
        with connected(self.settings) as client:
            return client.execute(query)

    def authors(self):
        return {who for (who,) in self.rows("select author_email from user_metrics_daily_latest")}

    def teams_by_day(self):
        query = "select day, team_id, commits_count from team_metrics_daily_latest order by 1, 2"
        return [(day.day, team, count) for day, team, count in self.rows(query)]


def commit(shop, day, email, lines, name="Ada", at="12:00:00"):
    path = shop.path / f"{email}.txt"
    path.write_text((path.read_text() if path.exists() else "") + f"{day}\n" * lines)
    at = f"2026-03-{day:02d}T{at}+0000"
    shop.git("add", ".")
    shop.git(
        "commit",
        "-qm",
        f"{day}",
        GIT_AUTHOR_NAME=name,
        GIT_AUTHOR_EMAIL=email,
        GIT_AUTHOR_DATE=at,
        GIT_COMMITTER_DATE=at,
    )


def team(team_id, repositories=(), members=()):
    return Team(team_id, team_id.title(), repositories=tuple(repositories), members=tuple(members))


def test_a_merge_makes_two_authors_one_and_unmerging_gives_back_the_same_rows(acme):
    """No git process runs in between: the repository is out of reach."""
    before = stored_tables(acme.settings)
    assert acme.authors() == {ADA, HOME, BOB}
    acme.merge(HOME, ADA)
    acme.compute()
    assert acme.authors() == {ADA, BOB}
    risk = "select day, authors_count, authors_count_30d, bus_factor_30d, single_owner_file_ratio_30d"
    found = {row[0].day: row[1:] for row in acme.rows(f"{risk} from repo_metrics_daily_latest")}
    assert found[2] == (1, 1, 1, 1.0)
    assert found[4] == (2, 2, 1, 1.0)
    ada = "select commits_count, additions from user_metrics_daily_latest where author_email = 'ada@example.org'"
    assert acme.rows(f"{ada} and day = '2026-03-02'") == [(2, 9)]
    acme.unmerge(HOME)
    acme.compute()
    after = stored_tables(acme.settings)
    assert {name: rows for name, rows in after.items() if name != "identity_mappings"} == {
        name: rows for name, rows in before.items() if name != "identity_mappings"
    }


def test_ownership_from_blame_follows_a_merge_of_people_whose_commits_are_old(settings, shop):
    setup.register_source(settings, "acme", str(shop.path))
    commit(shop, 10, BOB, 1)
    shop.git("mv", f"{ADA}.txt", "both.txt")
    (shop.path / "both.txt").write_text("4\n" * 3 + (shop.path / "both.txt").read_text())
    commit(shop, 16, HOME, 1)
    later = datetime(2026, 4, 10, tzinfo=UTC)  # what Ada wrote is more than 30 days old, what HOME wrote is not
    run_sync(settings, request(as_of=later))
    compute_dirty(settings, later)
    acme = Acme(settings)
    owners = (
        "select top_owner_lines, owned_lines from file_hotspots_latest where path = 'both.txt' and as_of = '2026-04-10'"
    )
    assert acme.rows(owners) == [(6, 9)]
    acme.merge(ADA, HOME)
    compute_dirty(settings, later)
    assert acme.rows(owners) == [(9, 9)]


def test_a_settlement_marks_only_days_of_those_it_touches_and_repeated_does_nothing(acme):
    acme.merge(HOME, ADA)
    settled = acme.settle()
    assert (settled.rows, acme.dirty()) == (
        1,
        {(date(2026, 3, 2), date(2026, 3, 5)), BLAMED},
    )
    marked = dirty_ranges.take(acme.engine)
    assert acme.settle().rows == acme.settle().ranges == 0
    assert dirty_ranges.take(acme.engine) == marked


def test_a_name_alone_makes_no_day_dirty(acme):
    acme.say([Identity(ADA, "Ada Lovelace")])
    settled = acme.settle()
    assert (settled.rows, settled.ranges, acme.dirty()) == (1, 0, set())


def test_nothing_is_lost_when_a_settlement_dies_between_marking_and_writing(acme, monkeypatch):
    from devhealth.sinks.clickhouse import ClickHouseSink

    async def killed(self, records, session):
        raise KeyboardInterrupt

    acme.merge(HOME, ADA)
    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(ClickHouseSink, "write_batch", killed)
        acme.settle()
    assert acme.dirty()
    assert acme.rows("select count() from identity_mappings") == [(0,)]
    dirty_ranges.clear(acme.engine, [one.id for one in dirty_ranges.take(acme.engine)])  # another one computed
    acme.compute()
    assert acme.authors() == {ADA, BOB}


def test_a_person_who_changes_team_in_the_week_counts_for_each_on_its_days(acme):
    acme.say(
        [Identity(ADA, aliases=(HOME,))],
        [
            team("old", members=[TeamMapping(ADA, valid_to=date(2026, 3, 4))]),
            team("new", members=[TeamMapping(HOME, valid_from=date(2026, 3, 4))]),
        ],
    )
    acme.compute()
    assert acme.teams_by_day() == [
        (2, "old", 2),
        (3, "unassigned", 1),
        (4, "new", 1),
        (4, "unassigned", 1),
        (5, "new", 1),
    ]
    columns = "select day, author_email, team_id from user_metrics_daily_latest"
    people = f"{columns} where author_email != 'bob@example.org' order by day"
    assert [(day.day, who, team) for day, who, team in acme.rows(people)] == [
        (2, ADA, "old"),
        (4, ADA, "new"),
        (5, ADA, "new"),
    ]


def test_the_first_day_counts_from_its_first_second_and_the_day_after_the_last_does_not(settings, shop):
    for day, at in ((6, "23:59:59"), (7, "00:00:00"), (7, "23:59:59"), (8, "00:00:00")):
        commit(shop, day, BOB, 1, at=at)
    setup.register_source(settings, "acme", str(shop.path))
    run_sync(settings, request(as_of=AS_OF))
    acme = Acme(settings)
    one_day = {"valid_from": date(2026, 3, 7), "valid_to": date(2026, 3, 8)}
    for mappings in ({"members": [TeamMapping(BOB, **one_day)]}, {"repositories": [TeamMapping("shop", **one_day)]}):
        acme.say([], [team("one-day", **mappings)])
        acme.compute()
        assert [row for row in acme.teams_by_day() if row[0] > 5] == [
            (6, "unassigned", 1),
            (7, "one-day", 2),
            (8, "unassigned", 1),
        ]


def test_moving_the_day_of_a_change_of_team_recomputes_the_days_between_only(acme):
    def move(day):
        acme.say(
            [],
            [
                team("old", members=[TeamMapping(BOB, valid_to=day)]),
                team("new", members=[TeamMapping(BOB, valid_from=day)]),
            ],
        )

    move(date(2026, 3, 3))
    acme.compute()
    assert [row for row in acme.teams_by_day() if row[1] != "unassigned"] == [(3, "new", 1), (4, "new", 1)]
    move(date(2026, 3, 4))
    acme.settle()
    assert acme.dirty() == {(date(2026, 3, 3), date(2026, 3, 4))}
    acme.compute()
    assert [row for row in acme.teams_by_day() if row[1] != "unassigned"] == [(3, "old", 1), (4, "new", 1)]


def test_the_team_of_the_repository_comes_before_that_of_the_person(acme):
    acme.say([], [team("people", members=[TeamMapping(BOB)])])
    acme.compute()
    assert (3, "people", 1) in acme.teams_by_day()
    acme.say(
        [],
        [team("people", members=[TeamMapping(BOB)]), team("shop", [TeamMapping("sh*", valid_from=date(2026, 3, 4))])],
    )
    acme.compute()
    assert acme.teams_by_day() == [(2, "unassigned", 2), (3, "people", 1), (4, "shop", 2), (5, "shop", 1)]


def test_no_team_at_all_is_what_it_was_before(acme):
    before = stored_tables(acme.settings)["team_metrics_daily"]
    acme.say([], [team("shop", [TeamMapping("**")])])
    acme.compute()
    assert {team for _, team, _ in acme.teams_by_day()} == {"shop"}
    acme.say()
    acme.compute()
    assert stored_tables(acme.settings)["team_metrics_daily"] == before


def test_a_repository_registered_later_is_assigned_at_the_next_settlement(acme, tmp_path):
    acme.say([], [team("api", [TeamMapping("api")])])
    assert acme.settle().warnings == ("repository pattern 'api' of team 'api' matches no repository",)
    api = Shop(tmp_path / "api")
    commit(api, 2, ADA, 1)
    setup.register_source(acme.settings, "acme", str(api.path), name="api")
    run_sync(acme.settings, request(as_of=AS_OF, configurations=["api"]))
    acme.compute()
    assert (2, "api", 1) in acme.teams_by_day()
    assert acme.settle().warnings == ()


def test_a_person_marked_as_a_bot_leaves_people_and_comes_back(acme):
    acme.say([Identity(BOB, is_bot=True)])
    acme.compute()
    assert acme.authors() == {ADA, HOME}
    assert acme.rows("select sum(commits_count), sum(commits_count_excluding_bots) from repo_metrics_daily_latest") == [
        (6, 4)
    ]
    acme.say()
    acme.compute()
    assert acme.authors() == {ADA, HOME, BOB}


def test_what_was_detected_as_a_bot_can_be_declared_a_person(settings, shop):
    commit(shop, 6, "dependabot[bot]@users.noreply.github.com", 1, name="dependabot[bot]")
    setup.register_source(settings, "acme", str(shop.path))
    run_sync(settings, request(as_of=AS_OF))
    acme = Acme(settings)
    acme.compute()
    bot = "dependabot[bot]@users.noreply.github.com"
    assert bot not in acme.authors()
    acme.say([Identity(bot, is_bot=False)])
    acme.compute()
    assert bot in acme.authors()


def test_a_login_stands_for_its_noreply_addresses_and_a_name_for_those_without_an_address(settings, shop):
    commit(shop, 6, "77+Adal@users.noreply.github.com", 1)
    shop.git(
        "-c",
        "user.useConfigOnly=false",
        "commit",
        "-qm",
        "nobody",
        "--allow-empty",
        GIT_AUTHOR_NAME="Ada L",
        GIT_AUTHOR_EMAIL="",
        GIT_AUTHOR_DATE="2026-03-06T13:00:00Z",
        GIT_COMMITTER_DATE="2026-03-06T13:00:00Z",
    )
    setup.register_source(settings, "acme", str(shop.path))
    run_sync(settings, request(as_of=AS_OF))
    acme = Acme(settings)
    acme.compute()
    assert acme.authors() == {ADA, HOME, BOB, "adal@users.noreply.github.com", "ada l"}
    acme.say([Identity(ADA, aliases=(HOME, "AdaL", "Ada L"))])
    acme.compute()
    assert acme.authors() == {ADA, BOB}
    acme.say([Identity(BOB, aliases=("adal@users.noreply.github.com",)), Identity(ADA, aliases=("adal",))])
    acme.compute()
    assert acme.rows("select author_email from user_metrics_daily_latest where day = '2026-03-06' order by 1") == [
        ("ada l",),
        (BOB,),
    ]


def test_a_mailmap_comes_before_the_mapping(settings, shop):
    (shop.path / ".mailmap").write_text(f"Ada <ada@mapped.example> <{HOME}>\n")
    commit(shop, 6, BOB, 1)
    setup.register_source(settings, "acme", str(shop.path))
    run_sync(settings, request(as_of=AS_OF))
    acme = Acme(settings)
    acme.compute()
    assert acme.authors() == {ADA, "ada@mapped.example", BOB}
    acme.merge("ada@mapped.example", ADA)
    acme.compute()
    assert acme.authors() == {ADA, BOB}


def test_a_sync_after_the_merge_counts_for_the_person_at_once(settings, shop):
    setup.register_source(settings, "acme", str(shop.path))
    acme = Acme(settings)
    acme.merge(HOME, ADA)
    run_sync(settings, request(as_of=AS_OF))
    acme.compute()
    assert acme.authors() == {ADA, BOB}


def test_a_range_by_request_settles_too(acme):
    acme.merge(HOME, ADA)
    compute_range(acme.settings, "acme", None, None, AS_OF)
    assert acme.authors() == {ADA, BOB}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_second_store_gets_the_same_rows_also_when_it_is_added_late(acme, tmp_path, kind):
    acme.say(
        [Identity(ADA, "Ada", (HOME,), is_bot=False)],
        [team("shop", [TeamMapping("shop", date(2026, 3, 3), date(2026, 3, 5))])],
    )
    acme.settle()
    both = dataclasses.replace(acme.settings, sink="both", secondary_uri=fresh_uri(kind, tmp_path))
    acme.settle(both)
    assert held(both, "sql") == held(both, "clickhouse")
    acme.say()
    acme.settle(both)
    assert held(both, "sql") == held(both, "clickhouse")
    assert all(row[-1] for rows in held(both, "sql") for row in rows)


def test_a_second_store_that_is_out_of_reach_does_not_stop_metrics(acme, caplog):
    away = dataclasses.replace(acme.settings, sink="both", secondary_uri="postgresql://nobody@127.0.0.1:1/none")
    acme.merge(HOME, ADA)
    compute_dirty(away, AS_OF)
    assert acme.authors() == {ADA, BOB}
    assert "not in the second store yet" in caplog.text


def held(settings, store):
    """The facts of both tables, `is_removed` last."""
    with open_sink(dataclasses.replace(settings, sink=store)) as sink:
        org_ids = [one.org_id for one in organizations.list_organizations(database.open_semantic(settings))]
        return [
            sorted(
                (msgspec.structs.astuple(row)[:-1] for row in asyncio.run(sink.read(kind, org_ids, sink.session))),
                key=repr,
            )
            for kind in (IdentityMapping, TeamAssignment)
        ]


def test_a_clock_that_went_back_does_not_hide_a_change(acme):
    acme.merge(HOME, ADA)
    acme.settle()
    later = "select * replace (fetched_at + toIntervalDay(3) as fetched_at) from identity_mappings final"
    acme.rows(f"insert into identity_mappings {later}")
    acme.unmerge(HOME)
    acme.compute()
    assert acme.authors() == {ADA, HOME, BOB}
