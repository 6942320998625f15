"""Values that change while the model runs: at their time, on both scales, the same on every target and after a stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from smooth_network import SmoothNetwork

from msim.backends.context import Context, build_network
from msim.backends.fast_network import Burst, FastNetwork
from msim.base.errors import InputError
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.models.interventions import ModelChange
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.values import with_changes
from msim.multiscale import simulate as engine
from msim.multiscale.co_simulation import CoSimulation, advance
from msim.multiscale.slow.scale import resumed_scale
from msim.multiscale.trial_state import TrialState
from msim.recording.probe import Recording
from msim.recording.recorder import MemoryRecorder

HOUR = 3600.0
ON, OFF, END = 1.25 * HOUR, 3.1 * HOUR, 5 * HOUR
QUANTITIES = ("eef2k.K", "eef2k.p_eEF2", "spines.number", "bdnf_trkb.BDNF", "ampar_scaling.AMPAR_scale", "mecp2_loop.X")
SAMPLES = tuple(np.linspace(300.0, END, 40))
EXACT = Schedule(tolerance=1e9, shortest_leap=600.0, longest_leap=600.0)
QUICK = Schedule(settle=0.05, baseline=0.2, burst=0.1, burn_in=0.02, probe=0.2, tolerance=1e9, longest_leap=1800.0)


@pytest.fixture(scope="module")
def smooth(model: ModelDefinition) -> ModelDefinition:
    """Ten cells, and a kinase that stands far from its rest when half of it is taken away."""
    return model.with_value("column.n_cells", 10)


def run(
    model: ModelDefinition, changes: Sequence[ModelChange], schedule: Schedule, target: str = "cpp", end: float = END,
    samples: Sequence[float] = SAMPLES, resume: TrialState | None = None, kept: list[Any] | None = None,
    probes: Sequence[float] = (), record: MemoryRecorder | None = None,
) -> MemoryRecorder:  # fmt: skip
    """One trial from rest at time 0, or from where it was."""
    record = record or MemoryRecorder()
    engine.simulate(
        model, engine.Protocol(0.0, end, 70.0, (), tuple(changes)),
        Recording(tuple(samples), tuple(probes), QUANTITIES, ("pyramidal.firing_rate",)), record, 1,
        Context(target=target, schedule=schedule), resume=resume,
        keep_state=(lambda state: kept.append(state())) if kept is not None else lambda state: None,
    )  # fmt: skip
    return record


def means(record: MemoryRecorder, name: str) -> np.ndarray:
    """Means over cells at the samples."""
    return np.concatenate(record.means[name])


def smoothly(*arguments: Any, **named: Any) -> MemoryRecorder:
    """One trial with a smooth response in place of spikes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "build_network", lambda model, seed, context: SmoothNetwork(model))
        return run(*arguments, **named)


def half_kinase(model: ModelDefinition) -> ModelDefinition:
    """The model with half of eEF2 kinase."""
    return model.with_value("eef2k.eEF2K", 0.5)


def test_a_step_of_a_slow_value_follows_its_closed_form(smooth: ModelDefinition) -> None:
    """dK/dt = (eEF2K u^n - K) / tau_K with u = 1 at rest: an exponential from the step on, nothing before it.

    Without gain of translation nothing comes back to u. Tolerance: the slow solver's 1e-4 a step, of a few steps.
    """
    smooth = smooth.with_value("translation.beta_d", 0)
    changes = (ModelChange(ON, half_kinase(smooth), {}), ModelChange(OFF, smooth, {}))
    found, times = means(smoothly(smooth, changes, Schedule()), "eef2k.K"), np.array(SAMPLES)
    tau = smooth["eef2k.tau_K"]
    wanted = np.where(times <= ON, 1.0, 0.5 + 0.5 * np.exp(-(times - ON) / tau))
    at_off = 0.5 + 0.5 * np.exp(-(OFF - ON) / tau)
    wanted = np.where(times <= OFF, wanted, 1 + (at_off - 1) * np.exp(-(times - OFF) / tau))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=5e-4)


