"""docker-compose.yml, read as text and data: no Docker engine is needed."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)[^}]*\}")
FIXED_TAG = re.compile(r"[\w./-]+:\d+(\.\d+)+[\w.-]*")


def example_variables():
    lines = (ROOT / ".env.example").read_text().splitlines()
    return {line.partition("=")[0] for line in lines if "=" in line and not line.startswith("#")}


def test_the_whole_platform_stands_in_it():
    airflow = {"api-server", "scheduler", "dag-processor", "triggerer", "worker", "backfill-worker", "init"}
    assert {"postgres", "redis", "clickhouse"} | airflow == set(SERVICES)


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_a_fixed_tag(name):
    assert FIXED_TAG.fullmatch(SERVICES[name]["image"])


def test_the_image_we_build_starts_from_a_fixed_airflow_of_the_locked_version():
    base = re.search(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[1]
    assert FIXED_TAG.fullmatch(base)
    locked = re.search(r"^apache-airflow==(.+)$", (ROOT / "requirements/airflow-3.lock").read_text(), re.MULTILINE)[1]
    assert base.startswith(f"apache/airflow:{locked}-")


def test_every_copied_path_exists():
    for source in re.findall(r"^COPY (?:--\S+ )?(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        assert (ROOT / source).exists(), source


@pytest.mark.parametrize("name", SERVICES)
def test_every_mounted_path_exists_and_every_volume_is_declared(name):
    for volume in SERVICES[name].get("volumes", []):
        source = VARIABLE.sub("$", volume).partition(":")[0]
        if source.startswith("."):
            assert (ROOT / source).exists(), source
        elif not source.startswith("$"):
            assert source in COMPOSE["volumes"]


def test_every_variable_stands_in_the_example_and_none_of_the_example_is_idle():
    assert set(VARIABLE.findall(TEXT)) == example_variables()


def test_a_variable_that_is_not_set_stops_compose_and_is_named():
    assert len(VARIABLE.findall(TEXT)) == TEXT.count(":?set it in .env}")


def test_the_image_does_without_what_only_tests_need():
    install = (ROOT / "Dockerfile").read_text()
    assert "grep --invert-match '^pytest' /requirements.txt" in install
    assert re.search("^pytest", (ROOT / "requirements.txt").read_text(), re.MULTILINE)


def test_no_secret_has_a_value_in_the_example():
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert all(line.endswith("=") for line in lines if re.match(r"\w*(PASSWORD|SECRET|KEY)=", line))


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_healthcheck(name):
    check = SERVICES[name]["healthcheck"]
    assert "test" in check or (name == "init" and check == {"disable": True})


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_exists_and_can_be_healthy(name):
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert other in SERVICES
        expected = "service_completed_successfully" if other == "init" else "service_healthy"
        assert how["condition"] == expected


def test_only_the_web_page_is_published_and_only_on_this_machine():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"api-server": ["127.0.0.1:${AIRFLOW_PORT:?set it in .env}:8080"]}


def test_chunks_of_backfills_have_a_pool_that_exists_and_workers_that_listen():
    environment = COMPOSE["x-airflow"]["environment"]
    pool, queue = (environment[f"AIRFLOW__DEVHEALTH__BACKFILL_{name}"] for name in ("POOL", "QUEUE"))
    assert f"airflow pools set {pool} 1 " in SERVICES["init"]["command"][-1]
    commands = {name: service.get("command", []) for name, service in SERVICES.items()}
    queues = {
        name: command[command.index("--queues") + 1] for name, command in commands.items() if "--queues" in command
    }
    assert queues == {"worker": "default", "backfill-worker": queue}
