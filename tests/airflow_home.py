"""A real Airflow in a folder of its own, on whichever line the tests run, driven by its command line."""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import psutil

from devhealth.settings import Settings
from devhealth.warehouse import embedded

ROOT = Path(__file__).parents[1]
IS_2 = version("apache-airflow").startswith("2.")


@dataclass(frozen=True)
class AirflowHome:
    """`environment` is all that its processes get to see: no PYTHONPATH, nothing of the caller's."""

    folder: Path
    environment: dict[str, str]
    python: str = sys.executable

    @property
    def settings(self) -> Settings:
        """What a task without connections works with."""
        return Settings.from_environment(self.environment)

    def with_environment(self, **more: str) -> "AirflowHome":
        """The same folder, seen by processes that know more."""
        return replace(self, environment=self.environment | more)

    def start(self, *arguments: str, log: str = "output.log") -> subprocess.Popen[bytes]:
        """`airflow ...` as a process group of its own; what it prints is appended to the file."""
        with (self.folder / log).open("ab") as file:
            return subprocess.Popen(
                [self.python, "-m", "airflow", *arguments],
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=self.environment,
                cwd=self.folder,
                start_new_session=True,
            )

    def run(self, *arguments: str, expect: int = 0) -> str:
        """The output of `airflow ...`, which must end with the expected status."""
        done = subprocess.run(
            [self.python, "-m", "airflow", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=self.environment,
            cwd=self.folder,
            text=True,
            timeout=240,
            check=False,
        )
        with (self.folder / "output.log").open("a") as file:
            file.write(done.stdout)
        assert done.returncode == expect, done.stdout[-6000:]
        return done.stdout

    def test_dag(self, dag_id: str, *, expect: int = 0, day: str | None = None, **conf: object) -> str:
        """`airflow dags test`: a run by hand, to its end, without scheduler."""
        options = ["--conf", json.dumps(conf)] if conf else []
        return self.run("dags", "test", *options, dag_id, *([day] if day else []), expect=expect)

    def query(self, sql: str, *parameters: object) -> list[tuple]:
        """Rows of Airflow's own database."""
        with contextlib.closing(sqlite3.connect(self.folder / "airflow.db", timeout=30)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def execute(self, sql: str) -> None:
        """Change Airflow's own database, as a person at its web page would."""
        with contextlib.closing(sqlite3.connect(self.folder / "airflow.db", timeout=30)) as connection, connection:
            connection.execute(sql)

    def states(self, dag_id: str) -> dict[tuple[str, int], str]:
        """How the tasks of the newest run ended, by task and map index."""
        rows = self.query(
            "select task_id, map_index, state from task_instance where dag_id = ? and run_id = "
            "(select run_id from dag_run where dag_id = ? order by id desc limit 1)",
            dag_id,
            dag_id,
        )
        return {(task, index): state for task, index, state in rows}

    def stop(self) -> None:
        """End the embedded ClickHouse that tasks may have started."""
        embedded.stop(self.settings.home)


def new_home(
    folder: Path, database: Path | None = None, *, delivery: Path = ROOT, python: str = sys.executable
) -> AirflowHome:
    """A home with the DAGs and plugins of the folder `delivery`, and a copy of the migrated database."""
    folder.mkdir(parents=True, exist_ok=True)
    if database:
        shutil.copy(database, folder / "airflow.db")
    return AirflowHome(
        folder,
        {
            "PATH": f"{Path(python).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "TZ": "UTC",
            "PYTHONWARNINGS": "ignore",
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(delivery / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(delivery / "plugins"),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
            "AIRFLOW__DEVHEALTH__EMBEDDED_STORES": "True",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "DEVHEALTH_HOME": str(folder / "devhealth"),
        },
        python,
    )


def schedulable(home: AirflowHome, **more: str) -> AirflowHome:
    """The home as its scheduler and, on 3.x, its API server see it: on free ports, running only what is asked for."""
    api = free_port()
    return home.with_environment(
        AIRFLOW__API__HOST="127.0.0.1",
        AIRFLOW__API__PORT=str(api),
        AIRFLOW__API__WORKERS="1",
        AIRFLOW__API_AUTH__JWT_SECRET="only-known-to-the-processes-of-this-test" * 2,
        AIRFLOW__CORE__EXECUTION_API_SERVER_URL=f"http://127.0.0.1:{api}/execution/",
        AIRFLOW__CORE__EXECUTOR="LocalExecutor",
        AIRFLOW__CORE__PARALLELISM="4",
        AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(free_port()),
        AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME="0.2",
        AIRFLOW__SCHEDULER__SCHEDULE_AFTER_TASK_EXECUTION="False",  # 2.11: tasks would, and SQLite locks no rows
        AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE="False",
        _AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK="1",  # 2.11: several tasks beside a SQLite file
        **more,
    )


@contextlib.contextmanager
def scheduling(home: AirflowHome, *, is_2: bool = IS_2) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes that run what is asked for while the block lasts; the block may have killed them itself."""
    with contextlib.ExitStack() as stack:
        started: list[subprocess.Popen[bytes]] = []
        if not is_2:
            started.append(home.start("api-server", log="api.log"))
            stack.enter_context(running(started[0]))
            _answers(home, started[0])
        started.append(home.start("scheduler", log="scheduler.log"))
        stack.enter_context(running(started[-1]))
        yield started


def _answers(home: AirflowHome, server: subprocess.Popen[bytes], seconds: float = 90) -> None:
    """Wait until the API server does: tasks that find none fail."""
    address = ("127.0.0.1", int(home.environment["AIRFLOW__API__PORT"]))
    deadline = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(address, timeout=1):
            return
        time.sleep(0.1)
    raise AssertionError((home.folder / "api.log").read_text()[-4000:])


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(*processes: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ends the processes and all their children when the block does."""
    try:
        yield
    finally:
        for process in processes:
            kill_tree(process.pid, signal.SIGTERM)
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
            kill_tree(process.pid, signal.SIGKILL)
            process.wait()


def kill_tree(pid: int, number: int) -> None:
    """Signal a process and all its descendants, in whatever groups they are."""
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in [*root.children(recursive=True), root]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
