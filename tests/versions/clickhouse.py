"""The oldest ClickHouse that is supported and one of the years between: `python -m tests.versions.clickhouse`.

Each makes the whole schema and is asked all statements of the metrics with their parameters. The engines are those of
chdb's wheels, in a process each, without a server; the newest one is what all other tests run on.
"""

import json
import re
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from clickhouse_driver.util.escape import escape_params
from requirements.environment import installer

from devhealth.metrics import engine as metrics_engine
from devhealth.metrics import statements
from devhealth.metrics.definitions import all_definitions
from devhealth.warehouse import ddl
from tests.versions.table import told

ENVIRONMENTS = Path(__file__).parents[2] / ".devhealth" / "versions"
WHEELS = {"24.8": "chdb==2.1.1", "25.5": "chdb==3.6.0"}
PYTHON = "3.11"
"""The wheels are built for each version of Python, and not for the newest ones."""
PARAMETERS = {
    "definition_version": 1,
    "computed_at": "2026-03-20 12:00:00.000000",
    "org_id": "acme",
    "org_ids": ["acme"],
    "repo_ids": ["shop"],
    "since": "2026-01-01 00:00:00",
    "before": "2026-03-20 00:00:00",
    "until": "2026-03-20 00:00:00",
    "first_day": "2026-03-01",
    "last_day": "2026-03-19",
    "scope_repo_ids": ["shop"],
    "scope_first_days": ["2026-03-01"],
    "scope_last_days": ["2026-03-19"],
    "as_of_day": "2026-03-20",
    "repo_ids_at_the_end": ["shop"],
    "business_hours_start": 9,
    "business_hours_end": 17,
}


class Engine:
    """An engine in a process of its own."""

    def __init__(self, version: str, folder: Path) -> None:
        python, package = environment(version)
        self._command = [python, Path(__file__).with_name("chdb_process.py"), package, folder / f"data-{version}"]
        self._log = folder / f"{version}.log"
        self._start()

    def ask(self, text: str) -> list[list[Any]]:
        """The rows of the last of some statements; AssertionError when it refuses one."""
        error, said = self._answer(text)
        if error:  # chdb 2.1 at times trips over what earlier statements left in its process
            self.stop()
            self._start()
            error, said = self._answer(text)
        assert not error, f"{error[:1500]}\n{text[:20_000]}"
        return [json.loads(line) for line in said.splitlines()]

    def stop(self) -> None:
        """End its process; what it stored stays."""
        self._process.kill()
        self._process.communicate()

    def _start(self) -> None:
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )

    def _answer(self, text: str) -> tuple[str, str]:
        self._process.stdin.write(json.dumps(text) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "the engine crashed", "said": ""}')
        return answer["error"], answer["said"]


def main() -> None:
    """Ask them one after the other, and print the table."""
    wanted = sys.argv[1:] or [*WHEELS]
    with tempfile.TemporaryDirectory(prefix="devhealth-versions-") as name:
        outcomes = [told("ClickHouse", one, partial(works, one, Path(name))) for one in wanted]
    sys.exit(any(outcome.error for outcome in outcomes) or not outcomes)


def works(version: str, folder: Path) -> str:
    """What was seen to work; AssertionError with the first statement that is refused."""
    engine = Engine(version, folder)
    try:
        [(release,)] = engine.ask("select version()")
        engine.ask("create database devhealth engine = Atomic")
        definitions = [*ddl.tables().values(), *ddl.views().values()]
        for statement in definitions:
            engine.ask(f"use devhealth; {_plain(statement)}")
        asked = list(metric_statements())
        for table, statement in asked:
            sent = escape_params(PARAMETERS | {"table": table}, None, for_server=True)
            named = {name: value for name, value in sent.items() if f"{{{name}:" in statement}
            values = "".join(f"set param_{name} = {_quoted(value)}; " for name, value in named.items())
            engine.ask(f"use devhealth; {values}{_plain(statement)}")
    finally:
        engine.stop()
    return f"{release}: {len(definitions)} definitions, {len(asked)} statements of metrics"


def metric_statements():
    """Each with the table it writes."""
    for definition in all_definitions():
        yield definition.name, statements.changes(definition)
    for statement in (*metrics_engine._OVERDUE, metrics_engine._REPOSITORIES):
        yield "", statement


def environment(version: str) -> tuple[Path, Path]:
    """The Python of an engine, and the folder of its package; made when it is not there."""
    folder = ENVIRONMENTS / f"clickhouse-{version}"
    python, ready = folder / "bin" / "python", folder / ".ready"
    if not ready.exists() or ready.read_text() != WHEELS[version]:
        uv, environ = installer()
        commands = (
            [uv, "venv", "-q", "--clear", "--python", PYTHON, folder],
            [uv, "pip", "install", "-q", "--no-deps", "--python", python, WHEELS[version]],
        )
        for command in commands:
            subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
        ready.write_text(WHEELS[version])
    return python, next((folder / "lib").glob("python*/site-packages"))


def _plain(statement: str) -> str:
    return re.sub(r"--.*", "", statement).strip().rstrip(";")


def _quoted(value: Any) -> str:
    return value if isinstance(value, str) else f"'{value}'"


if __name__ == "__main__":
    main()
