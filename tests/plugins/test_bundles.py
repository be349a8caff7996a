"""Many units in few tasks."""

import json

import pytest

from devhealth_airflow.bundles import MOST_TASKS, all_units, bundled, units_of


def units(count):
    shared = {"run_id": "20260101T000000-manual", "org_id": "0" * 36, "options": {"api": "rest"}, "window": None}
    names = [(f"acme/shop-{number // 6}", f"target-{number % 6}") for number in range(count)]
    return [
        {"name": name, "target": target, "staging": f"/staging/{name}-{target}", **shared} for name, target in names
    ]


@pytest.mark.parametrize(
    ("count", "tasks"), [(0, 0), (1, 1), (1_000, 1_000), (1_001, 501), (2_000, 1_000), (6_000, 1_000), (6_001, 858)]
)
def test_no_unit_is_lost_and_no_task_is_one_too_many(count, tasks):
    mapped = json.loads(json.dumps(bundled(units(count))))
    assert len(mapped) == tasks <= MOST_TASKS
    assert all_units(mapped) == units(count)
    assert [unit for one in mapped for unit in units_of(one)] == units(count)


def test_few_units_are_mapped_as_they_are():
    assert bundled(units(1_000)) == units(1_000)
    assert units_of(units(1)[0]) == units(1)


def test_a_bundle_says_once_what_its_units_share():
    first, *others = bundled(units(6_000))[0]
    assert first == units(1)[0]
    assert [set(other) for other in others] == [{"target", "staging"}] * 5
