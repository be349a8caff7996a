"""Many units in few tasks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth_airflow.bundles import all_units, bundled, bundled_by_work, units_of

SECONDS = st.lists(st.floats(0.05, 500), max_size=200)


def units(count):
    shared = {"run_id": "20260101T000000-manual", "org_id": "0" * 36, "options": {"api": "rest"}, "window": None}
    names = [(f"acme/shop-{number // 6}", f"target-{number % 6}") for number in range(count)]
    return [
        {"name": name, "target": target, "staging": f"/staging/{name}-{target}", **shared} for name, target in names
    ]


def sizes(mapped):
    return [len(units_of(one)) for one in mapped]


@pytest.mark.parametrize(
    ("count", "most", "tasks"),
    [(0, 100, 0), (1, 100, 1), (100, 100, 100), (101, 100, 51), (12, 10, 6), (12, 1, 1), (6_001, 100, 99)],
)
def test_no_unit_is_lost_and_no_task_is_one_too_many(count, most, tasks):
    mapped = json.loads(json.dumps(bundled(units(count), most)))
    assert len(mapped) == tasks <= most
    assert all_units(mapped) == units(count)
    assert [unit for one in mapped for unit in units_of(one)] == units(count)


def test_few_units_are_mapped_as_they_are():
    assert bundled(units(100), 100) == units(100)
    assert units_of(units(1)[0]) == units(1)


def test_a_bundle_says_once_what_its_units_share():
    first, *others = bundled(units(600), 100)[0]
    assert first == units(1)[0]
    assert [set(other) for other in others] == [{"target", "staging"}] * 5


@given(seconds=SECONDS, most=st.integers(1, 120), at_once=st.integers(1, 40), budget=st.sampled_from([0, 5, 60, 600]))
def test_bundles_by_work_keep_all_units_in_their_order_and_within_the_limit(seconds, most, at_once, budget):
    of_work = units(len(seconds))
    mapped = bundled_by_work(of_work, seconds, most=most, at_once=at_once, budget=budget)
    assert all_units(json.loads(json.dumps(mapped))) == of_work
    assert len(mapped) <= most


@pytest.mark.parametrize(
    ("seconds", "at_once", "expected"),
    [
        ([2.0] * 14, 1, [14]),
        ([2.0] * 14, 16, [5, 5, 4]),
        ([2.0] * 100, 1, [30, 30, 30, 10]),
        ([300.0, 1.0, 1.0, 300.0, 1.0], 1, [1, 2, 1, 1]),
        ([0.1] * 466, 1, [466]),
        ([500.0] * 3, 16, [1, 1, 1]),
    ],
    ids=["one at a time", "a pool of its own", "more than a task", "one long one", "short ones", "long ones"],
)
def test_bundles_hold_about_as_much_work(seconds, at_once, expected):
    mapped = bundled_by_work(units(len(seconds)), seconds, most=100, at_once=at_once, budget=60)
    assert sizes(mapped) == expected


def test_without_a_budget_each_chunk_has_a_task_as_long_as_they_fit():
    assert sizes(bundled_by_work(units(9), [1.0] * 9, most=9, at_once=1, budget=0)) == [1] * 9
    assert sizes(bundled_by_work(units(10), [1.0] * 10, most=9, at_once=1, budget=0)) == [2] * 5
