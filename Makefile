# Chores by name. `make demo` and `make test` need only Python 3.11 (or newer) and make.

PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
# Of the 13,000 modules that come along a few are ever imported: those are compiled then, and kept for the next process.
PIP     := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt
WORKERS ?= 2

# One thread for each worker's matrix products: several workers with several threads each only get in one another's way.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test lint types bench docs published soak same lowest clean

help:
	@echo "make demo   install into $(VENV), train a network on handwritten digits, print where the report is"
	@echo "make test   install the test extras, then run ruff, mypy and every test"
	@echo "make bench  measure both engines beside Keras (torch, JAX) and PyTorch, on one core (hours; NAMES='engines')"
	@echo "make docs   the documentation with a reference of every public name, one searchable site in site/"
	@echo "make published   run the sources' recipes and hold them to their figures (minutes each; NAMES='lenet line')"
	@echo "make soak   kill a training run at 50 random moments and see it continue to the same bits; take the deep networks"
	@echo "make same REV=COMMIT   train six recipes with that commit and with this checkout, compare every bit and figure"
	@echo "make lowest the quick tests with the oldest versions that pyproject.toml admits"
	@echo "make lint   ruff alone        make types   mypy alone        make clean   remove $(VENV) and caches"

# The pip that Python 3.11 brings takes twice as long to find what fits together.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) "pip>=25.3"

# The stamps remember what is installed, so a second make installs nothing.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e ".[test]"
	@touch $(VENV)/.installed $@

demo: $(VENV)/.installed
	@run="runs/digits-demo-$$(date +%Y%m%d-%H%M%S)-$$$$"; \
	$(BIN)/pellucid train digits --out "$$run" && \
	echo "The report is at $(CURDIR)/$$run/report.html" && \
	echo "To show it pictures in the browser, type these two and open http://127.0.0.1:8000" && \
	echo "  $(BIN)/pip install -c constraints.txt -e '.[serve]'" && \
	echo "  $(BIN)/pellucid serve $$run"

test: lint
	@$(MAKE) --no-print-directory -j $(WORKERS) types $(VENV)/.compiled-test
	$(ONE_THREAD) $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .

types: $(VENV)/.installed-test
	$(BIN)/mypy

# What the tests import is compiled once, beside mypy, and not by every worker at the same time.
$(VENV)/.compiled-test: $(VENV)/.installed-test
	@$(ONE_THREAD) $(BIN)/python -m pytest -q --collect-only >$@ || { cat $@; rm $@; exit 1; }

$(VENV)/.installed-bench: $(VENV)/.installed-test
	$(PIP) -e ".[bench]"
	@touch $@

$(VENV)/.installed-docs: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e ".[docs]"
	@touch $@

docs: $(VENV)/.installed-docs
	$(BIN)/python -m mkdocs build --quiet --strict
	@echo "The site is in $(CURDIR)/site: $(BIN)/python -m http.server -d site, then open http://localhost:8000"

BENCHMARKS := engines torch_engine blocks time_to_accuracy transfer serving
bench: $(VENV)/.installed-bench
	@missed=; for name in $(or $(NAMES),$(BENCHMARKS)); do \
	  $(ONE_THREAD) $(BIN)/python -m benchmarks.$$name || missed="$$missed $$name"; done; \
	if [ -n "$$missed" ]; then echo "below the mark:$$missed"; exit 1; fi

published: $(VENV)/.installed
	$(BIN)/python -m benchmarks.published $(NAMES)

soak: $(VENV)/.installed-test
	$(ONE_THREAD) $(BIN)/python -m benchmarks.soak
	$(ONE_THREAD) $(BIN)/python -m benchmarks.jobs
	$(ONE_THREAD) $(BIN)/python -m benchmarks.deep_export
	$(ONE_THREAD) $(BIN)/python -m pytest -q -m soak

same: $(VENV)/.installed-test
	$(BIN)/python -m benchmarks.same $(or $(REV),$(error Type make same REV=COMMIT, the commit to compare with)) $(if $(ONLY),--only $(ONLY))

# The oldest versions that pyproject.toml admits, in an environment of their own; their own deprecations do not count.
LOWEST := .venv-lowest
lowest:
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-lowest.txt . pytest pytest-xdist hypothesis
	$(ONE_THREAD) $(LOWEST)/bin/python -m pytest -q -W default -n $(WORKERS) tests/data_readers tests/storage tests/gradient tests/reports tests/explain tests/spec tests/graph --ignore tests/graph/test_keras_order.py

clean:
	rm -rf $(VENV) .venv-lowest build dist .pytest_cache .mypy_cache .ruff_cache
