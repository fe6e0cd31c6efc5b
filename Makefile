# Every target sets up what it needs in $(VENV) on a machine that has only Python 3.11+ and make.
#   make test PYTHON=/path/to/python3.13 VENV=.venv-3.13     another interpreter
#   make test WORKERS=8                                      more processes
#   make mutants SAMPLE=200 SEED=7 ONLY=rules/award          fewer, others, of one module; SAMPLE=0 for all

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
PYTHONS ?= 3.11 3.12 3.13
SAMPLE ?= 600
SEED ?= 1
ONLY ?=

RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check --quiet --quiet
CODE := $(wildcard src tests benchmarks)

.NOTPARALLEL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
unexport PYTHONPATH PYTHONHOME

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: $(VENV)/.ready-app ## Tell the story, then run one month of a community from sheet to audit
	$(VENV)/bin/volunteer-points demo

.PHONY: test
test: $(VENV)/.ready-test ## Run every test, with branch coverage
	$(RUN) -m pytest -n $(WORKERS) --cov --cov-report=term

.PHONY: quick
quick: $(VENV)/.ready-test ## Run the tests that are not marked slow
	$(RUN) -m pytest -n $(WORKERS) -m "not slow"

.PHONY: test-all-pythons
test-all-pythons: $(VENV)/bin/python ## Run the quick tests on the other supported Pythons found here
	@for version in $(PYTHONS); do \
	    if $(RUN) -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$$version')"; then \
	        echo "Python $$version: the one in $(VENV), see make test"; continue; \
	    fi; \
	    interpreter=$$(.ci/find-python $$version) || { echo "Python $$version: skipped, not installed here"; continue; }; \
	    echo "Python $$version: $$interpreter"; \
	    $(MAKE) --no-print-directory quick PYTHON="$$interpreter" VENV=".venv-$$version" || exit 1; \
	done

.PHONY: lint
lint: $(VENV)/.ready-lint ## Check style, format, types and changelog fragments
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy $(CODE)
	$(RUN) -m towncrier build --draft --version next >/dev/null

.PHONY: docs
docs: $(VENV)/.ready-docs ## Build the documentation into site/; any warning is an error
	NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict

.PHONY: mutants
mutants: $(VENV)/.ready-mutants ## Change the code in some hundred places, one at a time, and count what the tests notice
	$(RUN) -m tests.mutation --sample $(SAMPLE) --seed $(SEED) --only "$(ONLY)" --workers $(WORKERS)

BENCHMARKS := benchmarks benchmarks.hot benchmarks.sweeping benchmarks.sealing benchmarks.rules benchmarks.postgresql benchmarks.long

.PHONY: bench
bench: $(VENV)/.ready-test ## Measure, next to hand-written programs; about eight minutes
	@for each in $(BENCHMARKS); do $(RUN) -m $$each || exit 1; done

.PHONY: bench-docs
bench-docs: $(VENV)/.ready-test ## Measure all, other libraries too, and put the figures into docs/benchmarks.md
	@mkdir -p build/benchmarks
	@for each in $(BENCHMARKS) benchmarks.peers; do \
	    $(RUN) -m $$each --json > build/benchmarks/$$each.json || exit 1; \
	done
	$(RUN) -m benchmarks.tables build/benchmarks/*.json --into docs/benchmarks.md

.PHONY: changelog
changelog: $(VENV)/.ready-lint ## Assemble changes/ into CHANGELOG.md: make changelog VERSION=0.2.0
	@test -n "$(VERSION)" || { echo "Name the version: make changelog VERSION=0.2.0" >&2; exit 1; }
	$(RUN) -m towncrier build --yes --version "$(VERSION)"

.PHONY: clean
clean: ## Remove environments, caches and everything built
	rm -rf .venv .venv-* build dist site htmlcov mutants .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find src tests $(wildcard benchmarks) -name __pycache__ -type d -prune -exec rm -rf {} +

# --- environments: a stamp says that pip finished, and is older than a pyproject.toml that changed since ---

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Python 3.11 or newer is needed, and $(PYTHON) is not. Try: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.ready-app: pyproject.toml | $(VENV)/bin/python
	@echo "Installing volunteer-points[all] in $(VENV)"
	@$(PIP) install --editable '.[all]'
	@touch $@

# Dependency groups need a pip of 2025; an interpreter may bring an older one.
$(VENV)/.ready-%: $(VENV)/.ready-app
	@echo "Installing what '$*' needs in $(VENV)"
	@$(PIP) install 'pip>=25.1'
	@$(PIP) install --group $*
	@touch $@
