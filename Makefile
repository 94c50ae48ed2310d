# Two commands matter: `make run` and `make test`. Both build .venv first, from nothing but Python 3.11 to 3.13.

PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3 python; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3,11) <= sys.version_info[:2] < (3,14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/ready

.PHONY: run test test-slow test-deps lint types contracts bench lock clean

run: $(READY)
	@$(BIN)/python examples/form-reading/run.py

test: $(READY) lint types contracts
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest

test-slow: $(READY)
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow

lint: $(READY)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet .

types: $(READY)
	@$(BIN)/mypy

contracts: $(READY)
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

# What the tests use beyond Python, from Debian. CI calls it; at home the tests skip what is missing and say so.
test-deps:
	@.ci/test-deps

bench: $(READY)
	@for file in bench/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Airworthy needs Python 3.11, 3.12 or 3.13 on the PATH"; exit 1; }
	@echo "[1/2] building .venv from requirements.lock (about a minute, once)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock 2>.venv/pip.log || { cat .venv/pip.log; exit 1; }
	@echo "[2/2] installing airworthy"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . 2>>.venv/pip.log || { cat .venv/pip.log; exit 1; }
	@touch $(READY)

# Hashes without the address of any index. Needs uv.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate -o requirements-core.lock
	uv pip compile pyproject.toml --extra all --extra test --extra bench --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate -o requirements.lock

clean:
	rm -rf .venv .airworthy .mypy_cache .pytest_cache .ruff_cache