def test_a_step_in_time_is_two_runs_pieced_together(smooth: ModelDefinition) -> None:
    """The second one takes the states of the first and has the new value from its begin, but the old rest."""
    whole = smoothly(smooth, (ModelChange(ON, half_kinase(smooth), {}),), EXACT)
    kept: list[TrialState] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("msim.backends.fast_network.FastNetwork.state", lambda network: None)
        journeys: list[CoSimulation] = []
        patch.setattr(engine, "trial_state", lambda cosimulation: journeys.append(cosimulation))
        first = smoothly(smooth, (), EXACT, end=ON, samples=[one for one in SAMPLES if one < ON], kept=kept)
    before = journeys[-1]
    scale = resumed_scale(half_kinase(smooth), before.scale.drugs, before.scale.references)
    network, record = SmoothNetwork(smooth), MemoryRecorder()
    recording = replace(before.recording, samples=tuple(one for one in SAMPLES if one > ON))
    second = CoSimulation(
        ON, before.states, before.last_burst, network, scale, EXACT, recording, record, next_leap=EXACT.shortest_leap
    )
    advance(second, END, [], lambda time: None)
    for name in QUANTITIES:
        pieces = np.concatenate([means(first, name), means(record, name)])
        np.testing.assert_allclose(means(whole, name), pieces, rtol=1e-6, atol=1e-8)
    assert means(whole, "bdnf_trkb.BDNF")[-1] > 1.05


def test_a_pulse_acts_once_and_at_its_time(smooth: ModelDefinition) -> None:
    """Of the spines a share is left: where none grow the others come back in their own time, and none go before."""
    name, own = "spines.number", smooth.with_value("spines.k_N", "0 Hz")
    plain, cut = (
        smoothly(own, (ModelChange(ON, half_kinase(own), {}), ModelChange(OFF, half_kinase(own), pulses)), EXACT)
        for pulses in ({}, {name: 0.75})
    )
    before = np.array(SAMPLES) <= OFF
    for one in QUANTITIES:
        np.testing.assert_array_equal(means(plain, one)[before], means(cut, one)[before])
    lost = means(plain, name)[~before] - means(cut, name)[~before]
    since = np.array(SAMPLES)[~before] - OFF
    np.testing.assert_allclose(lost, 0.25 * np.exp(-since / own["spines.tau_N"]), rtol=1e-3)


def test_a_change_to_the_same_values_changes_nothing(smooth: ModelDefinition) -> None:
    """Although the slow scale is made anew and the network asked again."""
    for one in QUANTITIES:
        found = means(smoothly(smooth, (ModelChange(ON, smooth, {}), ModelChange(OFF, smooth, {})), Schedule()), one)
        np.testing.assert_allclose(found, found[0], rtol=0, atol=1e-9)


# Spiking cells


def driven(model: ModelDefinition) -> ModelDefinition:
    """40 cells that fire by themselves, without background, so that nothing is drawn at random but wiring."""
    values: dict[str, Any] = {"column.n_cells": 40, "resting_release.rate_mini": "0 Hz"}
    for name in model.populations:
        values[f"background_{name}.rate"] = "0 Hz"
        values[f"{name}_membrane.E_L"] = "-45 mV"
    return with_changes(model, values, "test")


OTHER = {
    "pv_membrane.E_L": "-48 mV", "sst_membrane.g_L": "8 nS", "ampa.tau_decay": "4 ms", "gaba_pv.E": "-65 mV",
    "pyramidal_to_pv.peak.ampa": "0.2 nS", "pv_to_pyramidal.peak.gaba_pv": "0.5 nS",
    "pyramidal_to_pyramidal.peak.nmda": "0.3 nS", "nmda.quantal_share": 0.2,
}  # fmt: skip


def bursts(model: ModelDefinition, changed: ModelDefinition, target: str, again: int = 1) -> list[Burst]:
    """A burst before, one or more with other values, and one with the old ones back."""
    network: FastNetwork = build_network(model, 3, Context(target=target))
    found = [network.burst(0.0, 0.04, keep_field=False)]
    for values, count in ((changed, again), (model, 1)):
        network.update_parameters(values)
        found += [network.burst(0.0, 0.04, keep_field=False) for _ in range(count)]
    return found


