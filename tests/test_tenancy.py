"""Two organisations with the same repositories, people and teams never see each other's rows.

The files and functions are found, not listed: one that is added later is walked too, or fails until it says why not.
"""

import ast
import dataclasses
import importlib
import inspect
import json
import pkgutil
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

import devhealth
from devhealth import semantic
from devhealth.cli.root import cli
from devhealth.errors import StoreError
from devhealth.metrics import engine as metrics_engine
from devhealth.models.table import all_tables
from devhealth.models.unit import DayRange
from devhealth.pipelines import setup
from devhealth.pipelines.metrics import compute_dirty
from devhealth.pipelines.people import settle
from devhealth.pipelines.run import run_sync
from devhealth.relational import reading, writing
from devhealth.semantic import (
    backfill_chunks,
    backfill_jobs,
    credentials,
    database,
    departures,
    dirty_ranges,
    identities,
    organizations,
    repositories,
    secret_box,
    settings_store,
    sync_runs,
    teams,
    users,
)
from devhealth.semantic.identities import Identity
from devhealth.semantic.tables import metadata
from devhealth.semantic.teams import Team, TeamMapping
from devhealth.warehouse.connection import connected
from tests import tenancy_records
from tests.pipelines.conftest import Shop, request
from tests.tenancy import plant_records, plant_state

PACKAGE = Path(devhealth.__file__).parent
SQL_FILES = sorted([*PACKAGE.rglob("*.sql"), *(PACKAGE.parents[1] / "plugins").rglob("*.sql")])
AS_OF = datetime(2026, 3, 20, 23, tzinfo=UTC)
"""A Friday, twelve quiet days after the last commit: two Mondays are between."""
KEY = secret_box.generate_key()

FILTER = re.compile(r"\b(?:\w+\.)?org_id (?:= (?:\{org_id:String\}|%\(org_id\)s)|in \{org_ids:Array\(String\)\})(?!,)")
"""A filter by organisation; what is handed on to a view ends with a comma."""
RECORD_TABLES = "|".join(f"{table.name}_latest|{table.name}" for table in all_tables())
READ = re.compile(rf"\b(?:from|(?<!array )join)\s+(?:{RECORD_TABLES})\b")

BEGIN_IN_PYTHON = re.compile(
    r"f?[\"']+[\s(]*(?:select|insert|with|and|where)\b.*\bselect\b|f?[\"']+select\b", re.DOTALL
)
READ_IN_PYTHON = re.compile(r"\b(?:from|join)\s+(?!system\.|input\()(\w+|\{[^}]+\})")
FILTER_IN_PYTHON = re.compile(
    rf"{FILTER.pattern}|org_id in %\(org_ids\)s|\(org_id, repo_id\) in %\(repositories\)s|"
    r"_(?:spoken_of|of_repository)\("
)
NO_FACTS_OF_ANYBODY = {
    "sinks/clickhouse_block.py: _days_that_differ": "the rows of a batch and those of their keys, which begin with it",
    "sinks/clickhouse_block.py: _every_day": "the rows of a batch and those of their keys, which begin with it",
    "sinks/clickhouse_block.py: _may_replace": "the first columns of the key, which begins with it",
    "sinks/clickhouse_block.py: insert_and_tell": "the rows of a batch",
    "semantic/database.py: _read_revision": "the version of the tables",
}
"""Queries in Python without an organisation, and why."""

NOT_OF_ONE_ORGANISATION = {
    "airflow_backfills.job_of": "finds the job by a configuration, which carries its organisation",
    "airflow_backfills.extend": "adds to a job, which carries its organisation",
    "backfill_jobs.add": "the job carries its organisation",
    "backfill_jobs.close": "the job carries its organisation",
    "backfill_jobs.unfinished": "what reconciles jobs goes over all of them; none of it is shown",
    "database.check": "the version of the tables",
    "dirty_ranges.clear": "removes what `take` gave, by id",
    "key_rotation.rotate": "re-encrypts every secret there is",
    "organizations.create_organization": "makes a tenant",
    "organizations.ensure": "makes a tenant",
    "organizations.ensure_organization": "makes a tenant",
    "organizations.find": "slug to id",
    "organizations.list_organizations": "the tenants themselves",
    "organizations.organization_id": "slug to id",
    "sync_runs.record": "each run carries its organisation",
    "tiers.check_slug": "the slug names the organisation",
    "tiers.limits": "tiers are shared by all",
    "tiers.require": "tiers are shared by all",
    "tiers.set_limit": "tiers are shared by all",
    "users.create_user": "a user may be in several organisations",
    "users.verify": "a user may be in several organisations",
}
"""Functions of the semantic database without an organisation, and why."""

