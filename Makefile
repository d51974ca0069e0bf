# `make demo` and `make test` work on a fresh machine with Python 3.11 or later, pip and, if there is
# one, a C compiler; without it the package installs with its slow scan.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Set to another folder of event files, or leave it: tests that need it skip where it is absent.
export TBTOOLS_CORPUS ?= ../shared/corpus

# Tests that hold for every version of a dependency if they hold for one are not repeated.
TWICE := -n 2 --dist loadfile -m 'not (minutes or slow or browser)' \
    --ignore=tests/reference_training --ignore=tests/fuzz --ignore=tests/benchmarks
PYTHONS := 3.12 3.13 3.14
NEEDS_TORCH := $(shell grep -rlE '^ *(import|from) (torch|reference_training)' tests)
# The suite against an installed wheel: not what looks at the sources of the package.
INSTALLED := tests/analysis tests/cli tests/eventfile tests/render tests/runs tests/test_schemas.py \
    tests/test_released.py $(addprefix --ignore=,tests/eventfile/test_source.py \
    tests/render/test_javascript.py $(NEEDS_TORCH))

.PHONY: docs changelog wheels test-wheel demo test test-lowest test-newest test-pythons lint pytest bench explore fuzz clean $(PYTHONS)

demo: $(VENV)/demo
	$(BIN)/tbtools --version
	$(BIN)/tbtools summarize examples/logs

test: lint pytest

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 tbtools/system/_windows.py
	$(BIN)/lint-imports

pytest: $(VENV)/dev
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

test-lowest: $(VENV)-lowest/installed
	$(VENV)-lowest/bin/pytest $(TWICE)

# No stamp: what is newest changes.
test-newest: $(VENV)-newest/bin/pip
	$(VENV)-newest/bin/pip install --quiet --upgrade --upgrade-strategy eager -e '.[test]' \
	    $$(grep ^torch== constraints.txt)
	$(VENV)-newest/bin/pytest $(TWICE)

test-pythons: $(PYTHONS)

$(PYTHONS):
	@if python$@ -c '' 2>/dev/null; then \
	    $(MAKE) --no-print-directory $(VENV)-$@/installed && \
	    $(VENV)-$@/bin/pytest $(TWICE) $(addprefix --ignore=,$(NEEDS_TORCH)); \
	else echo "no python$@ here: skipped"; fi

# An sdist, and a manylinux wheel for each Python that is here. The glibc is that of this machine or
# older, as auditwheel finds it; releases are built where it is old (.github/workflows/wheels.yml).
wheels: $(VENV)/dev
	$(BIN)/pip install --quiet -c constraints.txt -e '.[release]'
	rm -rf dist build/wheels
	$(BIN)/python -c 'import setuptools.build_meta as b; b.build_sdist("dist")'
	@for version in 3.11 $(PYTHONS); do \
	    if python$$version -c '' 2>/dev/null; then \
	        python$$version -m pip wheel --quiet --no-deps -w build/wheels dist/*.tar.gz || exit 1; \
	    else echo "no python$$version here: no wheel"; fi; \
	done
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/auditwheel repair -w dist build/wheels/*.whl

# The wheel in an environment of its own, with the sources out of reach; then one that was built
# without a compiler.
test-wheel: wheels
	rm -rf build/elsewhere $(VENV)-wheel && mkdir -p build/elsewhere
	tar -xzf dist/*.tar.gz -C build/elsewhere --strip-components 1
	rm -rf build/elsewhere/tbtools build/elsewhere/setup.py
	$(PYTHON) -m venv $(VENV)-wheel
	CC=false CXX=false $(VENV)-wheel/bin/pip wheel --quiet --no-deps -w build/pure dist/*.tar.gz
	$(VENV)-wheel/bin/pip install --quiet --no-index --no-deps --find-links dist tbtools
	$(VENV)-wheel/bin/pip install --quiet -c constraints.txt --find-links dist 'tbtools[test-reading]'
	cd build/elsewhere && $(abspath $(VENV))-wheel/bin/python -m pytest $(TWICE) $(INSTALLED)
	$(VENV)-wheel/bin/pip install --quiet --force-reinstall --no-deps build/pure/*.whl
	cd build/elsewhere && $(abspath $(VENV))-wheel/bin/python -m pytest $(TWICE) $(INSTALLED)

# The site, with every link checked, into build/site; nothing comes from the network.
docs: $(VENV)/bin/pip
	$(BIN)/pip install --quiet -c constraints.txt -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

# What stands in changes/, into CHANGELOG.md.
changelog:
	$(PYTHON) -m release.changelog

bench: $(VENV)/dev
	$(BIN)/pip install --quiet -c constraints.txt -e '.[bench]'
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.analysis

# The property tests on examples that no run has seen; what it finds becomes a test of its own.
explore: $(VENV)/dev
	$(BIN)/pytest -n 2 --dist loadfile -m hypothesis --hypothesis-profile=explore

# Guided by coverage where there is a clang, which brings libFuzzer, else at random.
CLANG ?= $(firstword $(shell which clang clang-19 clang-16 clang-14 2>/dev/null))

fuzz: $(VENV)/dev
	$(BIN)/python -m tests.fuzz.$(if $(CLANG),guided --clang $(CLANG),fuzz)

clean:
	rm -rf $(VENV) $(VENV)-* build *.egg-info tbtools/*/*.so tbtools/*/*/*.so
	rm -f tbtools/eventfile/_scan.c tbtools/analysis/_ema.c tbtools/analysis/detect/_fits.c tbtools/analysis/detect/_levels.c tbtools/analysis/detect/_screen.c tbtools/runs/_rows.c tbtools/cli/_exit_status.c tbtools/render/_table_text.cpp

$(VENV)/bin/pip $(VENV)-lowest/bin/pip $(VENV)-newest/bin/pip:
	$(PYTHON) -m venv $(@:/bin/pip=)
	$@ install --quiet --upgrade pip -c constraints.txt

# Else make takes it for a step in between, removes it, and cannot install what has changed.
.PRECIOUS: $(VENV)-3.%/bin/pip
$(VENV)-3.%/bin/pip:
	python3.$* -m venv $(@:/bin/pip=)
	$@ install --quiet --upgrade pip -c constraints.txt

SOURCES := pyproject.toml $(wildcard constraints*.txt) setup.py $(wildcard tbtools/*/*.pyx tbtools/*/*.pxi tbtools/*/*.h)

# The stamps are as old as what they were made from, so that a change of it installs anew.
$(VENV)/demo: $(VENV)/bin/pip $(SOURCES)
	$(BIN)/pip install --quiet -c constraints.txt -e '.[report]'
	touch $@

$(VENV)/dev: $(VENV)/bin/pip $(SOURCES)
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

$(VENV)-lowest/installed: $(VENV)-lowest/bin/pip $(SOURCES)
	$(VENV)-lowest/bin/pip install --quiet -c constraints-lowest.txt -e '.[test]'
	touch $@

$(VENV)-3.%/installed: $(VENV)-3.%/bin/pip $(SOURCES)
	$< install --quiet -c constraints.txt -e '.[test-reading]'
	touch $@
