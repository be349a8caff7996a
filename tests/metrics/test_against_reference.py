"""The SQL says what the definitions say, for whatever history and in whatever steps it is computed."""

import dataclasses
import random
import uuid
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from devhealth.metrics import engine
from devhealth.metrics.engine import Scope
from tests.examples import examples
from tests.metrics.histories import DAYS, START, as_ofs, changes, organisations
from tests.metrics.history import FETCHED, History, latest, records, store
from tests.metrics.reference import expected

SOON = timedelta(seconds=1)
SLOW = examples(8, shrinks=False)


def new_organisation() -> str:
    return f"org-{uuid.uuid4().hex[:12]}"


def everything(org_id: str, histories: list[History]) -> list[Scope]:
    return [Scope(org_id, history.repo_id, date(1970, 1, 1), date(2100, 1, 1)) for history in histories]


def stored(org_id: str, histories: list[History], fetched_at: datetime = FETCHED):
    return [record for history in histories for record in records(org_id, history, fetched_at)]


def assert_same(found, wanted):
    for table, rows in wanted.items():
        assert set(found[table]) == set(rows), table
        for key, row in rows.items():
            assert rounded(found[table][key]) == rounded(row), (table, key)


def rounded(row):
    return {name: round(value, 9) if isinstance(value, float) else value for name, value in row.items()}


@SLOW
@given(histories=organisations, as_of=as_ofs, shuffle=st.randoms(use_true_random=False))
def test_every_column_equals_the_slow_reference(client, histories, as_of, shuffle: random.Random):
    """Also with every record stored twice and in any order."""
    org_id = new_organisation()
    twice = stored(org_id, histories) + stored(org_id, histories, FETCHED - SOON)
    shuffle.shuffle(twice)
    store(client, twice)
    engine.compute(client, everything(org_id, histories), as_of, FETCHED)
    assert_same(latest(client, org_id), expected(histories, as_of))


@SLOW
@given(histories=organisations, as_of=as_ofs, data=st.data())
def test_recomputing_what_changed_equals_computing_all(client, histories, as_of, data):
    """New commits, flags that turned and people who were merged; also withdraws what is no longer there."""
    org_id = new_organisation()
    store(client, stored(org_id, histories))
    engine.compute(client, everything(org_id, histories), as_of, FETCHED)
    changed, scopes = [], []
    for history in histories:
        turned = data.draw(st.sets(st.integers(0, 13), max_size=4))
        added = data.draw(st.lists(changes(f"{history.repo_id}-new"), max_size=1))
        after = [
            dataclasses.replace(one, in_default_branch=not one.in_default_branch) if number in turned else one
            for number, one in enumerate(history.changes)
        ]
        touched = added + [one for number, one in enumerate(history.changes) if number in turned]
        scopes += [Scope(org_id, history.repo_id, one.at.date(), one.at.date() + timedelta(days=1)) for one in touched]
        changed.append(dataclasses.replace(history, changes=after + added))
    store(client, stored(org_id, changed, FETCHED + SOON))
    engine.compute(client, scopes, as_of, FETCHED + SOON)
    assert_same(latest(client, org_id), expected(changed, as_of))


@SLOW
@given(histories=organisations, as_of=as_ofs, cut=st.integers(0, DAYS))
def test_computing_a_range_in_two_parts_equals_computing_it_whole(client, histories, as_of, cut):
    org_id = new_organisation()
    store(client, stored(org_id, histories))
    middle = (START + timedelta(days=cut)).date()
    older = [dataclasses.replace(scope, before=middle) for scope in everything(org_id, histories)]
    newer = [dataclasses.replace(scope, since=middle) for scope in everything(org_id, histories)]
    engine.compute(client, newer, as_of, FETCHED)
    engine.compute(client, older, as_of, FETCHED + SOON)
    assert_same(latest(client, org_id), expected(histories, as_of))


@SLOW
@given(histories=organisations, as_of=as_ofs)
def test_ratios_lie_between_zero_and_one_and_nothing_is_negative(client, histories, as_of):
    org_id = new_organisation()
    store(client, stored(org_id, histories))
    engine.compute(client, everything(org_id, histories), as_of, datetime.now(UTC))
    for rows in latest(client, org_id).values():
        for row in rows.values():
            for name, value in row.items():
                if isinstance(value, int | float):
                    assert value >= 0, name
                    assert value <= 1 or "_ratio" not in name, name
