.DEFAULT_GOAL := help
SHELL := /bin/bash
UV_VERSION := 0.13.8
PYTHON ?= python3
BOOT := .venv-boot
UV := $(BOOT)/bin/uv

$(UV):
	@$(PYTHON) -m venv $(BOOT) && $(BOOT)/bin/pip install -q --disable-pip-version-check uv==$(UV_VERSION)

.venv/.ready: requirements/airflow-3.lock | $(UV)
	@$(UV) venv -q --allow-existing --python $(PYTHON) .venv && $(UV) pip sync -q --python .venv/bin/python $< && touch $@

.venv-2.11/.ready: requirements/airflow-2.lock | $(UV)
	@$(UV) venv -q --allow-existing --python $(PYTHON) .venv-2.11 && $(UV) pip sync -q --python .venv-2.11/bin/python $< && touch $@

lock: | $(UV) ## Re-resolve both lock files from requirements.txt and requirements/*.in.
	@for line in 3 2; do $(UV) pip compile -q --universal --no-header --no-annotate --python-version 3.11 requirements/airflow-$$line.in requirements/dev.in -o requirements/airflow-$$line.lock; done
