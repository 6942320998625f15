"""A silent slice runs through the whole chain: nothing spikes, release at rest goes on, a drug acts on it."""

from __future__ import annotations

import numpy as np
import pytest

from msim.backends.context import Context
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.preparations import prepared
from msim.definitions.models.read_model import read_model
from msim.multiscale.simulate import Protocol, simulate
from msim.pharmacology.regimen import Dose
from msim.recording.probe import Recording
from msim.recording.recorder import MemoryRecorder

HOUR = 3600.0
WATCHED = ("block_resting.b", "eef2k.K", "ampar_scaling.AMPAR_scale", "resting_calcium.u", "resting_calcium.evoked")
PROBED = ("pyramidal.firing_rate", "pv.firing_rate", "sst.firing_rate", "pyramidal.E_I_balance")
SHORT = Schedule(burst=0.2, burn_in=0.1, probe=0.2, baseline=1.0, settle=1.0, longest_leap=HOUR)


def run(model: ModelDefinition, *doses: Dose) -> MemoryRecorder:
    """Three hours, from ten minutes before."""
    record = MemoryRecorder()
    recording = Recording(tuple(np.arange(-600.0, 3 * HOUR + 1, 600.0)), (3 * HOUR,), WATCHED, PROBED)
    protocol = Protocol(-600.0, 3 * HOUR, 1.0, doses)
    simulate(model, protocol, recording, record, 1, Context(schedule=SHORT))
    return record


@pytest.fixture(scope="module")
def slice_at_rest() -> ModelDefinition:
    model = read_model("circuits/cortical_column").with_value("column.n_cells", 50)
    return prepared(model, "preparations", "silent_slice", "test")


def course(record: MemoryRecorder, name: str) -> np.ndarray:
    """Mean over cells, by time."""
    return np.concatenate(record.means[name])


def bath(drug: str, uM: float) -> Dose:
    return Dose(drug, "bath", 0.0, 3 * HOUR, 0.0, bath_mM=uM * 1e-3)


@pytest.fixture(scope="module")
def untouched(slice_at_rest: ModelDefinition) -> MemoryRecorder:
    return run(slice_at_rest)


def test_nothing_spikes_and_everything_stays_finite(untouched: MemoryRecorder) -> None:
    """No ratio to a resting value of 0 becomes anything but 0."""
    assert all(rate == 0 for row in untouched.bursts for rate in row.firing_rates.values())
    for name in WATCHED:
        assert np.isfinite(course(untouched, name)).all()
    for name in PROBED:
        assert not untouched.probes[0].cells[name].any()
    assert not course(untouched, "resting_calcium.evoked").any()


def test_release_at_rest_goes_on(untouched: MemoryRecorder) -> None:
    """The resting pool alone is left of calcium, and it does not move."""
    calcium = course(untouched, "resting_calcium.u")
    assert (calcium > 0.5).all() and np.ptp(calcium) < 1e-9


def test_without_a_drug_nothing_moves(untouched: MemoryRecorder) -> None:
    """Rest is found with the silence."""
    for name in ("eef2k.K", "ampar_scaling.AMPAR_scale"):
        assert np.ptp(course(untouched, name)) < 1e-6


def test_a_drug_in_the_bath_reaches_the_resting_pool(
    slice_at_rest: ModelDefinition, untouched: MemoryRecorder
) -> None:
    """Memantine without magnesium blocks it (NM5) and lets the kinase fall; with magnesium it blocks less."""
    free = slice_at_rest.with_value("nmda.Mg_o", "0 mM")
    without, with_Mg = run(free, bath("memantine", 10.0)), run(slice_at_rest, bath("memantine", 10.0))
    blocked = [course(one, "block_resting.b") for one in (without, with_Mg)]
    assert max(one[0] for one in blocked) < 1e-12
    assert blocked[0][-1] > 0.5 and blocked[0][-1] > 2 * blocked[1][-1]
    assert course(without, "eef2k.K")[-1] < 0.5 * course(untouched, "eef2k.K")[-1]
