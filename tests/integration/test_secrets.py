"""Secrets planted wherever one may be configured; then every output, file, table and argument is searched for them."""

import base64
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from cryptography.fernet import Fernet

from devhealth.pipelines import setup
from devhealth.settings import Settings
from devhealth.warehouse import embedded
from devhealth.warehouse.connection import connected
from tests.airflow_home import IS_2, AirflowHome
from tests.guarded_server import GuardedServer, guarded_server
from tests.integration.conftest import daily_history
from tests.integration.planted import Planted, rows_of_airflow, rows_of_stores
from tests.postgres import fresh_uri

pytestmark = pytest.mark.airflow

INCLUDE = Path(__file__).parents[2] / "include"
USERS = ("ann", "bob", "cid", "dan", "x-access-token")
SECRETS = {
    "stored credential": "pl4nted/stored+%41 ü",
    "connection": "pl4nted/connection+%41 ü",
    "variable": "pl4nted/variable+%41 ü",
    "URL": "pl4nted/url+%41 ü",
    "key": Fernet.generate_key().decode(),
    "older key": Fernet.generate_key().decode(),
    "wrong key": Fernet.generate_key().decode(),
    "PostgreSQL": "pl4nted/postgres+%41 ü",
    "refused": "pl4nted/refused+%41 ü",
}
REFERENCES = {"acme": "stored:git-host", "beta": "airflow:git_beta", "gamma": "env:GAMMA_TOKEN"}
OWN_COPY = {"warehouse/endpoint.json": "ClickHouse"}
"""The embedded ClickHouse keeps its password where only its owner may read it."""


@pytest.fixture
def server(tmp_path):
    """One repository for three organisations, each with an account of its own."""
    repository = daily_history(tmp_path / "work" / "shop", days=2)
    served = tmp_path / "served" / "shop.git"
    subprocess.run(["git", "clone", "-q", "--bare", repository, served], check=True)
    subprocess.run(["git", "-C", served, "update-server-info"], check=True)
    passwords = [SECRETS[name] for name in ("stored credential", "connection", "variable", "URL")]
    with guarded_server(served.parent, dict(zip(USERS, passwords, strict=False))) as server:
        yield server


LOUDEST = (
    {"AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG"}
    if IS_2
    else {"AIRFLOW__LOGGING__NAMESPACE_LEVELS": "devhealth=DEBUG devhealth_airflow=DEBUG sqlalchemy=DEBUG"}
)
"""On 3.x `dags test` itself writes at DEBUG what it was told to mask."""


