# Needs Python 3.11 or newer, make and a package index; everything else is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Scalar code gains nothing from more threads, and small matrices lose.
export OMP_NUM_THREADS ?= 1

# Where Python is told to keep no bytecode, every process that a test starts compiles all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo notebooks execute check test quick tests lint docs package fuzz mutants damage bench peers lock clean

help:  ## say what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 14

INSTALL = $(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --constraint constraints.txt --editable

$(VENV)/uv: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' constraints.txt)"
	touch $@

$(VENV)/installed: $(VENV)/uv
	$(INSTALL) '.[data,testing]'
	touch $@

$(VENV)/lab: $(VENV)/uv
	$(INSTALL) '.[data,notebook,testing]'
	touch $@

$(VENV)/tools: $(VENV)/uv
	$(INSTALL) '.[data,test]'
	touch $@

# The course is tested in the environment that Binder builds, which has nothing else.
$(VENV)/binder/made: $(VENV)/uv .binder/requirements.txt
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)/binder
	$(BIN)/uv pip install --quiet --system-certs --python $(VENV)/binder/bin/python --requirement .binder/requirements.txt
	touch $@

# What the tests import is compiled by one process, while types are checked, and not by each process of the tests.
$(VENV)/compiled: $(VENV)/tools
	-$(BIN)/pytest --collect-only -q > /dev/null
	touch $@

demo: $(VENV)/installed  ## the main job: a perceptron explained, moons and digits learned; results in out/
	$(BIN)/python -m nn demo --out out

notebooks: $(VENV)/lab  ## open the course in JupyterLab
	$(BIN)/jupyter lab notebooks

execute: $(VENV)/tools  ## write the notebooks anew from their text sources, with outputs
	$(BIN)/python notebooks/execute.py

lint: $(VENV)/tools  ## style, types and the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/installed  ## the site, in docs/_build/site: warnings are errors, every link is followed
	$(INSTALL) '.[data,docs,testing]'
	rm -rf docs/_build/site docs/_build/doctrees
	$(BIN)/python docs/prepare.py
	$(BIN)/python -m sphinx -q -W --keep-going -d docs/_build/doctrees docs docs/_build/site
	$(BIN)/python docs/links.py docs/_build/site

package: $(VENV)/installed  ## wheel and source distribution in dist/, looked at, and tried in an empty environment
	rm -rf dist
	$(BIN)/uv build --quiet --system-certs
	$(BIN)/uvx --quiet --system-certs twine check --strict dist/*
	$(BIN)/uv run --quiet --system-certs --isolated --no-project --with dist/*.whl glassgrad explain "tanh(w*x)" w=1 x=2 --wrt w

# Types are checked beside the tests, not before them: mypy takes one processor for half a minute.
TOGETHER = @$(MAKE) --no-print-directory --jobs=2 lint

check:  ## lint, types and the quick tests, in less than a minute: before every commit
	$(TOGETHER) quick

test:  ## lint, types, doctests, tests, branch coverage
	$(TOGETHER) tests

quick: $(VENV)/compiled
	HYPOTHESIS_PROFILE=quick $(BIN)/pytest -q -n 2 -m "not slow"

# Twice the two processors of a small machine: some tests wait, for a browser or a disk.
tests: $(VENV)/compiled $(VENV)/binder/made
	$(BIN)/pytest -n 4 --dist worksteal --cov

MINUTES ?= 10
fuzz: $(VENV)/tools  ## property tests and trainings with new random numbers for MINUTES minutes (10)
	$(BIN)/python tests/fuzz.py --minutes $(MINUTES)

mutants: $(VENV)/tools  ## break every derivative rule in turn, and see whether the tests notice (half an hour)
	$(BIN)/python tests/mutants.py

damage: $(VENV)/tools  ## kill processes and fill the disk at every step of writing; read 20,000 strange files
	$(BIN)/python tests/damage.py

bench: $(VENV)/installed  ## time the engine beside its peers, in environments of their own
	$(BIN)/python benchmarks/run.py

peers: $(VENV)/installed  ## run HIPS autograd's tests on ours, and compare with PyTorch, MyGrad and SciPy
	$(BIN)/python benchmarks/peers/run.py

lock: $(VENV)/tools  ## renew the pinned versions in constraints.txt
	$(BIN)/uv pip compile --quiet --system-certs --universal --no-header --no-annotate --no-emit-index-url --upgrade \
		--extra data --extra test --python-version 3.11 pyproject.toml --output-file constraints.txt
	echo "uv==$$($(BIN)/uv --version | cut -d' ' -f2)" >> constraints.txt

clean:  ## remove the environments and all that tests and the demo leave
	rm -rf $(VENV) benchmarks/.venv benchmarks/gradcheck/.venv benchmarks/peers/.venv out .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage docs/_build docs/api docs/course dist
