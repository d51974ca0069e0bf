# `make demo` and `make test` work on a fresh machine with Python 3.11 or later, pip and, if there is
# one, a C compiler; without it the package installs with its slow scan.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Set to another folder of event files, or leave it: tests that need it skip where it is absent.
export TBTOOLS_CORPUS ?= ../shared/corpus

.PHONY: demo test lint pytest bench fuzz clean

demo: $(VENV)/demo
	$(BIN)/tbtools --version
	$(BIN)/tbtools summarize examples/logs

test: lint pytest

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

pytest: $(VENV)/dev
	$(BIN)/pytest -n 2 --dist loadfile

bench: $(VENV)/dev
	$(BIN)/pip install --quiet -c constraints.txt -e '.[bench]'
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.analysis

fuzz: $(VENV)/dev
	$(BIN)/python -m tests.fuzz.fuzz

clean:
	rm -rf $(VENV) build *.egg-info tbtools/*/*.so
	rm -f tbtools/eventfile/_scan.c tbtools/analysis/_ema.c tbtools/cli/_exit_status.c

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip -c constraints.txt

SOURCES := pyproject.toml constraints.txt setup.py $(wildcard tbtools/*/*.pyx tbtools/*/*.pxi tbtools/*/*.h)

# The stamps are as old as what they were made from, so that a change of it installs anew.
$(VENV)/demo: $(VENV)/bin/pip $(SOURCES)
	$(BIN)/pip install --quiet -c constraints.txt -e .
	touch $@

$(VENV)/dev: $(VENV)/bin/pip $(SOURCES)
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@
