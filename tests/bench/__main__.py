"""`python -m tests.bench [--repo PATH] [--strict] [--only NAME]`."""

import argparse
import os
import sys
import time
from pathlib import Path

from devhealth.pipelines.backfill.stopping import stoppable
from devhealth.warehouse import embedded
from tests.bench import github, github_deployments, github_issues, github_runs, measures
from tests.bench.processes import Others, undisturbed
from tests.bench.verdict import heading
from tests.git_bench_repository import build_bench_repository

CACHE = Path(__file__).parents[2] / ".devhealth" / "bench"
YEAR = 52 * 7
BLAME_SIZE = {"commits": 3_000, "file_changes": 12_000}


def main():
    options = arguments()
    CACHE.mkdir(parents=True, exist_ok=True)
    history, tree = repositories(options.repo)
    missed = 0
    try:
        with stoppable():
            missed = measured(options, history, tree)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        embedded.stop(CACHE / "home")
    print(f"{missed} of the targets missed" if missed else "every target met")
    sys.exit(1 if missed and options.strict else 0)


def measured(options, history, tree):
    """Print a line for each measure; how many targets were missed."""
    endpoint = embedded.ensure_started(CACHE / "home")
    uri, missed = endpoint.uri, 0
    parts = {
        "help": measures.command_line,
        "parse": measures.parsing,
        "insert": lambda: measures.insert(uri),
        "sync": lambda: measures.first_sync(uri, history),
        "backfill": lambda: measures.backfill(uri, history),
        "blame": lambda: measures.blame(uri, tree),
        "metrics": lambda: measures.metrics(uri),
        "github": lambda: github.github(uri),
        "runs": lambda: github_runs.github_runs(uri),
        "deployments": lambda: github_deployments.github_deployments(uri),
        "issues": lambda: github_issues.github_issues(uri),
    }
    print(f"{os.cpu_count()} cores, {os.getloadavg()[0]:.1f} of them busy already\n{heading()}")
    for name in options.only or parts:
        found, busy = undisturbed(lambda part=parts[name]: list(part()), Others(endpoint.pid))
        for measure in found:
            print(measure.line() + busy, flush=True)
            missed += measure.missed
    return missed


def arguments():
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--repo", type=Path, help="measure on this repository instead of a generated one")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a target is missed")
    parts = (
        "help",
        "parse",
        "insert",
        "sync",
        "backfill",
        "blame",
        "metrics",
        "github",
        "runs",
        "deployments",
        "issues",
    )
    parser.add_argument("--only", action="append", choices=parts)
    return parser.parse_args()


def repositories(given):
    """The repository whose history is read, and the one whose files are blamed."""
    if given:
        return given, given
    return generated("year.git", days=YEAR), generated("tree.git", **BLAME_SIZE)


def generated(name, **size):
    """A generated repository, made once."""
    path, partial = CACHE / name, CACHE / f".{name}.{time.time_ns()}"
    if not path.exists():
        print(f"generating {path} ...", flush=True)
        build_bench_repository(partial, **size)
        partial.rename(path)
    return path


if __name__ == "__main__":
    main()
