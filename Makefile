# Two commands do everything on a fresh machine with Python 3.11+, git and make:
#   make brief    the whole dossier of April 2025, printed and written to out/
#   make test     every check the project holds itself to
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
OUT ?= out

.PHONY: brief docs test bench accuracy warm lint browser clean

brief: warm
	@$(BIN)/twokey brief --html $(OUT)/brief.html

test: lint warm
	$(BIN)/pytest -n 2 --ignore=tests/browser

lint: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

browser: warm
	$(BIN)/pytest tests/browser

docs: .venv/.installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir $(OUT)/docs

bench: warm
	OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 $(BIN)/python bench/run.py

# our error beside the peers' on the same measured rows: tables of a package, installed here, and rows of a folder
MEASURED ?= ../shared/measured
accuracy: .venv/.accuracy
	@MEASURED=$(MEASURED) OMP_NUM_THREADS=1 $(BIN)/python bench/accuracy.py

.venv/.accuracy: .venv/.installed requirements-accuracy.lock
	@{ command -v uv >/dev/null 2>&1 && \
	  VIRTUAL_ENV=.venv uv pip install -q --no-deps --require-hashes -r requirements-accuracy.lock ; } || \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes \
	    -r requirements-accuracy.lock || echo "The tables could not be installed; their rows will be absent."
	@touch $@

# compiled kernels belong to the installation: they are made once and kept beside the sources
warm: .venv/.installed
	@$(BIN)/python -m twokey.perf.warm

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Twokey needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@rm -rf .venv
	@{ command -v uv >/dev/null 2>&1 && echo "Installing with uv ..." && uv venv -q --python $(PYTHON) .venv && \
	  VIRTUAL_ENV=.venv uv pip sync -q --require-hashes requirements.lock && \
	  VIRTUAL_ENV=.venv uv pip install -q --no-deps --no-build-isolation -e . ; } || { \
	  echo "Installing with pip (a minute or two) ..." && rm -rf .venv && $(PYTHON) -m venv .venv && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . ; }
	@touch $@

requirements.lock requirements-accuracy.lock: ;

clean:
	rm -rf .venv out .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
