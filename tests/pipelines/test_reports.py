"""How failures are put into words."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from devhealth.cli import progress
from devhealth.models.unit import Window
from devhealth.pipelines.reports import failed_of, listed
from tests.pull_request_sync import unit_for


def test_several_troubles_are_one_sentence():
    assert listed([("a", "it is gone. Look."), ("b", "exit status 1")]) == "a: it is gone. Look; b: exit status 1."


def test_the_others_are_stored_only_where_there_are_others():
    assert failed_of(1, 1_001, "chunks") == "1 of 1,001 chunks failed, the others are stored"
    assert failed_of(2, 2, "units") == "2 of 2 units failed"


def test_a_name_of_several_lines_stays_on_one():
    assert listed([("a\nb (git): 5 rows stored", "it is\x1b[2K gone")]).isprintable()


def test_the_line_of_a_unit_says_what_it_reads_and_cannot_be_forged():
    window = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC))
    unit = msgspec.structs.replace(unit_for(Path("unit")), name="shop\n", target="git", mode="backfill", window=window)
    assert unit.label == "shop\N{REPLACEMENT CHARACTER} (git), backfill 2026-03-01 to 2026-03-08"
    for event in ("fetching", "stored"):
        assert progress._sentence(event, unit, 5).isprintable()
