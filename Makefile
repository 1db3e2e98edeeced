# lumbar-node: everything starts here. `make` alone lists the targets.
#   PYTHON=python3.12 make venv     another interpreter
#   DEMO_ARGS=--keep make demo      options of `lumbar-node demo`
#   PYTEST_ARGS="-k orthanc" make test

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= 2
# One thread per test process: two pytest workers share the cores
THREADS := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

.DEFAULT_GOAL := help
.PHONY: help venv demo test unit lint format bench soak test-docker clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

venv: $(STAMP)  ## create .venv with the pinned packages

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || { \
	  echo "$(PYTHON) is not Python 3.11 or 3.12; name one: PYTHON=python3.12 make venv" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the pinned packages into $(VENV): a few minutes, about 3 GB"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,postgres]'
	@$(BIN)/python -c 'from pipelines.features.radiomics import warm; warm()'  # compile the kernels
	@touch $@

demo: $(STAMP)  ## one generated patient through a real node and back
	@$(BIN)/lumbar-node demo $(DEMO_ARGS)

test: lint  ## lint, then every test that this machine can run
	@tests/system-packages
	$(THREADS) $(BIN)/pytest -n $(JOBS) --dist loadfile $(PYTEST_ARGS)

unit: $(STAMP)  ## unit and property tests only
	$(THREADS) $(BIN)/pytest -n $(JOBS) tests/unit tests/property $(PYTEST_ARGS)

lint: $(STAMP)  ## ruff, mypy and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)  ## let ruff put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)  ## measure the budget: seconds, memory
	@for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

soak: $(STAMP)  ## the long tests of reliability: kill -9, power cuts, outages, a hospital's day (SOAK_SCALE=0.1: a tenth)
	@rm -rf build/soak
	@$(BIN)/pytest -m soak tests/soak $(PYTEST_ARGS); status=$$?; cat build/soak/*.md; exit $$status

test-docker:  ## build and start deploy/compose.yaml, echo the node, stop (needs a Docker engine)
	deploy/test-docker

clean:  ## remove what make made
	rm -rf $(VENV) demo-output build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
