# Two commands do everything on a fresh machine:
#   make train   environment, data, train the CNN, show the result
#   make test    environment, linters, types, the whole test suite
# and one that takes as long again:
#   make test-narrow    the kernels' tests for processors with shorter vectors than this one's
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
MINUTES ?= 10

.DEFAULT_GOAL := help
.PHONY: help data train challenge docs test test-narrow test-kill check warm explorer fuzz clean

help:  ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.base: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "scratchnet needs Python 3.11 or newer, but $(PYTHON) is $$($(PYTHON) -V 2>&1): try make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	@touch $@

$(VENV)/.docs: $(VENV)/.base
	$(BIN)/python -m pip install --quiet -e ".[docs]"
	@touch $@

data: $(VENV)/.base  ## Get Fashion-MNIST and check it
	$(BIN)/scratchnet data fetch

train: $(VENV)/.base  ## Train the CNN on Fashion-MNIST (fetched if need be) and show the result
	$(BIN)/scratchnet train cnn

challenge: $(VENV)/.base  ## Train the challenge's shortest recipe: about ten minutes on two cores
	$(BIN)/scratchnet train challenge --budget minutes

explorer/node_modules/.package-lock.json: explorer/package-lock.json
	cd explorer && npm ci --silent

explorer: explorer/node_modules/.package-lock.json  ## Build the script of the page that `scratchnet explore` writes (needs Node.js)
	cd explorer && npm run --silent check && npm run --silent build

check: $(VENV)/.dev  ## Run the linter, the type checker, and the check that imports go one way
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The front end's packages, where there is Node.js; without it the tests of the front end say so and are skipped.
NODE_PACKAGES := $(if $(shell command -v npm),explorer/node_modules/.package-lock.json)

warm: $(VENV)/.dev
	$(BIN)/python -m tests.warm

# Three processes on two cores, since some tests wait for a clock or for another process. Bytecode is kept, also where
# PYTHONDONTWRITEBYTECODE is set: pytest compiles all tests anew without it, half of what collecting them takes.
test: $(VENV)/.dev $(NODE_PACKAGES)  ## Run the whole test suite, linter and type checker included
	$(MAKE) -j 2 check warm
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 3 --dist worksteal

docs: $(VENV)/.docs  ## Build the site into docs/_build/html, without a network
	$(BIN)/python -m sphinx -T -W --keep-going -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

test-narrow: $(VENV)/.dev  ## Run the kernels' tests for AVX2 and for SSE, on an x86 processor that has them
	PATH="$(abspath $(BIN)):$$PATH" .ci/test-narrow

fuzz: $(VENV)/.dev  ## Read changed files for MINUTES=10 each, or those of TARGET alone (python -m tests.fuzz lists them)
	$(BIN)/python -m pip install --quiet -e ".[fuzz]" || echo "No atheris here: changes are made at random."
	$(BIN)/python -m tests.fuzz $(or $(TARGET),all) --minutes $(MINUTES)

test-kill: $(VENV)/.dev  ## Kill a hundred trainings at random instants and compare what becomes of them; takes long
	$(BIN)/python -m tests.killing

clean:  ## Remove the environment and what tools have left behind
	rm -rf $(VENV) build docs/_build docs/source explorer/node_modules explorer/build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