def test_targets_agree_on_values_that_change_between_bursts(model: ModelDefinition) -> None:
    """Cells without noise: per-cell averages to rounding, which grows with time, and every spike.

    Each half of each burst; what a value does that reached one target only would be of the order of the change.
    """
    own = driven(model)
    changed = with_changes(own, OTHER, "test")
    compiled, stock = (bursts(own, changed, target) for target in ("cpp", "numpy"))
    assert sum(one.spikes[name][0].size for one in compiled for name in model.populations) > 20
    for left, right in zip(compiled, stock, strict=True):
        for name in right.halves:
            size = np.abs(right.halves[name]).max() or 1.0
            np.testing.assert_allclose(left.halves[name], right.halves[name], rtol=0, atol=1e-10 * size, err_msg=name)
        for name, (_, cells) in right.spikes.items():
            np.testing.assert_array_equal(left.spikes[name][1], cells)
    for name in ("pv.v", "sst.v", "pyramidal.v", "pyramidal.ampa.g", "pyramidal.nmda.activated_fraction"):
        stays, moved = (bursts(own, one, "cpp")[1].halves[name] for one in (own, changed))
        assert np.abs(stays - moved).max() > 1e-3 * np.abs(stays).max(), name


@pytest.mark.parametrize("target", ["cpp", "numpy"])
def test_a_drive_takes_another_rate_and_peak(model: ModelDefinition, target: str) -> None:
    """Mean conductance is rate x peak x decay time: Campbell. 24 cells for 0.36 s have 3 % of sampling error."""
    own = model.with_value("column.n_cells", 30)
    path = "background_pyramidal"
    changed = with_changes(own, {f"{path}.rate": "6 Hz", f"{path}.peak.ampa_background": "0.3 nS"}, "test")
    network = build_network(own, 3, Context(target=target))
    for one in (own, changed, own):
        network.update_parameters(one)
        burst = network.burst(0.04, 0.36, keep_field=False)
        events = one[f"{path}.contacts"] * one[f"{path}.rate"]
        wanted = events * one[f"{path}.peak.ampa_background"] * one["ampa_background.tau_decay"]
        assert burst.mean("pyramidal.ampa_background.g") == pytest.approx(wanted, rel=0.1)


def test_other_wiring_is_refused(model: ModelDefinition) -> None:
    own = model.with_value("column.n_cells", 30)
    network = build_network(own, 3, Context())
    with pytest.raises(InputError, match="cannot change between bursts"):
        network.update_parameters(own.with_value("pv_to_pv.in_degree", 2))


def test_nothing_changes_before_its_time(model: ModelDefinition) -> None:
    """Bit for bit, on both scales: an act of amount 0 and one of 1 part at their onset."""
    own = model.with_value("column.n_cells", 40)
    strong = with_changes(own, {"gaba_pv.E": "-85 mV", "eef2k.eEF2K": 0.2}, "test")
    none, full = (
        run(own, (ModelChange(ON, one, {}),), QUICK, end=OFF, samples=SAMPLES[:20], probes=(600.0, ON, OFF))
        for one in (own, strong)
    )
    before = np.array(SAMPLES[:20]) <= ON
    for name in QUANTITIES:
        left, right = means(none, name), means(full, name)
        np.testing.assert_array_equal(left[before], right[before])
    assert np.any(means(none, "eef2k.K")[~before] != means(full, "eef2k.K")[~before])
    for left_probe, right_probe in zip(none.probes, full.probes, strict=True):
        same = all(
            np.array_equal(left_probe.spikes[one][0], right_probe.spikes[one][0]) for one in model.populations
        )
        assert same == (left_probe.time <= ON)


def test_a_trial_taken_up_within_an_act_goes_on_as_if_it_had_not_stopped(model: ModelDefinition) -> None:
    """From every place where it could have been stopped, to the last bit of the states of all cells at the end."""
    own = model.with_value("column.n_cells", 40)
    peaks = {"pv_to_pyramidal.peak.gaba_pv": "2.5 nS", "pyramidal_to_pyramidal.peak.nmda": "0.2 nS"}
    acting = with_changes(own, {**peaks, "background_sst.rate": "3 Hz", "eef2k.eEF2K": 0.2}, "test")
    changes = (ModelChange(ON, acting, {}), ModelChange(OFF, own, {"eef2k.theta": 0.5}))
    kept: list[TrialState] = []
    run(own, changes, QUICK, end=4 * HOUR, samples=(), kept=kept)
    times = [one.about["time"] for one in kept]
    assert any(ON < time < OFF for time in times) and ON in times and OFF in times
    for state in (kept[times.index(ON)], next(one for one in kept if ON < one.about["time"] < OFF),
                  kept[times.index(OFF)]):  # fmt: skip
        again: list[TrialState] = []
        run(own, changes, QUICK, end=4 * HOUR, samples=(), resume=state, kept=again)
        assert again[-1].about == kept[-1].about
        for name, values in kept[-1].arrays.items():
            np.testing.assert_array_equal(again[-1].arrays[name], values, err_msg=name)