WRITE = {
    "airflow_backfills.plan_chunks",
    "backfill_chunks.begin",
    "backfill_chunks.end",
    "backfill_jobs.abandon",
    "backfill_jobs.cancel",
    "configurations.save",
    "configurations.set_paused",
    "configurations.write",
    "dirty_ranges.add",
    "dirty_ranges.announce",
    "dirty_ranges.mark",
    "dirty_ranges.settle",
    "identities.merge",
    "identities.unmerge",
    "record_versions.take",
    "repositories.register",
    "repositories.register_all",
    "watermarks.advance",
}
"""They change rows of the organisation they are given, and tell of it."""


@pytest.fixture
def acme(warehouse_settings, tmp_path):
    """An organisation with a row in every table, and beside it an empty one."""
    settings = dataclasses.replace(warehouse_settings, secret_key=KEY)
    setup.prepare(settings)
    shop = Shop(tmp_path / "shop").commit(8)
    shop.git("switch", "-qc", "side")
    shop.commit().git("switch", "-q", "main")
    setup.register_source(settings, "acme", str(shop.path))
    assert not run_sync(settings, request(as_of=AS_OF)).failed
    engine = database.open_semantic(settings)
    org_id = organizations.organization_id(engine, "acme")
    repo_id = _query(settings, "select repo_id from repositories")[0][0]
    _fill(engine, org_id, repo_id)
    with connected(settings) as client:
        tenancy_records.store_work(client, org_id, repo_id)
    compute_dirty(settings, AS_OF)
    dirty_ranges.mark(engine, org_id, repo_id, [DayRange("2026-03-08", "2026-03-09")], "one more")
    return Tenants(settings, engine, org_id, organizations.ensure_organization(engine, "rival"), repo_id)


@dataclasses.dataclass(frozen=True)
class Tenants:
    settings: object
    engine: object
    org_id: str
    rival: str
    repo_id: str


def _fill(engine, org_id, repo_id):
    with writing(engine) as connection:
        identities.replace_all(
            connection, org_id, [Identity("ada@main.example", "Ada", ("ada@example.org",), is_bot=False)]
        )
        member, glob = TeamMapping("ada@example.org", date(2026, 3, 2)), TeamMapping("sh*", valid_to=date(2026, 3, 6))
        teams.replace_all(connection, org_id, [Team("shop", "Shop", (glob,), (TeamMapping("SHOP"),), (member,))])
    settings_store.set_value(engine, None, org_id, "colour", "green", is_encrypted=False)
    credentials.save(engine, KEY, org_id=org_id, name="git-host", provider="local_git", fields={"token": "t"})
    users.create_user(engine, email="ada@example.org", display_name="Ada", password="a long enough password")
    users.add_member(engine, org_id=org_id, email="ada@example.org", role="owner")
    gone = {"provider": "github", "host": "github.com", "provider_id": "7", "name": "acme/gone", "aliases": ()}
    departures.note(engine, org_id, [repositories.register(engine, org_id, **gone)], AS_OF)
    run = sync_runs.UnitRun(
        org_id=org_id,
        run_id="run",
        unit_id="unit",
        provider="local_git",
        configuration="shop",
        repo_id=repo_id,
        name="shop",
        target="git",
        mode="backfill",
        since=None,
        before=AS_OF,
        outcome="stored",
        rows=0,
        requests=0,
        fetch_seconds=0,
        process_seconds=0,
        store_seconds=0,
        error=None,
        finished_at=AS_OF,
    )
    with writing(engine) as connection:
        sync_runs.record(connection, [run])
    days = {"since": date(2026, 3, 1), "before": date(2026, 3, 8)}
    job = backfill_jobs.BackfillJob(
        org_id=org_id,
        job_id="job",
        provider="local_git",
        configuration="shop",
        targets=["git"],
        sort_order="oldest_first",
        window_days=7,
        origin="dag",
        dag_id="backfill",
        run_id="run",
        status="completed",
        error="",
        requested_at=AS_OF,
        started_at=AS_OF,
        finished_at=AS_OF,
        **days,
    )
    chunk = backfill_chunks.Chunk(
        number=1, source="/srv", name="shop", repo_id="", target="git", status="completed", **days
    )
    backfill_jobs.add(engine, job, [chunk])


