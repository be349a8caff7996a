#!/usr/bin/env bash
# Runs `make check` and all tests on both lines of Airflow; the last line adds up what the runner counted.
# Everything runs even when something before it failed; the exit status says whether all of it passed.
# PYTEST_ARGS="tests/cli" runs that part of them on both lines.
set -u
cd "$(dirname "$0")/.."
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
verdicts=() status=0

# Code that neither Airflow nor SQLAlchemy takes part in is tested on one line: whatever else it imports is the same
# version on both, which tests/test_lines.py makes sure of. Once too: the long tests of kills and interleavings outside
# Airflow. What they have SQLAlchemy do, tests/semantic and tests/pipelines have it do on both.
once=(tests/connectors tests/github tests/metrics tests/models tests/processors tests/transport tests/warehouse tests/test_compose.py tests/test_layers.py)
once+=(tests/integration/test_github{,_deployments,_issues,_pipelines,_pull_requests}.py)
once+=(tests/integration/test_{backfill_,}unkillable.py tests/pipelines/backfill/test_properties.py tests/pipelines/test_people_at_any_time.py)

run() {
  local name=$1 begin=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  if "$@"; then
    verdicts+=("passed  $name ($((SECONDS - begin)) s)")
  else
    verdicts+=("FAILED  $name ($((SECONDS - begin)) s)")
    status=1
  fi
}

line() {
  local line=$1 python=$2/bin/python
  shift 2
  run "tests on Airflow $line" "$python" -m pytest -n "${TEST_WORKERS:-2}" --dist worksteal -p no:cacheprovider \
    --junitxml "$reports/$line.xml" ${PYTEST_ARGS:-$*} </dev/null
}

run "check" make check
line 3.3 .venv
line 2.11 .venv-2.11 "${once[@]/#/--ignore=}"

printf '\n'
printf '%s\n' "${verdicts[@]}"
.venv/bin/python - "$reports"/*.xml <<'EOF' || status=1
import sys
from xml.etree import ElementTree

suites = [suite for path in sys.argv[1:] for suite in ElementTree.parse(path).iter("testsuite")]
ran, failed, skipped = (sum(int(suite.get(name, 0)) for suite in suites) for name in ("tests", "failures", "skipped"))
failed += sum(int(suite.get("errors", 0)) for suite in suites)
print(f"total: {ran - failed - skipped} passed, {failed} failed, {skipped} skipped")
sys.exit(ran == skipped)
EOF
exit "$status"
