# `make run` and `make test` install what is missing, and change nothing that is installed.
PYTHON ?= python3
BIN := .venv/bin
SERVICES := $(PYTHON) scripts/services
# Python files without the suffix .py, which ruff would skip.
COMMANDS := scripts/run scripts/services scripts/fuzz scripts/screenshot scripts/test deploy/healthy
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --fetch-retries=1
# The settings require a key. Checks generate one that is discarded when they end.
SECRET = export SECRET_KEY="$${SECRET_KEY:-$$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')}"
BIOME := PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/biome

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run demo test slow soak screenshots fuzz faults hosts containers bench bench-large lint format stop clean clean-data
.PHONY: lock pin chromium pgbouncer servers

help: ## Show what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: .venv/.runtime .venv/.charts ## Install what a run needs into .venv and node_modules

run: setup ## Run everything until Ctrl-C; PORT=8001 moves the page
	@exec $(BIN)/python scripts/run

demo: setup ## The same with a made-up shop and its visitors, and a login to view them
	@exec $(BIN)/python scripts/run demo

test: lint chromium pgbouncer servers ## Lint, then the tests without `make slow`, two files at a time, those that measure time alone; ARGS="-k drain" selects some
	@$(SECRET); exec $(BIN)/python scripts/services run -- $(BIN)/python scripts/test $(ARGS)

slow: .venv/.dev node_modules/.dev chromium pgbouncer servers ## The tests that take long and rarely fail, in the same way: faults, servers, runs, generated requests, heap
	@$(SECRET); exec $(BIN)/python scripts/services run -- $(BIN)/python scripts/test --slow $(ARGS)

soak: .venv/.dev chromium ## Watch live charts for ten minutes, and check that the heap does not grow
	@$(SECRET); export SOAK_SECONDS=600; exec $(BIN)/python scripts/services run -- \
	    $(BIN)/python -m pytest tests/test_long_watch.py -k heap

screenshots: setup .venv/.dev chromium ## Take the screenshots of README and docs, in about four minutes; ARGS="map path" some
	@$(SECRET); exec $(BIN)/python scripts/services run -- $(BIN)/python scripts/screenshot $(ARGS)

fuzz: .venv/.dev ## Send over 20,000 generated requests to the API, the pages and the admin; SEED=7 repeats a run
	@$(SECRET); exec $(BIN)/python scripts/services run -- $(BIN)/python scripts/fuzz

bench: .venv/.dev node_modules/.dev chromium ## Measure speed as ratios, rewrite docs/performance.md; ARGS="--only ingest" some
	@$(SECRET); exec $(BIN)/python scripts/services run -- $(BIN)/python -m benchmarks $(ARGS)

bench-large: .venv/.dev node_modules/.dev ## The same for the rows with 100 million events: 10 GB of disk, half an hour
	@$(SECRET); exec $(BIN)/python scripts/services run -- $(BIN)/python -m benchmarks --large $(ARGS)

faults: .venv/.dev ## Kill, stop, flood and forge, all of it (15 minutes); SEED=7 repeats a run
	@$(SECRET); FAULTS=whole exec $(BIN)/python scripts/services run -- \
	    $(BIN)/python -m pytest tests/faults $(ARGS)

hosts: .venv/.dev ## Run the service on nine hosts, as network namespaces, and kill some (root)
	@set -e; scripts/iproute; $(SERVICES) programs; $(SECRET); \
	    DATABASE_URL=postgres://none/none REDIS_URL=redis://none \
	    HOSTS="own namespace" exec unshare --net -- $(BIN)/python -m pytest \
	    --confcutdir tests/hosts -s tests/hosts $(ARGS)

containers: .venv/.dev ## Build the image, run all of deploy/compose.yml in an engine of its own, and kill some (root)
	@$(SECRET); DATABASE_URL=postgres://none/none REDIS_URL=redis://none \
	    CONTAINERS="own engine" exec $(BIN)/python -m pytest \
	    --confcutdir tests/containers -s tests/containers $(ARGS)

lint: .venv/.dev node_modules/.dev ## Check Python and JavaScript without changing a file
	$(BIN)/ruff check . $(COMMANDS)
	$(BIN)/ruff format --check . $(COMMANDS)
	$(SECRET); DATABASE_URL=postgres://none/none REDIS_URL=redis://none $(BIN)/mypy
	$(BIN)/mypy --config-file clients/python/pyproject.toml clients/python/pointerscope
	$(BIN)/lint-imports
	$(BIOME) check --error-on-warnings

format: .venv/.dev node_modules/.dev ## Put Python and JavaScript into the house's format
	$(BIN)/ruff check --fix . $(COMMANDS)
	$(BIN)/ruff format . $(COMMANDS)
	$(BIOME) check --write

stop: ## Stop the services that were started here; their data stays; ARGS=--yes also during a run
	@$(SERVICES) down $(ARGS)
	@if [ -d var/demo ]; then POINTERSCOPE_STATE=var/demo $(SERVICES) down $(ARGS); fi

clean: ## Delete what set-up installed and what tools cached; not the data
	rm -rf .venv node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

clean-data: ## Delete the private servers' data, passwords and logs (var/); after a question; ARGS=--yes skips it
	@$(SERVICES) delete-data $(ARGS)

pin: ## Write the digests of all container images behind their tags (needs Docker)
	@deploy/pin

lock: ## Resolve requirements*.lock and package-lock.json anew (needs uv)
	uv pip compile $(LOCK) pyproject.toml --output-file requirements.lock
	uv pip compile $(LOCK) pyproject.toml --extra dev --output-file requirements-dev.lock
	npm install --package-lock-only
LOCK := --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

# Each stamp below is as new as the lock file that was installed.
PIP_INSTALL = $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes

.venv/bin/python:
	@scripts/venv $(PYTHON)

.venv/.runtime: requirements.lock | .venv/bin/python
	@echo "Installing the Python packages of $<"
	@$(PIP_INSTALL) -r $<
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	@echo "Installing the Python packages of $<"
	@$(PIP_INSTALL) -r $<
	@touch $@

# The chart library comes from its CDN; this copy is for machines that cannot reach it.
.venv/.charts: package-lock.json | .venv/.runtime
	@$(NPM) ci --omit=dev --silent \
	    || echo "No local copy of the chart library (npm is missing, or has no network):" \
	            "the page will need its CDN."
	@touch $@

node_modules/.dev: package-lock.json .venv/.charts | .venv/.dev
	@$(NPM) ci --silent
	@touch $@

# In sequence, because apt runs only once at a time. With `make -j2` the Python and JavaScript
# packages and lint run meanwhile.
chromium: | .venv/bin/python
	@scripts/chromium

pgbouncer: | chromium
	@scripts/pgbouncer

servers: | pgbouncer
	@$(SERVICES) run -- true
