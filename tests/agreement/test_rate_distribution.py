"""Quartiles and rank correlation of firing rates, and conductance beside the gain, through whole trials."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from msim.backends.context import Context, build_network
from msim.base.errors import DefinitionError
from msim.definitions.experiments.recordings import read_recording
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.files.schema import RecordEntry
from msim.definitions.models.interventions import ModelChange
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.readouts import recordable
from msim.multiscale.simulate import Protocol, simulate
from msim.multiscale.trial_state import TrialState
from msim.recording.probe import Recording
from msim.recording.recorder import MemoryRecorder

SHORT = Schedule(burst=0.2, burn_in=0.05, probe=2.0, baseline=2.0, settle=0.5, tolerance=1e9, longest_leap=1800.0)
GAIN, CONDUCTANCE = "ampar_scaling.AMPAR_scale", "ampa_conductance.conductance"
RANKS = "pyramidal.rate_rank_correlation"
PROBED = ("pyramidal.firing_rate", *(f"pyramidal.firing_rate_p{one}" for one in (10, 25, 50, 75, 90)), RANKS)


def run(
    model: ModelDefinition, changes: tuple[ModelChange, ...] = (), resume: TrialState | None = None,
    kept: list[Any] | None = None,
) -> MemoryRecorder:  # fmt: skip
    """Two hours, with a probe at the beginning and at the end."""
    record = MemoryRecorder()
    recording = Recording((0.0, 1800.0, 3600.0, 5400.0, 7200.0), (0.0, 7200.0), (GAIN, CONDUCTANCE), PROBED)
    simulate(
        model, Protocol(0.0, 7200.0, 70.0, (), changes), recording, record, 1, Context(schedule=SHORT), resume=resume,
        keep_state=(lambda state: kept.append(state())) if kept is not None else lambda state: None,
    )
    return record


def test_quartiles_are_those_of_the_cells_and_ranks_those_of_rest(small_model: ModelDefinition) -> None:
    """Also of a trial that was taken up: rest is that of its beginning, and cells keep most of their order."""
    states: list[Any] = []
    record = run(small_model, kept=states)
    for probe in record.probes:
        rates = probe.cells["pyramidal.firing_rate"]
        for percent in (10, 25, 50, 75, 90):
            (value,) = probe.cells[f"pyramidal.firing_rate_p{percent}"]
            assert value == pytest.approx(np.percentile(rates, percent))
    resting = states[0].arrays["resting_rates/pyramidal"]
    for probe in record.probes:
        wanted = spearmanr(probe.cells["pyramidal.firing_rate"], resting).statistic
        # Of 80 cells in any order it is above 0.4 once in 10,000 times.
        assert probe.cells[RANKS][0] == pytest.approx(wanted) and wanted > 0.4
    again = run(small_model, resume=states[0])
    assert again.probes[-1].cells[RANKS] == record.probes[-1].cells[RANKS]


def test_what_can_be_recorded_is_what_bursts_average(small_model: ModelDefinition) -> None:
    """Neither more, which would be missing in the record without a word, nor less."""
    network = build_network(small_model, 1, Context())
    averaged = network.burst(0.0, 0.01, keep_field=False).halves.keys()
    fast = {text for text, one in recordable(small_model).items() if one.kind in ("population", "receptor")}
    assert fast == set(averaged)
    entry = RecordEntry(quantity="pv.ampa.gated", at=["0 second"])
    with pytest.raises(DefinitionError, match="no burst averages 'pv.ampa.gated'"):
        read_recording([entry], small_model, (0.0, 60.0), "here")


def test_an_antagonist_hides_conductance_and_leaves_the_gain(small_model: ModelDefinition) -> None:
    """From its beginning on, and none of it before."""
    blocked = small_model.with_value("ampa.available", 0.25)
    record = run(small_model, (ModelChange(3600.0, blocked, {}),))
    gain, conductance = (np.concatenate(record.means[one]) for one in (GAIN, CONDUCTANCE))
    np.testing.assert_allclose(conductance, gain * [1, 1, 1, 0.25, 0.25], rtol=1e-12)
    assert gain.min() > 0.5
