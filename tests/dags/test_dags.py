"""What every DAG file keeps to, on both lines of Airflow."""

import json
import re
import subprocess

import pytest
import yaml

from tests.airflow_home import IS_2, ROOT, new_home

DAG_FILES = sorted((ROOT / "dags").glob("*.py"))
EACH_DAG = pytest.mark.parametrize("name", [path.stem for path in DAG_FILES])


@pytest.fixture(scope="session")
def facts(tmp_path_factory):
    """What each DAG file yields, by file stem."""
    home = new_home(tmp_path_factory.mktemp("airflow"))
    script = ROOT / "tests/dags/dag_facts.py"
    done = subprocess.run(
        [home.python, script, ROOT / "dags"],
        env=home.environment,
        cwd=home.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.partition("FACTS")[2])


@EACH_DAG
def test_a_dag_is_named_like_its_file_documented_and_tagged_and_bounds_its_runs(facts, name):
    dag = facts[name]
    assert dag["dag_id"] == name
    assert len(dag["doc_md"]) > 200
    assert dag["description"].startswith("devhealth: ")
    assert "devhealth" in dag["tags"]
    assert dag["catchup"] is False
    assert dag["max_active_runs"] == (16 if name == "backfill" else 1)


@EACH_DAG
def test_every_task_has_an_owner_retries_and_a_time_out(facts, name):
    for task in facts[name]["tasks"].values():
        assert task["owner"] == "devhealth"
        assert task["retries"] >= 1
        assert 0 < task["timeout_seconds"] <= 24 * 3600


@EACH_DAG
def test_parsing_a_dag_file_reads_nothing_and_imports_no_client(facts, name):
    assert facts[name]["touched"] == []
    heavy = re.compile(r"^(devhealth(\.|$)|clickhouse_driver|chdb|git|github|jira|gitlab|upath|pandas|numpy)")
    assert [module for module in facts[name]["imported"] if heavy.match(module)] == []


@EACH_DAG
def test_parsing_a_dag_file_is_quick_beyond_the_import_of_airflow(facts, name):
    """The target is 0.1 s; ten times that only fails for a client imported at the top."""
    assert facts[name]["seconds"] < 1


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_a_dag_file_is_a_table_of_contents(path):
    text = path.read_text()
    assert len(text.splitlines()) < 100
    assert {"airflow", "dag"} <= set(re.findall("airflow|dag", text.lower()))


def test_the_sync_goes_from_plan_over_the_stages_to_a_verdict(facts):
    tasks = facts["sync_local_git"]["tasks"]
    chain = {name: task["downstream"] for name, task in tasks.items()}
    mapped = ["unit.connector", "unit.processor", "unit.sink"]
    before = (
        {"plan": ["backfill", "finish"], "backfill": ["finish", *mapped]} if IS_2 else {"plan": ["finish", *mapped]}
    )
    assert chain == {
        **before,
        "unit.connector": ["unit.processor"],
        "unit.processor": ["unit.sink"],
        "unit.sink": ["finish"],
        "finish": ["announce", "verdict"],
        "announce": [],
        "verdict": [],
    }
    assert tasks["finish"]["trigger_rule"] == "all_done"
    assert all("unit" in tasks[f"unit.{stage}"]["template_fields"] for stage in ("connector", "processor", "sink"))


def test_the_form_of_a_sync_offers_targets_to_choose_and_dates_to_pick(facts):
    params = facts["sync_local_git"]["params"]
    assert list(params) == ["organisation", "configurations", "targets", "since", "before", "full_resync"]
    assert params["targets"]["examples"] == params["targets"]["items"]["enum"] == ["git", "blame"]
    assert params["since"]["format"] == params["before"]["format"] == "date"
    assert params["full_resync"]["type"] == "boolean"
    assert all(param["title"] and (param["description"] or param["description_md"]) for param in params.values())


def test_the_forms_say_where_the_names_stand(facts):
    """Airflow 3.x shows Markdown only where there is no plain description."""
    for dag, names in {
        "sync_local_git": ("organisation", "configurations"),
        "backfill": ("organisation", "configuration"),
    }.items():
        for name in names:
            param = facts[dag]["params"][name]
            assert param["description"] is None
            assert re.search(r"task `plan` .*\[sync DAG\]\(/(dags|home)\?tags=sync\)", param["description_md"])
            assert param["minLength"] == 1 if name != "configurations" else param["items"]["minLength"] == 1


def test_the_targets_of_the_form_are_those_of_the_provider(facts):
    from devhealth.pipelines import providers

    assert set(facts["sync_local_git"]["params"]["targets"]["examples"]) == set(providers.targets("local_git"))


def test_airflow_settings_list_every_connection_variable_and_pool_in_use(facts):
    listed = yaml.safe_load((ROOT / "airflow_settings.yaml").read_text())["airflow"]
    connections = {one["conn_id"] for one in listed["connections"]}
    variables = {one["variable_name"] for one in listed["variables"]}
    pools = {one["pool_name"] for one in listed["pools"]}
    code = "\n".join(path.read_text() for folder in ("dags", "plugins") for path in (ROOT / folder).rglob("*.py"))
    assert set(re.findall(r'_CONNECTION = "(\w+)"', code)) | set(re.findall(r'conn_id="(\w+)"', code)) == connections
    assert set(re.findall(r'get_connection\("(\w+)"', code)) <= connections
    assert (
        set(re.findall(r'Variable\.get\("(\w+)"', code)) | set(re.findall(r"var\.(?:value|json)\.(\w+)", code))
        == variables
    )
    assert {task["pool"] for dag in facts.values() for task in dag["tasks"].values()} <= pools


def test_no_name_of_airflow_is_asked_of_the_package_whose_names_change():
    """`common.compat.sdk` differs from version to version; `airflow_names.py` knows what each line of Airflow has."""
    code = {path: path.read_text() for folder in ("dags", "plugins") for path in (ROOT / folder).rglob("*.py")}
    assert [path for path, text in code.items() if re.search(r"(from|import) airflow\.providers\.common", text)] == []