def _query(settings, statement):
    with connected(settings) as client:
        return client.execute(statement)


# SQL


def test_sql_files_are_found():
    assert len(SQL_FILES) > 20


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_table_a_sql_file_reads_is_filtered_by_organisation(path):
    text = re.sub(r"--.*", "", path.read_text())
    assert len(FILTER.findall(text)) >= len(READ.findall(text))
    handed_on = len(re.findall(r"\borg_id = (?:\{org_id:String\}|%\(org_id\)s),", text))
    assert len(FILTER.findall(text)) + handed_on > 0


def test_every_query_written_in_python_is_filtered_by_organisation():
    found = list(_queries())
    without = {where for where, reads, filters in found if filters < reads}
    assert len(found) > len(without)
    assert without == set(NO_FACTS_OF_ANYBODY), "filter by organisation, or say above why not"


def _queries():
    """Where texts of the code read a table, with how many reads and filters there are."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for outer in ast.parse(path.read_text()).body:
            name = getattr(outer, "name", "") or ast.unparse(getattr(outer, "targets", [outer])[0])
            for node in ast.walk(outer):
                text = (
                    ast.unparse(node).replace("{{", "{").replace("\\n", "\n")
                    if isinstance(node, ast.JoinedStr | ast.Constant)
                    else ""
                )
                made_here = re.findall(r"(\w+) as \(", text)
                reads = [one for one in READ_IN_PYTHON.findall(text) if one not in made_here]
                if reads and BEGIN_IN_PYTHON.match(text):
                    yield f"{path.relative_to(PACKAGE)}: {name}", len(reads), len(FILTER_IN_PYTHON.findall(text))


def test_no_sql_file_returns_other_rows_because_of_another_tenant(acme):
    """And each of its filters is needed: without it, other rows come back, so that this test can fail."""
    with connected(acme.settings) as client:
        tenancy_records.overtake(client, acme.org_id, acme.repo_id)
        before = {path: _rows(client, path.read_text(), acme) for path in SQL_FILES}
        assert [path.name for path in SQL_FILES if not before[path]] == []
        planted = plant_records(client, acme.org_id, acme.rival)
        assert [table for table, count in planted.items() if not count] == []
        tenancy_records.take_part(client, acme.rival, acme.repo_id)
        for path in SQL_FILES:
            assert _rows(client, path.read_text(), acme) == before[path], path
            if path.parent.name == "overdue":  # of many organisations, which their joins tell apart again
                continue
            if path.stem == "later_facts":  # it tells a day of a repository once, whoever's fact of it is later
                continue
            for unfiltered in _without_each_filter(path.read_text()):
                assert _is_other(client, unfiltered, acme, before[path]), f"{path}: a filter that nothing tests"


def test_computing_metrics_leaves_the_other_tenant_alone(acme):
    def shown(org_id):
        names = [table.name for table in all_tables() if table.is_metric]
        drop = "* except (computed_at)"
        return {
            name: sorted(_query(acme.settings, f"select {drop} from {name}_latest where org_id = '{org_id}'"), key=repr)
            for name in names
        }

    mine = shown(acme.org_id)
    assert all(mine.values())
    with connected(acme.settings) as client:
        plant_records(client, acme.org_id, acme.rival)
    theirs = shown(acme.rival)
    assert all(theirs.values())
    dirty_ranges.mark(acme.engine, acme.org_id, acme.repo_id, [DayRange("2026-03-01", "2026-03-21")], "again")
    compute_dirty(acme.settings, AS_OF, "acme")
    assert (shown(acme.org_id), shown(acme.rival)) == (mine, theirs)


def test_settling_one_tenant_leaves_the_people_of_the_other(acme):
    """The other one holds rows that nothing in its semantic database stands for."""
    with connected(acme.settings) as client:
        plant_records(client, acme.org_id, acme.rival)
    tables = [
        f"select * from {name} final where org_id = '{acme.rival}' order by all"
        for name in ("identity_mappings", "team_assignments")
    ]
    theirs = [_query(acme.settings, statement) for statement in tables]
    assert all(theirs)
    identities.unmerge(acme.engine, acme.org_id, "ada@example.org")
    assert settle(acme.settings, acme.engine, [acme.org_id], AS_OF).rows > 0
    assert [_query(acme.settings, statement) for statement in tables] == theirs
    assert dirty_ranges.take(acme.engine, acme.rival) == []


def _rows(client, text, acme):
    text = re.sub(r"create or replace view \w+ as", "", text)
    if "%(" in text:
        rows = client.execute(text, {name: _value(name, acme) for name in re.findall(r"%\((\w+)\)s", text)})
    else:
        names = re.findall(r"\{(\w+):", text)
        is_quiet, is_later = "maxIf(day, commits_count" in text, "later_answers as" in text
        parameters = {name: _value(name, acme, is_quiet=is_quiet, is_later=is_later) for name in names}
        rows = metrics_engine.execute(client, text, parameters)
    return sorted(rows, key=repr)


def _value(name, acme, *, is_quiet=False, is_later=False):
    first, last = date(2026, 3, 1), AS_OF.date()
    values = {
        "org_id": acme.org_id,
        "org_ids": [acme.org_id],
        "repo_ids": [acme.repo_id],
        "repo_ids_at_the_end": [acme.repo_id],
        "since": "2026-02-01 00:00:00",
        "before": "2026-04-01 00:00:00",
        "until": "2026-03-01 00:00:00" if is_later else "2026-04-01 00:00:00",
        "day_after": "2026-04-01 00:00:00",
        "as_of_day": last + timedelta(9 * is_quiet),
        "scope_repo_ids": [acme.repo_id],
        "scope_first_days": [first],
        "scope_last_days": [last],
        "business_hours_start": 9,
        "business_hours_end": 17,
        "most": 99,
        "weeks": 9,
        "days": [last],
        "snapshots": [(acme.repo_id, last)],
        "first_days": [first, first, first],
        "days_after": [last, last, last],
        "subjects": [acme.repo_id, "ada@example.org", "ada@main.example"],
        "subject_repo_ids": [acme.repo_id],
        "logins": ["bob"],
    }
    assert name in values, f"a parameter this test does not know: {name}. Give it a value above."
    return values[name]


def _without_each_filter(text):
    return [f"{text[: found.start()]}true{text[found.end() :]}" for found in FILTER.finditer(text)]


def _is_other(client, text, acme, rows):
    try:
        return _rows(client, text, acme) != rows
    except StoreError:
        return True


# The semantic database


def _functions():
    for module in pkgutil.iter_modules(semantic.__path__):
        if module.name == "alembic":
            continue
        loaded = importlib.import_module(f"devhealth.semantic.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if not name.startswith("_") and function.__module__ == loaded.__name__:
                yield f"{module.name}.{name}", function, inspect.signature(function).parameters


def test_every_function_that_reaches_the_semantic_database_is_told_the_organisation():
    reaching = {name: names for name, _, names in _functions() if {"engine", "connection", "where"} & set(names)}
    without = {name for name, names in reaching.items() if not {"org_id", "org_ids"} & set(names)}
    assert without == set(NOT_OF_ONE_ORGANISATION), "name the organisation, or say above why not"


def test_every_table_carries_the_organisation():
    without = {table.name for table in metadata.sorted_tables if "org_id" not in table.c}
    assert without == {"tiers", "users"}


def test_no_function_tells_one_tenant_of_the_other(acme):
    before = _answers(acme, acme.org_id)
    assert [name for name, answer in before.items() if not answer and answer is not False] == []
    of_an_empty_one = _answers(acme, acme.rival)
    planted = plant_state(acme.engine, acme.org_id, acme.rival)
    assert [table for table, count in planted.items() if not count] == []
    assert _answers(acme, acme.org_id) == before
    theirs = _answers(acme, acme.rival)
    assert [name for name, mine in before.items() if of_an_empty_one[name] == mine == theirs[name]] == []


def _answers(acme, org_id):
    return {
        name: answer
        for name, function, parameters in _reading()
        for answer in [_answer(function, parameters, acme, org_id)]
    }


def _reading():
    for name, function, parameters in _functions():
        is_told = {"org_id", "org_ids"} & set(parameters) and {"engine", "connection", "where"} & set(parameters)
        returns = inspect.signature(function).return_annotation
        if is_told and returns is not None and name not in WRITE:
            yield name, function, parameters


def _answer(function, parameters, acme, org_id):
    known = {
        "engine": acme.engine,
        "where": acme.engine,
        "org_id": org_id,
        "org_ids": [org_id],
        "secret_key": KEY,
        "repo_id": acme.repo_id,
        "repo_ids": [acme.repo_id],
        "target": "git",
        "job_id": "job",
        "dag_id": "backfill",
        "run_id": "run",
        "provider": "local_git",
        "configuration": "shop",
        "as_of": AS_OF,
        "at": AS_OF + timedelta(hours=12),
        "names": (),
        "most": 9,
        "host": "local",
        "provider_id": "?",
        "aliases": _aliases(acme),
        "name": "colour" if function.__module__.endswith("settings_store") else "git-host",
    }
    unknown = set(parameters) - set(known) - {"connection"}
    assert not unknown, (
        f"{function.__module__}.{function.__name__}: give {unknown} a value above, or list it as a writer"
    )
    with reading(acme.engine) as connection:
        known["connection"] = connection
        try:
            answer = function(**{name: known[name] for name in parameters})
        except devhealth.errors.DevhealthError as error:
            return type(error).__name__
    return repr(answer).replace(org_id, "the organisation") if answer else answer


def _aliases(acme):
    aliases = metadata.tables["repository_aliases"]
    with reading(acme.engine) as connection:
        return sorted({row.alias for row in connection.execute(aliases.select())})


# The command line


@pytest.mark.parametrize(
    "command",
    [
        ["show"],
        ["show", "--repo", "shop"],
        ["status"],
        ["backfill", "status"],
        ["admin", "list-users"],
        ["config", "export"],
    ],
    ids=" ".join,
)
def test_what_a_command_prints_of_one_tenant_does_not_change_with_another(acme, command):
    before = _printed(acme, command)
    assert before
    plant_state(acme.engine, acme.org_id, acme.rival)
    with connected(acme.settings) as client:
        plant_records(client, acme.org_id, acme.rival)
    assert _printed(acme, command) == before


def _printed(acme, command):
    environment = {
        "DEVHEALTH_HOME": str(acme.settings.home),
        "CLICKHOUSE_URI": acme.settings.clickhouse_uri,
        "POSTGRES_URI": acme.settings.semantic_uri,
        "DEVHEALTH_SECRET_KEY": KEY,
    }
    as_json = [] if command[0] == "config" else ["--json"]
    result = CliRunner().invoke(cli, [*command, "--org", "acme", *as_json], env=environment)
    assert result.exit_code == 0, result.output
    return _timeless(json.loads(result.stdout)) if as_json else result.stdout


def _timeless(value):
    """Without what depends on the moment of asking."""
    if isinstance(value, dict):
        return {name: _timeless(one) for name, one in value.items() if "lag" not in name and name != "as_of"}
    return [_timeless(one) for one in value] if isinstance(value, list) else value
