# make demo: set up and run the main job.   make test: set up and run all checks and tests.
# make engine: the compiled engine's agreement tests alone.
# make install: set up alone.               make PYTHON=python3.13 ...: with another interpreter.
PYTHON ?= python3
VENV   ?= .venv
DEMO   ?= results/demo
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: install demo test lint engine clean FORCE

install: $(VENV)/installed

# A virtual environment of its own for each interpreter: another PYTHON starts it anew.
$(VENV)/interpreter: FORCE
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "msim wants Python 3.11 or newer, got $$($(PYTHON) --version 2>&1); choose one: make PYTHON=python3.12" >&2; exit 2; }
	@command -v g++ > /dev/null || { echo "msim wants g++ to compile its kernels, found none" >&2; exit 2; }
	@wanted=$$($(PYTHON) -c 'import sys; print(sys.executable, sys.version)'); \
	if [ "$$wanted" != "$$(cat $@ 2> /dev/null)" ]; then \
	  echo "setting up $(VENV) with $$($(PYTHON) --version)"; \
	  $(PYTHON) -m venv --clear $(VENV) && echo "$$wanted" > $@; \
	fi

$(VENV)/installed: $(VENV)/interpreter setup.cfg pyproject.toml
	$(PIP) --editable '.[test]'
	@touch $@

demo: install
	rm -rf $(DEMO)
	$(BIN)/msim run ketamine_rapid_and_sustained --out $(DEMO)
	$(BIN)/msim plot $(DEMO)

lint: install
	$(BIN)/python -m flake8 msim tests benchmarks
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/msim check models experiments

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadscope

engine: install
	$(BIN)/python -m pytest -n 2 --dist loadscope $(wildcard tests/agreement/test_engine_*.py)

clean:
	rm -rf $(VENV) .venv-newer build dist *.egg-info