class Plant:
    """A home whose processes know all the secrets, what they said, and what their arguments were."""

    def __init__(self, home: AirflowHome, postgres_uri: str) -> None:
        endpoint = embedded.ensure_started(home.settings.home)
        self.planted = Planted({**SECRETS, "ClickHouse": endpoint.password}, USERS)
        postgres = urlsplit(postgres_uri)
        semantic = {
            "conn_type": "postgres",
            "login": "postgres",
            "password": SECRETS["PostgreSQL"],
            "schema": postgres.path.strip("/"),
            "extra": {name: values[0] for name, values in parse_qs(postgres.query).items()},
        }
        analytics = {
            "conn_type": "generic",
            "host": endpoint.host,
            "port": endpoint.port,
            "login": endpoint.user,
            "password": endpoint.password,
            "schema": "planted",
        }
        git = {"conn_type": "generic", "login": "bob", "password": SECRETS["connection"]}
        self.home = home.with_environment(
            **LOUDEST,
            AIRFLOW_CONN_DEVHEALTH_POSTGRES=json.dumps(semantic),
            AIRFLOW_CONN_DEVHEALTH_CLICKHOUSE=json.dumps(analytics),
            AIRFLOW_CONN_GIT_BETA=json.dumps(git),
            GAMMA_TOKEN=f"cid:{SECRETS['variable']}",
            DEVHEALTH_SECRET_KEY=f"{SECRETS['key']}, {SECRETS['older key']}",
        )
        password = quote(SECRETS["PostgreSQL"], safe="")
        self.stores = {
            "POSTGRES_URI": postgres._replace(netloc=f"postgres:{password}@").geturl(),
            "CLICKHOUSE_URI": urlsplit(endpoint.uri)._replace(path="/planted").geturl(),
        }
        self.settings = Settings.from_environment(self.home.environment | self.stores)
        self.said = ""

    def cli(self, *arguments: str, status: int = 0, stdin: str = "", **more: str) -> str:
        """`devhealth --debug ...`; only what its caller typed may stand in its arguments."""
        command = [sys.executable, "-m", "devhealth.cli", "--debug", *arguments]
        environment = self.home.environment | self.stores | {"PYTHONPATH": str(INCLUDE)} | more
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=self.home.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with self.planted.watching(process.pid) as arguments_seen:
            output, _ = process.communicate(stdin, timeout=120)
        self.said += output
        assert process.returncode == status, output
        typed = " ".join(arguments)
        assert not [line for line, names in arguments_seen.items() if names and not line.endswith(typed)]
        return output

    def dag(self, dag_id: str, *, fails: bool = False, **given: str) -> str:
        """`airflow dags test` of a DAG, its arguments watched; in capitals is environment, the rest is its conf."""
        log = self.home.folder / "dag.log"
        log.unlink(missing_ok=True)
        environment = {name: value for name, value in given.items() if name.isupper()}
        conf = json.dumps({name: value for name, value in given.items() if not name.isupper()})
        home = self.home.with_environment(**environment)
        process = home.start("dags", "test", "--conf", conf, dag_id, log="dag.log")
        with self.planted.watching(process.pid) as arguments_seen:
            process.wait(240)
        output = log.read_text()
        self.said += output
        assert (process.returncode != 0) is fails, output[-6000:]
        assert not [line for line, names in arguments_seen.items() if names]
        return output

    def search(self, server: GuardedServer, *, typed: str = "") -> None:
        """Everything that was said, what ran while the server was asked, and everything that was left behind.

        `typed` is the secret that somebody gave as an argument.
        """
        assert self.planted.found_in(self.said) == []
        arguments = b"".join(server.arguments)
        assert b"remote-http" in arguments
        assert self.planted.found_in(arguments, but=typed) == []
        assert self.planted.found_in_files(self.home.folder, passes=OWN_COPY) == {}
        assert self.planted.found_in(rows_of_airflow(self.home.folder / "airflow.db")) == []
        assert self.planted.found_in(rows_of_stores(self.settings)) == []


@pytest.fixture
def plant(airflow_home, tmp_path, server):
    plant = Plant(airflow_home, fresh_uri("postgresql", tmp_path))
    with connected(replace(plant.settings, clickhouse_uri=embedded.status(airflow_home.settings.home).uri)) as client:
        client.execute("create database if not exists planted engine = Atomic")
    setup.prepare(plant.settings)
    for organisation in REFERENCES:
        plant.cli("admin", "create-org", organisation)
    store(plant, SECRETS["stored credential"])
    for organisation, reference in REFERENCES.items():
        given = ("--org", organisation, "--target", "git", "--credential", reference)
        plant.cli("register", server.url("shop.git"), *given)
    server.seen.clear()
    return plant


def store(plant: Plant, secret: str) -> None:
    arguments = ("--org", "acme", "--field", "username", "--field", "token")
    plant.cli("admin", "set-credential", "git-host", *arguments, stdin=f"ann\n{secret}\n")


def test_the_search_finds_every_spelling_of_a_secret(tmp_path):
    planted = Planted({"it": "a/b+%41 ü"}, ["ann"])
    basic = base64.b64encode("ann:a/b+%41 ü".encode())
    for spelling in ("a/b+%41 ü", "a%2Fb%2B%2541%20%C3%BC", "a%2Fb%2B%2541+%C3%BC", "a/b+%41 \\u00fc", basic):
        assert planted.found_in(spelling) == ["it"]
        raw = spelling if isinstance(spelling, bytes) else spelling.encode()
        (tmp_path / "file").write_bytes(b"x" * 100 + raw + b"y")
        assert planted.found_in_files(tmp_path, passes={}) == {str(tmp_path / "file"): ["it"]}
        assert planted.found_in_files(tmp_path, passes={"/file": "it"}) == {}
    running = subprocess.Popen(["sleep", "60"], env={"PATH": "/usr/bin:/bin"}, executable="/bin/sleep")
    try:
        with planted.watching(running.pid) as found:
            pass
    finally:
        running.kill()
        running.wait()
    assert found == {"sleep 60": []}


