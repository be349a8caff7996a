.DEFAULT_GOAL := help
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
REPO ?= $(CURDIR)
STRICT ?=

# Everything devhealth and Airflow keep on one machine lives below .devhealth.
STATE := $(CURDIR)/.devhealth
demo airflow clean: export DEVHEALTH_HOME := $(STATE)
demo airflow: export AIRFLOW_HOME := $(STATE)/airflow
demo airflow: export AIRFLOW__CORE__DAGS_FOLDER := $(CURDIR)/dags
demo airflow: export AIRFLOW__CORE__PLUGINS_FOLDER := $(CURDIR)/plugins
demo airflow: export AIRFLOW__CORE__LOAD_EXAMPLES := False
demo airflow: export AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY := 5
demo airflow: export AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION := False
demo airflow: export AIRFLOW__DEVHEALTH__BACKFILL_POOL := devhealth_backfill
demo airflow: export AIRFLOW__DEVHEALTH__EMBEDDED_STORES := True
demo airflow clean check docs bench versions: export PYTHONPATH := $(CURDIR)/include:$(CURDIR)/plugins:$(CURDIR)
DEVHEALTH := "$(STATE)/bin/devhealth"

help: ## List the targets.
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

demo: .devhealth/airflow/ready .devhealth/bin/devhealth ## Sync a repository through Airflow, backfill its last 30 days, show its metrics; REPO=path-or-url.
	@$(DEVHEALTH) warehouse start
	@printf '%s\n' "$$ORGANISATION" >"$(STATE)/demo.yaml"
	@$(DEVHEALTH) config apply "$(STATE)/demo.yaml"
	@.venv/bin/python -m devhealth_airflow.one_machine.run_here "$(STATE)/logs/demo.log" \
	  'sync_local_git={"organisation": "demo"}' compute_metrics
	@$(DEVHEALTH) backfill run --org demo --config demo --target git --since 30d
	@$(DEVHEALTH) status --org demo
	@$(DEVHEALTH) show --org demo --repo "$(REPO)"
	@echo '      `make airflow` shows the runs in Airflow.'
	@echo '      `.devhealth/bin/devhealth --help` is the command line.'

define ORGANISATION
organisations:
  demo:
    configurations:
      demo:
        provider: local_git
        sources: ['$(subst ','',$(shell cd "$(REPO)" 2>/dev/null && pwd || echo "$(REPO)"))']
        targets: [git, blame]
endef
demo: export ORGANISATION := $(ORGANISATION)

airflow: .devhealth/airflow/ready .devhealth/bin/devhealth ## Start Airflow with the DAGs on this machine and say where to log in.
	@$(DEVHEALTH) db upgrade
	@exec .venv/bin/python -m devhealth_airflow.one_machine.standalone "$(STATE)/logs/airflow.log"

test: .venv/.ready .venv-2.11/.ready ## Check everything, then run all tests on both lines of Airflow.
	@tests/both_lines.sh

check: .venv/.ready ## Check format, lint, types, layers, SQL, and that the generated docs are current.
	@export PATH="$(CURDIR)/.venv/bin:$$PATH"; set -e; \
	ruff format --check -q .; ruff check -q .; mypy; lint-imports --no-cache; \
	sqlfluff lint --disable-progress-bar include; python docs/generate.py --check

docs: .venv/.ready ## Write the generated pages of docs/ anew.
	@.venv/bin/python docs/generate.py

versions: .venv/.ready ## Run a sync on each line of Airflow the docs name, in an environment of its time; takes long.
	@.venv/bin/python -m tests.versions

bench: .venv/.ready ## Measure against plain git; REPO=path for another repository, STRICT=1 to fail on a miss.
	@.venv/bin/python -m tests.bench $(if $(STRICT),--strict) $(if $(filter-out $(CURDIR),$(REPO)),--repo "$(REPO)")

lock: .venv/.ready ## Resolve both lock files anew from requirements.txt and requirements/*.in.
	@for line in 3 2; do .venv-boot/bin/uv pip compile -q --universal --no-header --no-annotate --python-version 3.11 requirements/airflow-$$line.in requirements/dev.in -o requirements/airflow-$$line.lock; done

clean: ## Stop the embedded ClickHouse, then remove the environments, caches and .devhealth.
	@if [ -x .venv/bin/python ] && [ -d .devhealth/warehouse ]; then .venv/bin/python -m devhealth.cli warehouse stop; fi
	@rm -rf .venv .venv-2.11 .venv-boot .devhealth dist build .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.ready: requirements/airflow-3.lock
	@$(PYTHON) requirements/environment.py .venv $<

.venv-2.11/.ready: requirements/airflow-2.lock
	@$(PYTHON) requirements/environment.py .venv-2.11 $< 3.12

.devhealth/airflow/ready: export AIRFLOW_HOME := $(STATE)/airflow
.devhealth/airflow/ready: .venv/.ready Makefile
	@mkdir -p .devhealth/airflow .devhealth/logs
	@echo "Preparing the database of Airflow ..."
	@airflow() { .venv/bin/python -m airflow "$$@"; }; \
	{ airflow db migrate && airflow pools set devhealth_backfill 1 "chunks of backfills, as many at once as it has slots"; } \
	  >.devhealth/logs/migrate.log 2>&1 || { tail -20 .devhealth/logs/migrate.log; exit 1; }
	@touch $@

.devhealth/bin/devhealth: Makefile
	@mkdir -p .devhealth/bin
	@printf '%s\n' "$$COMMAND_LINE" >$@
	@chmod +x $@

define COMMAND_LINE
#!/bin/sh
export DEVHEALTH_HOME="$${DEVHEALTH_HOME:-$(STATE)}" PYTHONPATH="$(CURDIR)/include"
# The Airflow that `make airflow` starts is the one that `devhealth backfill run --airflow` asks.
export AIRFLOW_HOME="$${AIRFLOW_HOME:-$(STATE)/airflow}" AIRFLOW__CORE__LOAD_EXAMPLES=False
export AIRFLOW__CORE__DAGS_FOLDER="$(CURDIR)/dags" AIRFLOW__CORE__PLUGINS_FOLDER="$(CURDIR)/plugins"
exec "$(CURDIR)/.venv/bin/python" -m devhealth.cli "$$@"
endef
.devhealth/bin/devhealth: export COMMAND_LINE := $(COMMAND_LINE)

.PHONY: help demo airflow test check docs versions bench lock clean
