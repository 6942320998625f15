# make demo: set up and run the main job.   make test: set up and run all checks and tests.
# make engine: the compiled engine's agreement tests alone.
# make emulators: fit the emulators that come with msim anew, after a change of its cells.
# make notebooks: build the .ipynb of every notebook from its .py.
# make docs: build the documentation site: docs/_build/html/index.html.
# make install: set up alone.               make PYTHON=python3.13 ...: with another interpreter.
PYTHON ?= python3
VENV   ?= .venv
DEMO   ?= results/demo
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: install demo test lint engine emulators notebooks docs clean FORCE

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
	$(PIP) --editable '.[test,imaging]'
	@touch $@

demo: install
	rm -rf $(DEMO)
	$(BIN)/msim run ketamine_rapid_and_sustained --out $(DEMO)
	$(BIN)/msim plot $(DEMO)
	$(BIN)/msim report $(DEMO) --replace

lint: install
	$(BIN)/python -m flake8 msim tests benchmarks notebooks docs
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/msim check models experiments

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

engine: install
	$(BIN)/python -m pytest -n 2 --dist loadscope $(wildcard tests/agreement/test_engine_*.py)

# What notebooks, pages and studies stand on, so that nobody has to fit first: the column, a brain, the four cohorts.
emulators: install
	rm -rf build/emulators models/emulators/*.json
	MSIM_CACHE=build/emulators $(BIN)/msim emulator fit circuits/cortical_column
	MSIM_CACHE=build/emulators $(BIN)/msim run direct_or_disinhibition --target emulator --until "2 hour" --out build/emulators/run
	MSIM_CACHE=build/emulators $(BIN)/msim brain scan brains/brain19 --minutes 4 --out build/emulators/scan
	MSIM_CACHE=build/emulators $(BIN)/msim brain task brains/brain19 tasks/go_nogo --out build/emulators/task
	MSIM_CACHE=build/emulators $(BIN)/msim study siegel2021_resting_fc
	MSIM_CACHE=build/emulators $(BIN)/msim study sahib2020_go_nogo
	$(BIN)/python -c 'import json, pathlib, shutil; \
	  [shutil.copy(one, pathlib.Path("models/emulators", json.loads(one.read_text())["emulator"]["about"]["name"])) \
	   for one in pathlib.Path("build/emulators/emulators").glob("*.json")]'

notebooks: install
	$(BIN)/jupytext --quiet --to ipynb notebooks/[0-9]*.py

docs: install
	$(BIN)/python -m sphinx -W --keep-going -n -q -b html -d docs/_build/doctrees docs docs/_build/html

clean:
	rm -rf $(VENV) .venv-newer build dist docs/_build docs/_generated *.egg-info
