# Everything here needs python3 (3.10 or newer), git and make. The rest goes into .venv.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python
READY  := $(VENV)/.ready
LOWEST := .venv-lowest
WHEEL  := .venv-wheel
# The default tests run in as many processes as there are cores; a file stays in one, with the servers that it starts.
PARALLEL := -n auto --dist loadfile
CODE    = $(wildcard src tests tools docs examples benchmarks demo)

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-lowest test-wheel coverage lint format bench bench-served bench-memory bench-gateway budget fuzz mutate soak fluent-bit docs picture site serve-docs build clean unseen

# Makes the environment $(1) and installs $(2) into it. pip knows dependency groups from 25.1 on.
define environment
@$(PYTHON) -c 'import sys; sys.exit("authproblem needs Python 3.10 or newer: make PYTHON=..." if sys.version_info < (3, 10) else 0)'
@test -x $(1)/bin/python || $(PYTHON) -m venv --clear $(1)
@echo "Installing into $(1): about a minute, the first time"
@$(1)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
@$(1)/bin/python -m pip install --quiet --disable-pip-version-check $(2)
@touch $(1)/.ready
endef

$(READY): pyproject.toml
	$(call environment,$(VENV),--editable '.[demo]' --group dev)

$(LOWEST)/.ready: pyproject.toml tools/lowest.py $(READY)
	@mkdir -p build && $(PY) tools/lowest.py > build/lowest.txt
	$(call environment,$(LOWEST),--editable '.[demo]' --group test --constraint build/lowest.txt)

$(WHEEL)/.ready: pyproject.toml
	$(call environment,$(WHEEL),'.[demo]' --group test)

.venv: $(READY) ## the environment, brought up to date with pyproject.toml

help: ## show this list
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## see it work; CASE=name shows one case
	@$(PY) -m demo $(CASE)

test: $(READY) ## the default tests; ARGS='-k words' goes to pytest, here and below
	$(PY) -m pytest $(PARALLEL) $(ARGS)

test-all: $(READY) ## every test: those with further servers and the slow ones too
	$(PY) -m pytest -m "" $(ARGS)

test-lowest: $(LOWEST)/.ready ## the default tests on the lowest versions that pyproject.toml allows
	$(LOWEST)/bin/python -m pytest $(PARALLEL) -W default $(ARGS) # old frameworks have warnings of their own

test-wheel: $(WHEEL)/.ready build ## the default tests on the built wheel, with no src beside them
	$(WHEEL)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall dist/*.whl
	rm -rf build/wheel && mkdir -p build/wheel
	cp -R $(filter-out src build dist,$(wildcard * .github)) build/wheel
	cd build/wheel && $(abspath $(WHEEL))/bin/python -m pytest $(PARALLEL) $(ARGS)

coverage: $(READY) ## every test, and the branches that none reaches
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "" $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: $(READY) ## style, types, architecture, docstrings, data, generated files; and a report on sizes
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy $(CODE)
	$(BIN)/pyright --pythonpath $(PY)
	$(BIN)/lint-imports
	$(BIN)/interrogate src
	$(PY) tools/check_registry.py
	$(PY) tools/check_logs.py
	$(PY) tools/generate_docs.py --check
	@$(PY) tools/audit.py
	@$(PY) tools/sizes.py

format: $(READY) ## let ruff format the code and fix what it can
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

unseen: $(READY) ## how each registered text would be classified without its entry; writes docs/unseen.md
	$(PY) tools/unseen.py $(ARGS)

bench: $(READY) ## the benchmarks, about five minutes; ARGS='--size quick' for less
	$(PY) -m benchmarks $(ARGS)

bench-served: $(READY) ## behind real servers, under wrk: about ten minutes
	$(PY) -m benchmarks --only served $(ARGS)

bench-memory: $(READY) ## what is kept after a million errors through each adapter: about three minutes
	$(PY) -m benchmarks --only million $(ARGS)

bench-gateway: $(READY) ## HTTP clients and servers for the gateway, with nginx and wrk: about six minutes
	$(PY) -m benchmarks.gateway $(ARGS)

budget: $(READY) ## what the hot path may cost: counted where valgrind is installed, else timed
	$(PY) -m benchmarks.budget $(ARGS)

fuzz: $(READY) ## hostile input, for SECONDS seconds
	@$(PY) -m pip install --quiet --disable-pip-version-check --group fuzz || true # without it the run is not guided
	$(PY) tools/fuzz.py $(SECONDS)

mutate: $(READY) ## change the decision rules spot by spot, for SECONDS seconds, and count what the tests notice; ARGS=--all
	$(PY) tools/mutate.py $(SECONDS) $(ARGS)

fluent-bit: $(READY) ## build Fluent Bit in build/, for the tests of its configuration; about two minutes
	$(PY) tools/fluent_bit.py

soak: $(READY) ## load for SECONDS seconds, watching memory and descriptors
	$(PY) tools/soak.py $(SECONDS)

docs: $(READY) ## write the generated pages again
	$(PY) tools/generate_docs.py

picture: $(READY) ## draw the picture of the demo for the README and the site
	$(PY) tools/demo_picture.py

site: $(READY) ## build the documentation in build/site, with warnings as errors, and check its links
	$(PY) -m sphinx -b dirhtml -q -W --keep-going docs build/site
	$(PY) tools/site_explorer.py
	$(PY) tools/check_site.py

serve-docs: site ## build the documentation and serve it at http://127.0.0.1:8000/
	$(PY) -m http.server --bind 127.0.0.1 --directory build/site 8000

build: $(READY) ## the wheel and the source distribution, in dist/, checked as PyPI would
	rm -rf dist
	$(PY) -m build --outdir dist .
	$(PY) -m twine check --strict dist/*
	$(BIN)/pyroma --min=10 .

clean: ## remove what make and the tools made, .venv included
	rm -rf $(VENV) $(LOWEST) $(WHEEL) build dist .coverage .coverage.* htmlcov
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find $(CODE) -name __pycache__ -prune -exec rm -rf {} +
