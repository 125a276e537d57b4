# Needs Python 3.11 or newer, make and a package index; everything else is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Scalar code gains nothing from more threads, and small matrices lose.
export OMP_NUM_THREADS ?= 1

# Where Python is told to keep no bytecode, every process that a test starts compiles all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo notebooks execute check test lint fuzz mutants damage bench lock clean

help:  ## say what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 14

INSTALL = $(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --constraint constraints.txt --editable

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' constraints.txt)"
	$(INSTALL) '.[data,testing]'
	touch $@

$(VENV)/lab: $(VENV)/installed
	$(INSTALL) '.[data,notebook,testing]'
	touch $@

$(VENV)/tools: $(VENV)/installed
	$(INSTALL) '.[data,test]'
	touch $@

demo: $(VENV)/installed  ## the main job: a perceptron explained, moons and digits learned; results in out/
	$(BIN)/python -m nn demo --out out

notebooks: $(VENV)/lab  ## open the course in JupyterLab
	$(BIN)/jupyter lab notebooks

execute: $(VENV)/tools  ## write the notebooks anew from their text sources, with outputs, and the picture of the README
	$(BIN)/python notebooks/execute.py
	$(BIN)/python -m nn demo --out out
	cp out/perceptron.png notebooks/

lint: $(VENV)/tools  ## style, types and the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint  ## lint, types and the quick tests, in less than a minute: before every commit
	HYPOTHESIS_PROFILE=quick $(BIN)/pytest -q -n 2 -m "not slow"

test: lint  ## lint, types, doctests, tests, branch coverage
	$(BIN)/pytest -n 2 --dist worksteal --cov

MINUTES ?= 10
fuzz: $(VENV)/tools  ## property tests and trainings with new random numbers for MINUTES minutes (10)
	$(BIN)/python tests/fuzz.py --minutes $(MINUTES)

mutants: $(VENV)/tools  ## break every derivative rule in turn, and see whether the tests notice (an hour or more)
	$(BIN)/python tests/mutants.py

damage: $(VENV)/tools  ## kill processes and fill the disk at every step of writing; read 20,000 strange files
	$(BIN)/python tests/damage.py

bench: $(VENV)/installed  ## time the engine beside its peers, in environments of their own
	$(BIN)/python benchmarks/run.py

lock: $(VENV)/tools  ## renew the pinned versions in constraints.txt
	$(BIN)/uv pip compile --quiet --system-certs --universal --no-header --no-annotate --no-emit-index-url --upgrade \
		--extra data --extra test --python-version 3.11 pyproject.toml --output-file constraints.txt
	echo "uv==$$($(BIN)/uv --version | cut -d' ' -f2)" >> constraints.txt

clean:  ## remove the environments and all that tests and the demo leave
	rm -rf $(VENV) benchmarks/.venv benchmarks/gradcheck/.venv out .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
