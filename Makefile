# One command runs the audit on the embedded tenant, one runs the tests. Needs Python 3.11+ with venv.
PYTHON ?= python3
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header

.PHONY: demo test check bench lock clean

demo: .venv/run.done  ## audit the embedded tenant; leaves out/report.html and out/report.json
	$(BIN)/auditor demo --out out

test: .venv/test.done check  ## everything that has to hold
	$(BIN)/pytest -n 2

check: .venv/test.done
	$(BIN)/ruff format --check auditor tests
	$(BIN)/ruff check auditor tests
	$(BIN)/mypy

bench: .venv/test.done  ## figures, not verdicts
	$(BIN)/python -m tests.benchmarks

lock: .venv/bin/python  ## pin all packages by hash; without addresses
	$(BIN)/pip install --quiet --disable-pip-version-check "uv>=0.9"
	$(COMPILE) -o .lock/run.txt
	$(COMPILE) --group dev -o .lock/test.txt

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

.venv/run.done: .venv/bin/python .lock/run.txt pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .lock/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

.venv/test.done: .venv/bin/python .lock/test.txt pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .lock/test.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@ .venv/run.done

clean:
	rm -rf .venv out
