"""Every line of Airflow that requirements.txt allows, installed as a platform team does.

Each gets an environment of its own: that Airflow with what the package index held at its time, then requirements.txt on
top. In each the DAG files are imported, a real scheduler runs `sync_local_git` with mapped tasks and the run of
`compute_metrics` that follows it. The stores are servers of their own, since an embedded one is no part of
requirements.txt. `python -m tests.versions.airflow_lines 3.0.6 3.1.0` tries these two only.
"""

import hashlib
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from requirements.environment import installer

from devhealth.warehouse import embedded
from devhealth.warehouse.connection import connected
from tests.airflow_home import ROOT, AirflowHome, new_home, schedulable, scheduling
from tests.integration.conftest import daily_history
from tests.postgres import fresh_uri
from tests.versions.table import told

ENVIRONMENTS = ROOT / ".devhealth" / "versions"
DAGS = {path.stem for path in (ROOT / "dags").glob("*.py")}
RUN_SECONDS = 600
REPOSITORIES = ("docs", "shop")


@dataclass(frozen=True)
class Installation:
    """`day` is when somebody installed this Airflow; `lowest` asks for the oldest versions that are allowed."""

    airflow: str
    day: str = ""
    lowest: bool = False

    @property
    def name(self) -> str:
        """What it is called in the table and on disk."""
        return f"{self.airflow or 'newest'}{'-lowest' if self.lowest else ''}"


INSTALLATIONS = (
    Installation("2.11.0", "2025-06-01"),
    Installation("2.11.2", "2026-04-01"),
    Installation("3.0.2", "2025-06-20"),
    Installation("3.0.6", "2025-09-10"),
    Installation("3.1.0", "2025-10-01"),
    Installation("3.1.8", "2026-03-20"),
    Installation("3.2.0", "2026-04-08"),
    Installation("3.2.2", "2026-06-10"),
    Installation("3.3.0", "2026-07-07"),
    Installation(""),
    Installation("2.11.0", "2025-12-15", lowest=True),
    Installation("3.0.2", lowest=True),
    Installation("3.3.2", lowest=True),
)
"""The first and the last version of each line, the newest of all, and the oldest of everything else with three."""


def main() -> None:
    """Run them one after the other, and print the table."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    wanted = sys.argv[1:]
    chosen = [one for one in INSTALLATIONS if not wanted or one.name in wanted]
    with tempfile.TemporaryDirectory(prefix="versions-") as name:
        folder = Path(name)
        try:
            outcomes = [told("Airflow", one.name, partial(works, one, folder)) for one in chosen]
        finally:
            embedded.stop(folder)
    sys.exit(any(outcome.error for outcome in outcomes) or not outcomes)


def works(one: Installation, folder: Path) -> str:
    """What was seen to work. Raises AssertionError or CalledProcessError with what did not."""
    home = home_of(one, folder)
    home.run("db", "migrate")
    facts = imported(home)
    assert facts["errors"] == {}, facts["errors"]
    assert set(facts["dags"]) == DAGS, facts["dags"]
    configured(home)
    home.run("dags", "reserialize")
    with scheduling(home, is_2=facts["airflow"].startswith("2.")):
        for dag_id in ("sync_local_git", "compute_metrics"):
            home.run("dags", "trigger", dag_id)
            assert ended(home, dag_id) == "success", home.states(dag_id)
    named = home.query("select distinct rendered_map_index from task_instance where task_id = 'unit.sink'")
    assert {name for (name,) in named} == {f"{name} {target}" for name in REPOSITORIES for target in ("git", "blame")}
    with connected(home.settings) as client:
        assert client.execute("select count() from commits final") == [(6,)]
        assert client.execute("select count() > 0 from repo_metrics_daily_latest") == [(1,)]
    return ", ".join(f"{name} {version}" for name, version in facts["versions"].items())


def environment(one: Installation) -> Path:
    """Its Python. An environment that is there is taken as it is, unless what it was made from has changed."""
    folder = ENVIRONMENTS / one.name
    python, ready = folder / "bin" / "python", folder / ".ready"
    made_from = hashlib.sha256(f"{one} {(ROOT / 'requirements.txt').read_text()}".encode()).hexdigest()
    if one.airflow and ready.exists() and ready.read_text() == made_from:
        return python
    uv, environ = installer()
    installing = [uv, "pip", "install", "-q", "--compile-bytecode", "--python", python]
    pinned = [f"apache-airflow=={one.airflow}"] if one.airflow else ["apache-airflow"]
    dated = ["--exclude-newer", one.day] if one.day else []
    commands = [[uv, "venv", "-q", "--clear", "--python", "3.11", folder]]
    if not one.lowest:
        commands += [[*installing, *pinned, *dated]]
    lowest = ["--resolution", "lowest-direct", *dated] if one.lowest else []
    commands += [[*installing, *lowest, *pinned, "-r", ROOT / "requirements.txt"]]
    for command in commands:
        subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
    ready.write_text(made_from)
    return python


def home_of(one: Installation, folder: Path) -> AirflowHome:
    """An Airflow of its own, with databases of its own on servers that all of them share."""
    clickhouse = urlsplit(embedded.ensure_started(folder).uri)
    return schedulable(
        new_home(folder / one.name, python=str(environment(one))),
        POSTGRES_URI=fresh_uri("postgresql", folder),
        CLICKHOUSE_URI=clickhouse._replace(path=f"/{re.sub(r'[^0-9a-z]', '_', one.name)}").geturl(),
    )


def imported(home: AirflowHome) -> dict[str, Any]:
    """What importing the DAG files yields there."""
    done = subprocess.run(
        [home.python, Path(__file__).with_name("dag_bag.py")],
        env=home.environment,
        cwd=home.folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.partition("FACTS")[2])


def configured(home: AirflowHome) -> None:
    """Have two repositories synced, by the command line of that environment."""
    sources = [str(daily_history(home.folder / name, days=1)) for name in REPOSITORIES]
    configurations = {"ours": {"provider": "local_git", "sources": sources, "targets": ["git", "blame"]}}
    file = home.folder / "organisations.yaml"
    file.write_text(json.dumps({"organisations": {"acme": {"configurations": configurations}}}))
    environ = home.environment | {"PYTHONPATH": str(ROOT / "include")}
    for arguments in (["db", "upgrade"], ["config", "apply", file]):
        subprocess.run(
            [home.python, "-m", "devhealth.cli", *arguments], env=environ, check=True, capture_output=True, text=True
        )


def ended(home: AirflowHome, dag_id: str) -> str:
    """How its run ended; `running` when it has not in time."""
    deadline = time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        ((state,),) = home.query("select state from dag_run where dag_id = ?", dag_id)
        if state not in {"queued", "running"}:
            break
        time.sleep(0.5)
    return state


if __name__ == "__main__":
    main()
