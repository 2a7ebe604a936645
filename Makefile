# Needs only make and Python 3.11 or newer: each target sets up what it uses in .venv, once.
# Another interpreter: make test PYTHON=/path/to/python3

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

VENV := .venv
PY := $(VENV)/bin/python
PYTEST_WORKERS ?= auto
ARGS ?=

PIP_INSTALL = $(PY) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
COMPILE = CUSTOM_COMPILE_COMMAND="make requirements" $(PY) -m piptools compile --quiet --generate-hashes \
	--strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.PHONY: help install demo test lint format bench requirements clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r target effect; do printf '%-25s %s\n' "  $$target" "$$effect"; done

install: $(VENV)/.dev ## Make .venv with all that the commands need; then: . .venv/bin/activate
	@echo "Now type: . $(VENV)/bin/activate    (once in each new terminal; then python -m bot … works)"

demo: $(VENV)/.embedded ## Chat with the bot here, with its own Valkey and PostgreSQL
	$(PY) -m bot demo $(ARGS)

test: $(VENV)/.dev ## Run the tests; with CI=true also the long ones (some: make test ARGS="tests/test_settings.py -k port")
	$(PY) -m pytest -n $(PYTEST_WORKERS) --dist loadgroup $(if $(CI),,-m "not slow") $(ARGS)

lint: $(VENV)/.dev ## Check format, style, types, flows and catalogs
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -m bot flows lint
	$(PY) -m bot i18n check

format: $(VENV)/.dev ## Format the code and fix what can be fixed by itself
	$(PY) -m ruff check --fix --exit-zero --quiet .
	$(PY) -m ruff format .

bench: $(VENV)/.dev ## Measure speed against the bare limit
	$(PY) -m tests.benchmarks $(ARGS)

requirements: $(VENV)/.dev ## Pin newest dependencies again (requirements*.txt from pyproject.toml)
	$(COMPILE) --upgrade --all-extras --output-file=requirements-dev.txt pyproject.toml
	cp requirements-dev.txt requirements-embedded.txt # compile keeps the pins it finds
	$(COMPILE) --extra=embedded --output-file=requirements-embedded.txt pyproject.toml
	cp requirements-dev.txt requirements.txt
	$(COMPILE) --output-file=requirements.txt pyproject.toml

clean: ## Remove .venv, caches and built files; var/ (your data) stays
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.embedded: requirements-embedded.txt | $(PY)
	@echo "Installing what the demo needs into $(VENV) (once)…"
	@$(PIP_INSTALL) -r requirements-embedded.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(PY)
	@echo "Installing what tests and checks need into $(VENV) (once)…"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@ $(VENV)/.embedded

# Candidates are run, not looked up: a version manager's shim may exist and still refuse to start.
$(PY):
	@older=; for python in $(PYTHON) python3.13 python3.12 python3.11 python3.14 python3 python /usr/bin/python3; do \
		version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
		if ! $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			older="$$older $$python=$$version"; continue; \
		fi; \
		if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
			bare=$$python; continue; \
		fi; \
		echo "Making $(VENV) with $$python (Python $$version)…"; \
		rm -rf $(VENV); \
		exec $$python -m venv $(VENV); \
	done; \
	if [ -n "$$bare" ]; then \
		echo "$$bare cannot make virtual environments: its venv module is missing." >&2; \
		echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	else \
		echo "Python 3.11 or newer is needed; found:$${older:- none}." >&2; \
		echo "Install it (Debian, Ubuntu: apt-get install python3 python3-venv) or name one: make PYTHON=/path/to/python3" >&2; \
	fi; \
	exit 1
