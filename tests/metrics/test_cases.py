"""Each folder of `cases` holds what one repository did and rows that must come out.

The rows name the columns they care about. A table that is named must show no other rows, but for the days of
`repo_metrics_daily`.
"""

from datetime import date
from pathlib import Path

import pytest
import yaml

from devhealth.metrics import engine
from devhealth.metrics.definitions import all_definitions
from devhealth.metrics.engine import Scope
from tests.metrics import filled
from tests.metrics.history import FETCHED, Change, History, latest, records, store
from tests.metrics.pull_requests import Answer, Pull

CASES = sorted((Path(__file__).parent / "cases").glob("*/case.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_case(path, client):
    case = yaml.safe_load(path.read_text())
    where = {"org_id": "acme", "repo_id": "shop"}
    others = [filled.record(table, **where, **row) for table, rows in case.get("records", {}).items() for row in rows]
    store(client, [*records("acme", history(case)), *others])
    engine.compute(client, [Scope("acme", "shop", date(2026, 1, 1), date(2027, 1, 1))], case["as_of"], FETCHED)
    shown = latest(client, "acme")
    keys = {definition.name: definition.table.key[1:] for definition in all_definitions()}
    for table, rows in case["expected"].items():
        for row in rows:
            key = tuple(row.get(column, "shop") for column in keys[table])
            found = shown[table][key]
            assert {name: found[name] for name in row} == pytest.approx(row), (table, key)
        assert table == "repo_metrics_daily" or len(rows) == len(shown[table]), table
    assert engine.overdue(client, ["acme"], case["as_of"]) == []


def history(case) -> History:
    return History(
        "shop",
        [Change(**change) for change in case.get("changes", [])],
        people={name: tuple(who) for name, who in case.get("people", {}).items()},
        counts_any_branch=case.get("counts_any_branch", False),
        pulls=[pull(**said) for said in case.get("pulls", [])],
        accounts={login: tuple(account) for login, account in case.get("accounts", {}).items()},
        asked_for_pulls=case.get("asked_for_pulls", False),
    )


def pull(answers=(), **said) -> Pull:
    return Pull(**said, answers=[Answer(**answer) for answer in answers])
