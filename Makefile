# make demo: set up and run the main job.  make test: set up and pass the tests.  make PYTHON=python3.13 ... picks another interpreter.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DEMO   ?= results/demo

.PHONY: install demo test lint clean

install: $(VENV)/installed

$(VENV)/installed: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "msim wants Python 3.11 or newer, got $$($(PYTHON) --version); choose one: make PYTHON=python3.12" >&2; exit 1; }
	@command -v g++ > /dev/null || { echo "msim wants g++ to compile its kernels, found none" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

demo: install
	@rm -rf $(DEMO)
	$(BIN)/msim run ketamine_rapid_and_sustained --out $(DEMO)
	$(BIN)/msim plot $(DEMO)

lint: install
	$(BIN)/python -m flake8 msim tests benchmarks
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/msim check models experiments

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadscope

clean:
	rm -rf $(VENV) results build dist *.egg-info
