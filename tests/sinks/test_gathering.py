"""Small writes gathered: what is stored when, and what a snapshot sees."""

import asyncio
from datetime import UTC, datetime

from devhealth.models.git import Ref
from devhealth.models.table import Snapshot
from devhealth.sinks import gathering, open_sink
from devhealth.sinks.gathering import GatheringSink

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def ref(name):
    return Ref(
        org_id="acme",
        repo_id="shop",
        name=name,
        kind="branch",
        sha="a",
        is_default=False,
        is_deleted=False,
        created_at=None,
        fetched_at=NOW,
    )


def names(client):
    return sorted(name for (name,) in client.execute("select name from refs final where not is_deleted"))


def test_nothing_is_stored_before_the_flush(warehouse_settings, client):
    with open_sink(warehouse_settings) as sink:
        gathered = GatheringSink(sink)
        for name in ("main", "next"):
            assert asyncio.run(gathered.write_batch([ref(name)], gathered.session)) == 1
        assert names(client) == []
        asyncio.run(gathered.flush(gathered.session))
    assert names(client) == ["main", "next"]


def test_what_is_worth_a_write_is_not_held_back(warehouse_settings, client, monkeypatch):
    monkeypatch.setattr(gathering, "WORTH_A_WRITE", 2)
    with open_sink(warehouse_settings) as sink:
        gathered = GatheringSink(sink)
        asyncio.run(gathered.write_batch([ref("main"), ref("next")], gathered.session))
    assert names(client) == ["main", "next"]


def test_a_snapshot_and_a_read_see_what_was_given_before(warehouse_settings, client):
    with open_sink(warehouse_settings) as sink:
        gathered = GatheringSink(sink)
        asyncio.run(gathered.write_batch([ref("main")], gathered.session))
        (read,) = asyncio.run(gathered.read(Ref, ["acme"], gathered.session))
        assert read.name == "main"
        asyncio.run(gathered.write_batch([ref("next")], gathered.session))
        later = Snapshot(table="refs", org_id="acme", repo_id="shop", version=NOW.replace(day=2))
        asyncio.run(gathered.retire(later, gathered.session))
    assert names(client) == []
