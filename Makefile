# setup, run, test and check need only Python 3.11 or newer and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PARSED_ONLY := PORTAL_ENVIRONMENT=development DATABASE_URL=postgresql:///unused
export PORT DATA_DIR

.PHONY: setup run test bench check lock

setup: $(READY)

$(READY): requirements-dev.lock $(wildcard locale/*/LC_MESSAGES/*.po)
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("portal: needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what requirements-dev.lock names."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(PARSED_ONLY) $(BIN)/python manage.py messages compile
	@touch $@

run: setup
	@exec $(BIN)/python -m portal.run

test: setup
	@$(BIN)/python -m pytest -n 4

bench: setup
	@$(BIN)/python -m benchmarks.gateway
	@$(BIN)/python -m benchmarks.reading
	@$(BIN)/python -m benchmarks.staff
	@$(BIN)/python -m benchmarks.exporting

check: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(PARSED_ONLY) $(BIN)/mypy
	@$(PARSED_ONLY) $(BIN)/python manage.py messages check
	@git ls-files 'templates/*.html' | xargs $(BIN)/djade --target-version 5.2 --check
	@$(BIN)/python -m pytest -q tests/test_whole.py

lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --group dev pyproject.toml -o requirements-dev.lock -c requirements.lock
