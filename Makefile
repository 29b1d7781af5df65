# Everything that a person or a machine does with this checkout. It needs python3 (3.11 or newer) with venv, make and
# git, nothing else; the rest comes from the package index, as the lock files name it, hash by hash.

PYTHON ?= python3
UV := .tools/uv/bin/uv
BIN := .venv/bin
# What lets a second `make` take no time. RUN: all that Heliograph needs; DEV: what its developers need besides.
RUN := .venv/.run
DEV := .venv/.dev

# Tests at once: one more than there are cores, since they wait for stores now and then, and four at most.
WORKERS ?= $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores < 4 ? cores + 1 : 4)))

export UV_PYTHON_DOWNLOADS = never
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up test test-unit test-long browser check format bench bench-mixed bench-celebrity bench-graph docs lock hooks clean

help: ## This list
	@echo "make demo  a running site with a made-up community; make up  the same, empty"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

demo: $(RUN) ## A site with about 60 people and 300 photos, in var/demo
	@HELIOGRAPH_DATA_DIR=$${HELIOGRAPH_DATA_DIR:-var/demo} exec $(BIN)/heliograph demo

up: $(RUN) ## A site of your own, in var/main
	@HELIOGRAPH_DATA_DIR=$${HELIOGRAPH_DATA_DIR:-var/main} exec $(BIN)/heliograph up

test: $(DEV) browser ## Every test but the long ones
	$(BIN)/pytest --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder

test-unit: $(DEV) ## The tests that open no socket
	$(BIN)/pytest tests/unit

test-long: $(DEV) browser ## The tests that take minutes
	$(BIN)/pytest -m long --timeout=1800

browser: # Chromium for the browser tests, from Debian's packages where we may
	@.ci/chromium

check: $(DEV) ## Format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## Format the code, mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV) ## Figures beside their bars, into docs/benchmarks.md; PARTS="home posts" measures some
	$(BIN)/python -m heliograph.lab.bench --book docs/benchmarks.md $(PARTS)

bench-mixed: $(DEV) ## The mix of the DeathStarBench social network at rising rates (minutes)
	$(BIN)/python -m heliograph.lab.bench --book docs/benchmarks.md mixed

bench-celebrity: $(DEV) ## An account with 20,000,000 followers; EDGES=1000000 for fewer, DIR= for another disk, KEEP=1
	$(BIN)/python -m heliograph.lab.celebrity --book docs/benchmarks.md $(if $(EDGES),--edges $(EDGES)) \
		$(if $(DIR),--dir $(DIR)) $(if $(KEEP),--keep)

bench-graph: $(DEV) ## The follow graph in PostgreSQL, Valkey and a graph database; EDGES=20000000 for more
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-graph.lock
	$(BIN)/python -m heliograph.lab.graph --page docs/design/graph.md $(if $(EDGES),--edges $(EDGES)) $(if $(DIR),--dir $(DIR))

docs: $(DEV) ## The pages that are made from the code, and from a run of the API's tests
	$(BIN)/heliograph settings --markdown > docs/operate/settings.md
	rm -f .endpoints
	HELIOGRAPH_RECORD=.endpoints $(BIN)/pytest tests/api --numprocesses=$(WORKERS) --dist=loadfile
	PYTHONPATH=tests/api $(BIN)/python tests/api/endpoint_table.py .endpoints

lock: $(UV) ## The lock files anew, from pyproject.toml, with the newest versions that fit
	$(COMPILE) --upgrade pyproject.toml --group build -o requirements.lock
	$(COMPILE) --upgrade pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock
	$(COMPILE) --upgrade --group graph -o requirements-graph.lock

hooks: $(DEV) ## Have git run `make check` before each commit
	$(BIN)/pre-commit install

clean: ## Remove what was made here, but no site's data (var/)
	rm -rf .venv .tools .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(UV): requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Heliograph needs Python 3.11 or newer, $(PYTHON) is %d.%d: make PYTHON=/path/to/a/newer/one" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip' || { echo "Python's venv is missing (on Debian: apt-get install python3-venv)"; exit 1; }
	$(PYTHON) -m venv --clear .tools/uv
	.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

.venv/pyvenv.cfg: | $(UV)
	$(PYTHON) -m venv --without-pip .venv

# Installed and not synchronised: whoever develops here keeps what DEV has brought.
$(RUN): requirements.lock pyproject.toml .venv/pyvenv.cfg | $(UV)
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock requirements.lock pyproject.toml .venv/pyvenv.cfg | $(UV)
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements-dev.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(RUN) $@
