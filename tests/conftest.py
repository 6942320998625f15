"""The shipped model, read once a session, and a small column of it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

from msim.definitions.models.drug_binding import with_given_drugs
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_model

# Brian2 logs all the code it makes; a failed test should show what failed.
logging.getLogger("brian2").setLevel(logging.WARNING)

# What stops processes at any moment, or waits for a browser or a cluster, on machines that others load. A failure of
# it is tried once more, and stands in the summary as RERUN, to be looked into.
IN_REAL_TIME = {"test_stopped_runs", "test_shared_out_runs", "test_sweep_faults", "test_sweep_clusters",
                "test_sweep_dask", "test_explore", "test_report", "test_times"}  # fmt: skip


# Modules of minutes, which begin first, so that no worker is left with one of them when the others are done.
LONGEST = ("test_studies", "test_code", "test_sweep_faults", "test_sweep_clusters", "test_stated_error", "test_bursts",
           "test_report", "test_shared_out_runs", "test_sweep_dask", "test_schemas", "test_bounded_memory",
           "test_brain_field", "06_direct_or_disinhibition", "test_broken_definitions", "test_neural_mass",
           "test_stopped_runs", "test_plugins", "test_slow_solvers")  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them, and put the longest first."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))
    for item in items:
        if item.path.stem in IN_REAL_TIME:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session", autouse=True)
def compiled_libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of compiled networks for this session: each is compiled once, and none is one that a user has."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # which all workers share
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MSIM_CACHE", str(folder / "compiled"))
        yield


@pytest.fixture(scope="session")
def model() -> ModelDefinition:
    """The shipped column with its 1,000 cells, its pools open to ketamine."""
    return with_given_drugs(read_model("circuits/cortical_column"), ("ketamine",))


@pytest.fixture(scope="session")
def small_model(model: ModelDefinition) -> ModelDefinition:
    """The same column with 100 cells: 80 pyramidal, 12 PV, 8 SST."""
    return model.with_value("column.n_cells", 100)
