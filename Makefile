# What a developer and CI run. `make help` lists it. Needs make, git and Python 3.11 or newer with venv; nothing else.
# An existing .venv is kept and brought up to date; stamps in it say which lock it holds.

PYTHON ?= python3
JOBS ?= 2
VENV := .venv
PY := $(VENV)/bin/python
GATEWAYS := .venv-gateways
MODELS := .venv-models
DEMO_OUT ?= demo
SOURCES := src tests docs requirements benchmarks

.DEFAULT_GOAL := help
.PHONY: help demo console test test-models check check-format check-lint check-types check-layers check-docs bench bench-slice bench-expect bench-speed bench-scale bench-exchange bench-acting bench-tracing docs pictures lock format

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.stamp-serve ## Simulate a small provider, scan it, print the campaigns, the report and how to open the console.
	@$(VENV)/bin/stillwatch demo --out $(DEMO_OUT)

console: $(VENV)/.stamp-serve ## Open the console on the demo's result, on port 8471 of this machine.
	@$(VENV)/bin/stillwatch console $(DEMO_OUT)/findings --logs $(DEMO_OUT)/logs

test: $(VENV)/.stamp-dev $(GATEWAYS)/.stamp ## Run all tests (JOBS=2 at a time).
	@echo "pytest, $(JOBS) at a time; corpora: $${STILLWATCH_CORPORA:-none (tests that need them are skipped)}"
	@$(PY) -m pytest -n $(JOBS) --dist worksteal --durations=10 $(PYTEST_ARGS)

test-models: $(MODELS)/.stamp ## The tests that need torch and transformers; installs 3 GB into .venv-models.
	@PYTHONPATH=src $(MODELS)/bin/python -m pytest -p no:cacheprovider $(PYTEST_ARGS) \
	  tests/trace/mark tests/trace/engines tests/trace/readers tests/trace/antidistill tests/trace/experiments tests/trace/suspects/test_transformers_model.py

check: $(VENV)/.stamp-dev ## Format, lint, types, layers and documentation.
	@$(MAKE) --no-print-directory --keep-going check-format check-lint check-types check-layers check-docs \
	  && echo "check: all passed" || { echo "check: failed, see the lines marked Error above"; exit 1; }

check-format: $(VENV)/.stamp-dev
	$(PY) -m ruff format --check $(SOURCES)

check-lint: $(VENV)/.stamp-dev
	$(PY) -m ruff check $(SOURCES)

check-types: $(VENV)/.stamp-dev
	$(PY) -m mypy --strict

check-layers: $(VENV)/.stamp-dev
	$(VENV)/bin/lint-imports

check-docs: $(VENV)/.stamp-dev
	$(PY) docs/generate.py --check

# What the README's table and picture show.
README_BENCH := --scale 1/100 --seeds 101-102 --only campaigns,evasions --baselines

bench: $(VENV)/.stamp-dev ## The README's scoreboard (BENCH_ARGS='--scale 1/20 --seeds 5' for another); 20 minutes.
	@$(VENV)/bin/stillwatch bench --out work/scoreboard $(or $(BENCH_ARGS),$(README_BENCH))

# What continuous integration holds against ci/scoreboard.json: the first generator, on seeds used for nothing else, so
# that nobody is led to choose by the second; prompts of the grammar, so that every clone measures the same.
SLICE := env -u STILLWATCH_CORPORA $(VENV)/bin/stillwatch bench --scale 1/400 --generator first \
  --only campaigns,innocents --out work/bench-slice

bench-slice: $(VENV)/.stamp-dev ## A small scoreboard; fails when worse than expected beyond noise.
	@$(SLICE) --seeds 501-501 --expect ci/scoreboard.json

bench-expect: $(VENV)/.stamp-dev ## Measure again what bench-slice expects, on six seeds; minutes.
	@$(SLICE) --seeds 501-506 --save-expectation ci/scoreboard.json

bench-speed: $(VENV)/.stamp-dev ## Time, memory and quality of scans (BENCH_ARGS='--exchanges 100000'); minutes.
	@$(PY) -m benchmarks $(BENCH_ARGS)

bench-scale: $(VENV)/.stamp-dev ## Scans by size, beside the machine (BENCH_ARGS='--sizes 0.1,0.25'); hours and 15 GB of disk.
	@$(PY) -m benchmarks.scale $(BENCH_ARGS)

bench-exchange: $(VENV)/.stamp-dev ## Figures of the exchange (BENCH_ARGS=--psi for back-searches too); 6 minutes.
	@$(PY) -m benchmarks.exchange $(BENCH_ARGS)

bench-acting: $(VENV)/.stamp-dev ## Figures of decisions and of the collector; ten minutes.
	@for part in act_decide act_facts act_http act_serve act_collect; do echo "$$part"; $(PY) -m benchmarks.$$part || exit 1; done

bench-tracing: $(VENV)/.stamp-dev ## Figures of marks, readers, leaks, served phrases and students; an hour.
	@for part in marks readers leak served student; do echo "trace_$$part"; $(PY) -m benchmarks.trace_$$part || exit 1; done

docs: $(VENV)/.stamp-dev ## Write docs/reference/ again from the registries.
	@$(PY) docs/generate.py

pictures: demo $(VENV)/.stamp-dev ## Take docs/images/ again from the demo's report and console, in Chromium.
	@$(PY) docs/picture.py $(DEMO_OUT)/findings/report.html
	@$(PY) docs/console_pictures.py $(DEMO_OUT)

format: $(VENV)/.stamp-dev ## Format the sources and apply safe fixes.
	@$(PY) -m ruff check --fix-only $(SOURCES)
	@$(PY) -m ruff format $(SOURCES)

lock: $(VENV)/.stamp-dev ## Resolve requirements/*.lock again to the newest versions.
	@$(PY) requirements/lock.py

# ---- environment

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "stillwatch needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) --version 2>&1): make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "could not make $(VENV): on Debian, install python3-venv"; exit 1; }

# With the extra `serve`, whose libraries the console needs.
$(VENV)/.stamp-serve: requirements/serve.lock requirements/install.py pyproject.toml | $(PY)
	@$(PY) requirements/install.py requirements/serve.lock
	@touch $@

$(VENV)/.stamp-dev: requirements/dev.lock requirements/install.py pyproject.toml | $(PY)
	@$(PY) requirements/install.py requirements/dev.lock
	@touch $@ $(VENV)/.stamp-serve

# Torch and transformers, which nothing else needs.
$(MODELS)/.stamp: requirements/models.lock requirements/install.py pyproject.toml | $(PY)
	@test -x $(MODELS)/bin/python || $(PY) -m venv $(MODELS)
	@$(MODELS)/bin/python requirements/install.py requirements/models.lock
	@touch $@

# LiteLLM, in whose proxy the plugin is tested: another program with versions of its own.
$(GATEWAYS)/.stamp: requirements/gateways.lock requirements/install.py pyproject.toml | $(PY)
	@test -x $(GATEWAYS)/bin/python || $(PY) -m venv $(GATEWAYS)
	@$(GATEWAYS)/bin/python requirements/install.py requirements/gateways.lock
	@touch $@