def test_a_sync_and_a_backfill_leave_no_secret_anywhere(plant: Plant, server: GuardedServer):
    output = plant.dag("sync_local_git")
    for organisation, reference in REFERENCES.items():
        assert f"shop of organisation '{organisation}' is read with {reference}" in output
    assert set(server.seen) == {"ann", "bob", "cid"}
    with connected(plant.settings) as client:
        assert client.execute("select uniqExact(org_id), count() from commits final") == [(3, 18)]
    days = {"since": "2026-03-01", "before": "2026-03-03"}
    for organisation, reference in REFERENCES.items():
        filled = plant.dag("backfill", organisation=organisation, configuration="shop", **days)
        assert f"shop of organisation '{organisation}' is read with {reference}" in filled
    plant.search(server)


def test_the_command_line_leaves_no_secret_anywhere(plant: Plant, server: GuardedServer):
    plant.cli("sync", "git", "--org", "acme")
    url = server.url("shop.git", user=f"dan:{quote(SECRETS['URL'], safe='')}")
    plant.cli("sync", "git", "--repo-path", url, "--org", "delta")
    assert set(server.seen) == {"ann", "dan"}
    assert "only Airflow knows its connections" in plant.cli("sync", "git", "--org", "beta", status=1)
    plant.cli("metrics", "daily")
    plant.cli("admin", "list-credentials", "--org", "acme", "--json")
    plant.cli("config", "export")
    plant.cli("status")
    plant.cli("admin", "rotate-key")
    wrong = plant.cli("admin", "rotate-key", status=2, DEVHEALTH_SECRET_KEY=SECRETS["wrong key"])
    assert "cannot be decrypted" in wrong
    plant.cli("admin", "rotate-key", status=2, DEVHEALTH_SECRET_KEY=SECRETS["key"][:-3])
    plant.cli("db", "current", status=1, POSTGRES_URI="postgresql://ann:wr0ng-one@127.0.0.1:9/x")
    assert "wr0ng-one" not in plant.said
    plant.search(server, typed="URL")


def test_a_store_out_of_reach_or_badly_written_leaves_no_secret_anywhere(airflow_home):
    """With colours on, Airflow 3 shows the local names of a traceback; none is of a password, and none of its parts."""
    planted = Planted({"password": "pl4nted"})
    for said, uri in {
        "127.0.0.1:9 cannot be reached": "clickhouse://ann:pl4nted@127.0.0.1:9/x",
        "CLICKHOUSE_URI cannot be read": "clickhouse://ann:pl4nted/pl4nted:pl4nted@pl4nted@[::1:9/x",
    }.items():
        home = airflow_home.with_environment(CLICKHOUSE_URI=uri, FORCE_COLOR="1", **LOUDEST)
        assert said in home.test_dag("backfill", organisation="acme", configuration="shop", expect=1)
    assert planted.found_in_files(airflow_home.folder, passes=OWN_COPY) == {}
    assert planted.found_in(rows_of_airflow(airflow_home.folder / "airflow.db")) == []


def test_a_refused_credential_and_a_wrong_key_leave_no_secret_anywhere(plant: Plant, server: GuardedServer):
    """With colours on, Airflow 3 shows the local names of a traceback."""
    server.accounts.clear()
    store(plant, SECRETS["refused"])
    refused = plant.dag("sync_local_git", GAMMA_TOKEN=f"cid:{SECRETS['refused']}", FORCE_COLOR="1", fails=True)
    for reference in REFERENCES.values():
        assert f"refuses {reference}" in refused
    plant.cli("sync", "git", "--org", "acme", status=1)
    wrong = plant.dag("sync_local_git", DEVHEALTH_SECRET_KEY=SECRETS["wrong key"], FORCE_COLOR="1", fails=True)
    assert "cannot be decrypted with the key in DEVHEALTH_SECRET_KEY" in wrong
    plant.search(server)
