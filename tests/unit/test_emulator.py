"""The emulator: axes found in the links, a known response recovered, refusals, files, and a whole trial on it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msim.backends.context import Context
from msim.backends.fast_network import FastNetwork, NetworkState
from msim.base.errors import InputError, StorageError
from msim.definitions.experiments.experiment import read_experiment
from msim.definitions.models.model import ModelDefinition
from msim.emulator import sampling
from msim.emulator.axes import axes_of
from msim.emulator.emulator import Emulator, Output
from msim.emulator.files import read_emulator, write_emulator
from msim.emulator.fit import FitBudget, fit_emulator
from msim.emulator.library import Emulators, emulators_of, find_emulator
from msim.emulator.network import EmulatorNetwork
from msim.multiscale.simulate import Protocol, one_of_each, simulate
from msim.recording.recorder import MemoryRecorder
from tests.known_column import KnownColumn
from tests.smooth_network import SmoothNetwork

EFFORT = FitBudget(points=300, seconds=1.0, rest=5.0)


def fitted(
    model: ModelDefinition, make: Callable[[ModelDefinition], FastNetwork], budget: FitBudget = EFFORT
) -> Emulator:
    """The emulator of a stand-in for a model's cells."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling, "build_network", lambda asked, seed, context: make(asked))
        return fit_emulator(model, axes_of(model), budget)


@pytest.fixture(scope="module")
def exact(small_model: ModelDefinition) -> Emulator:
    """The emulator of a column without noise."""
    return fitted(small_model, KnownColumn)


def test_every_input_and_drive_is_on_one_axis(model: ModelDefinition) -> None:
    """Links that hand down the same output share an axis, and none is lost."""
    axes = axes_of(model)
    targets = [target.text for axis in axes for target in axis.targets]
    assert sorted(targets) == sorted(link.to for link in model.links.values() if model.feeds_receptor(link))
    rates = {model.resolved(f"{one.name}.rate").path for one in model.drives.values()}
    assert {axis.name for axis in axes if axis.kind == "value"} == rates
    assert len({axis.name for axis in axes}) == len(axes)


def test_more_axes_and_ranges_can_be_asked_for(model: ModelDefinition) -> None:
    """A value, an input that nothing feeds, a range; and each refusal names what was wrong."""
    axes = {one.name: one for one in axes_of(model, ["gaba_pv.tau_decay", "pv.ampa_background.gain"],
                                             {"block_pv.b": ("0", "0.5"), "gaba_pv.tau_decay": ("5 ms", "8 ms")})}
    assert (axes["block_pv.b"].low, axes["block_pv.b"].high) == (0, 0.5)
    assert axes["gaba_pv.tau_decay"].high == pytest.approx(8e-3)
    assert axes["pv.ampa_background.gain"].targets[0].text == "pv.ampa_background.gain"
    for extra, ranges, words in (
        (["gaba_pv.tau_decai"], {}, "gaba_pv.tau_decay"),
        (["pv.nmda_pv.block"], {}, "block_pv.b"),
        (["ampa_background.E"], {}, "follows"),
        ([], {"block_pv.b": ("0.1", "0.5")}, "resting value"),
        ([], {"ampar_scaling.AMPAR_scale": ("0", "2")}, "resting value"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=words):
            axes_of(model, extra, ranges)


def test_a_known_response_is_recovered_within_the_stated_error(small_model: ModelDefinition, exact: Emulator) -> None:
    """Between the points as at them.

    The root mean square of 60 points is off by a tenth; surfaces differ more in one place than in another.
    """
    points = [one for one in sampling.design(exact.axes, 60, seed=11) if answered(exact, one)]
    assert len(points) > 30
    for output in exact.outputs:
        assert output.error < 0.06
        assert missed(small_model, exact, output, points) < 1.5 * output.error + 1e-6


def missed(model: ModelDefinition, emulator: Emulator, output: Output, points: list[np.ndarray]) -> float:
    """Root mean square of what an emulator is off by at points, on the scale of its errors."""
    column = KnownColumn(model)
    found = []
    for point in points:
        sampling.set_point(column, model, emulator.axes, point)
        truth = column.burst(0, 1, keep_field=False).halves[output.name].mean()
        found.append(output.fitted(emulator.at(point[None])[output.name][0]) - output.fitted(truth))
    return float(np.sqrt(np.mean(np.square(found))))


def test_the_error_that_is_stated_holds_between_the_points(small_model: ModelDefinition) -> None:
    """With 10 % noise in each half: new points of the response itself are missed by less than bursts are.

    The noise of a burst of two halves is 7 %, which left-out bursts are missed by at least; the surfaces, which average
    over bursts, are nearer to the truth than a burst is.
    """
    emulator = fitted(small_model, lambda model: KnownColumn(model, noise=0.1))
    points = [one for one in sampling.design(emulator.axes, 200, seed=5) if answered(emulator, one)]
    for output in (one for one in emulator.outputs if one.name.endswith("firing_rate")):
        assert output.noise == pytest.approx(0.1 / np.sqrt(2), rel=0.2)
        assert 0.06 < output.error < 0.12
        assert missed(small_model, emulator, output, points) < output.error


def answered(emulator: Emulator, point: np.ndarray) -> bool:
    """Whether a point is inside the domain."""
    try:
        emulator.check(point[None])
    except InputError:
        return False
    return True


def test_derivatives_are_those_of_the_surfaces(exact: Emulator) -> None:
    """Against central differences, on every axis."""
    point = np.array([[axis.between(0.4) for axis in exact.axes]])
    for k, axis in enumerate(exact.axes):
        step = 1e-5 * (axis.high - axis.low)
        up, down = point.copy(), point.copy()
        up[0, k] += step
        down[0, k] -= step
        slopes = exact.slopes(point, axis.name)
        for number, output in enumerate(exact.outputs):
            difference = (exact.at(up)[output.name][0] - exact.at(down)[output.name][0]) / (2 * step)
            assert slopes[0, number] == pytest.approx(difference, rel=1e-4, abs=1e-6 * abs(output.rest))


def test_what_a_gain_adds_is_nothing_at_rest(exact: Emulator) -> None:
    """An average that is a multiple of another follows from it to the last bit, not from a surface."""
    for gain in (1.0, 1.3):
        found = exact.averages({"ampar_scaling.AMPAR_scale": gain})
        assert found["pyramidal.ampa.excess"] == (gain - 1) * found["pyramidal.ampa.g"]


def test_surfaces_go_through_rest(small_model: ModelDefinition, exact: Emulator) -> None:
    """Resting values are the unit of most of what the slow scale is told."""
    burst = KnownColumn(small_model).burst(0, 1, keep_field=False)
    for one in exact.outputs:
        assert exact.averages()[one.name] == pytest.approx(burst.halves[one.name].mean(), rel=1e-3, abs=0)


def test_outside_a_range_is_refused(exact: Emulator) -> None:
    """The message names the axis, the value and the range; every element of an array counts."""
    for value in (0.81, -0.01, np.nan, [0.1, 0.9]):
        with pytest.raises(InputError, match="block_pv.b = .*wants 0 to 0.8"):
            exact.averages({"block_pv.b": value})
    with pytest.raises(InputError, match="nearest known: 'block_pv.b'"):
        exact.averages({"block_pw.b": 0.1})
    assert exact.averages({"block_pv.b": [0.0, 0.2, 0.4]})["pv.firing_rate"].shape == (3,)


def test_synchronous_points_are_left_out_and_refused(small_model: ModelDefinition) -> None:
    """Where cells spike together nothing is fitted, and nothing is answered."""
    emulator = fitted(small_model, lambda model: KnownColumn(model, synchronous_above=0.5), replace(EFFORT, points=600))
    kept = emulator.record["kept"] > 0
    blocks = [k for k, axis in enumerate(emulator.axes) if axis.name.endswith(".b")]
    assert (emulator.record["points"][kept][:, blocks].max(axis=1) <= 0.5).all()
    assert not kept.all()
    with pytest.raises(InputError, match="Fano factor"):
        emulator.averages({emulator.axes[k].name: 0.8 for k in blocks})
    assert emulator.averages({emulator.axes[blocks[0]].name: 0.1})


def test_a_file_gives_the_same_emulator_to_the_last_bit(exact: Emulator, tmp_path: Path) -> None:
    """Averages, refusals and draws of what was read are those of what was written."""
    write_emulator(exact, tmp_path / "a.json")
    again = read_emulator(tmp_path / "a.json")
    point = {"block_pv.b": 0.123, "ampar_scaling.AMPAR_scale": 1.07}
    for one, other in ((exact, again), (exact.drawn(3), again.drawn(3))):
        before, after = one.averages(point), other.averages(point)
        assert {name: value.tobytes() for name, value in before.items()} == {
            name: value.tobytes() for name, value in after.items()
        }
    assert (again.axes, again.outputs, again.digest) == (exact.axes, exact.outputs, exact.digest)
    write_emulator(again, tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_damaged_file_is_refused(exact: Emulator, tmp_path: Path) -> None:
    """A changed number, another format, another file, none."""
    path = tmp_path / "emulator.json"
    write_emulator(exact, path)
    given = json.loads(path.read_text())
    given["emulator"]["coefficients"][0][0] += 1e-9
    path.write_text(json.dumps(given))
    with pytest.raises(StorageError, match="damaged"):
        read_emulator(path)
    for text, words in (("{}", "another file"), ("[1]", "another file"), ("no", "no JSON"),
                        ('{"msim_emulator": 99}', "format"), ('{"msim_emulator": 1, "emulator": 3}', "damaged")):
        path.write_text(text)
        with pytest.raises(StorageError, match=words):
            read_emulator(path)
    with pytest.raises(StorageError, match="cannot be read"):
        read_emulator(tmp_path / "none.json")


def faster(model: ModelDefinition) -> ModelDefinition:
    """A background some per cent faster, as an axis of an emulator may reach."""
    return model.with_value("background_pyramidal.rate", f"{1.08 * model['background_pyramidal.rate']} Hz")


def test_a_model_with_other_cells_is_refused(small_model: ModelDefinition, exact: Emulator) -> None:
    """A number of the cells, the wiring, the size, or what a link hands down; not the slow scale, not an axis."""
    for path, value in (
        ("pyramidal_membrane.C_m", "201 pF"), ("pyramidal_to_pv.peak.nmda_pv", "0.2 nS"), ("column.n_cells", 110),
        ("pyramidal_to_pv.in_degree", 230), ("gain_on_pv.share", 0.3), ("nmda.Mg_o", "0.9 mM"),
    ):  # fmt: skip
        with pytest.raises(InputError, match="other spiking cells"):
            EmulatorNetwork(exact, small_model.with_value(path, value))
    EmulatorNetwork(exact, small_model.with_value("eef2k.tau_K", "5 minute"))
    more = EmulatorNetwork(exact, faster(small_model)).burst(0, 1, False)
    less = EmulatorNetwork(exact, small_model).burst(0, 1, False)
    assert more.mean("pyramidal.firing_rate") > 1.005 * less.mean("pyramidal.firing_rate")
    with pytest.raises(InputError, match="background_pyramidal.rate = 9 Hz"):
        EmulatorNetwork(exact, small_model.with_value("background_pyramidal.rate", "9 Hz")).burst(0, 1, False)


def test_an_input_that_is_no_axis_is_refused(small_model: ModelDefinition, exact: Emulator) -> None:
    """So are two receptors that are handed what no value of their axis gives both."""
    network = EmulatorNetwork(exact, small_model)
    with pytest.raises(InputError, match="--axis pv.ampa_background.gain"):
        network.set_input("pv", "ampa_background", "gain", np.full(3, 1.1))
    network.set_input("pv", "ampa_background", "gain", np.ones(3))  # rest is what the emulator was fitted at
    network.set_input("pyramidal", "ampa", "gain", np.full(3, 1.2))
    network.set_input("pv", "ampa", "gain", np.full(3, 1.2))
    with pytest.raises(InputError, match="one value of 'ampar_scaling.AMPAR_scale'"):
        network.burst(0, 1, False)


def test_other_values_on_the_way_want_a_emulator_of_theirs(small_model: ModelDefinition, exact: Emulator) -> None:
    """Values that are axes move on the same surfaces; others switch to the emulator of these cells, or are refused."""
    changed = small_model.with_value("nmda.Mg_o", "0.9 mM")
    other = fitted(changed, KnownColumn)
    network = EmulatorNetwork(exact, small_model, [other])
    first = network.burst(0, 1, False).mean("pyramidal.firing_rate")
    network.update_parameters(one_of_each(faster(small_model)))
    assert network.emulator is exact
    assert network.burst(0, 1, False).mean("pyramidal.firing_rate") > 1.005 * first
    network.update_parameters(one_of_each(changed))
    assert network.emulator is other
    network.update_parameters(one_of_each(small_model))
    assert network.burst(0, 1, False).mean("pyramidal.firing_rate") == first
    with pytest.raises(InputError, match="other spiking cells"):
        network.update_parameters(one_of_each(small_model.with_value("nmda.Mg_o", "0.8 mM")))


def test_a_checkpoint_brings_back_what_was_handed_down(small_model: ModelDefinition, exact: Emulator) -> None:
    """In a new process, to the last bit; that of another emulator is refused."""
    network = EmulatorNetwork(exact, small_model)
    target = next(one for one in exact.axes if one.name == "block_pv.b").targets[0]
    network.set_input(target.population, target.receptor, target.name, np.full(4, 0.3))
    network.burst(0, 1, False)
    state = network.state()
    fresh = EmulatorNetwork(exact, small_model)
    fresh.restore(NetworkState(state.arrays, json.loads(json.dumps(state.about))))
    fresh.populations = network.populations
    assert fresh.burst(0, 1, False).mean("pv.firing_rate") == network.burst(0, 1, False).mean("pv.firing_rate")
    with pytest.raises(InputError, match="checkpoint"):
        fresh.restore(NetworkState({}, {"emulator": "another"}))


def test_draws_scatter_as_bursts_allow(small_model: ModelDefinition, exact: Emulator) -> None:
    """A seed is one draw; draws of a noisy column scatter more than those of one without, and about the same mean."""
    noisy = fitted(small_model, lambda model: KnownColumn(model, noise=0.2))
    point = {"block_pv.b": 0.3, "block_evoked.b": 0.2}
    rates = {name: np.array([float(emulator.drawn(seed).averages(point)["pv.firing_rate"]) for seed in range(40)])
             for name, emulator in (("noisy", noisy), ("exact", exact))}
    assert exact.drawn(3).averages(point) == exact.drawn(3).averages(point)
    assert rates["noisy"].std() > 3 * rates["exact"].std()
    center = float(noisy.averages(point)["pv.firing_rate"])
    # The mean of 40 draws is off by more than four of its standard errors once in 16,000 times.
    assert abs(rates["noisy"].mean() - center) < 4 * rates["noisy"].std() / np.sqrt(40)


def test_a_whole_trial_on_the_emulator_agrees(small_model: ModelDefinition, monkeypatch: pytest.MonkeyPatch) -> None:
    """A week with one dose against the cells that the emulator was fitted to, within a few times the error of rates."""
    emulator = fitted(small_model, SmoothNetworkWithDrives, replace(EFFORT, points=500))
    shipped = read_experiment("ketamine_rapid_and_sustained", {"column.n_cells": 100})
    arm = shipped.arm("ketamine")
    protocol = Protocol(shipped.begin, shipped.end, shipped.body_weight, arm.doses)
    gains = {}
    for name, network in (("cells", SmoothNetwork(small_model)), ("emulator", EmulatorNetwork(emulator, arm.model))):
        record = MemoryRecorder()
        monkeypatch.setattr("msim.multiscale.simulate.build_network", lambda *_, own=network: own)
        simulate(arm.model, protocol, replace(shipped.recording, probes=()), record, 1, Context(target="numpy"))
        gains[name] = np.concatenate(record.means["ampar_scaling.AMPAR_scale"])
    assert gains["cells"].max() > 1.2
    assert gains["emulator"] == pytest.approx(gains["cells"], abs=0.02)


class SmoothNetworkWithDrives(SmoothNetwork):
    """Drives leave its averages alone."""

    def update_parameters(self, model: ModelDefinition) -> None:
        pass


def test_one_cell_stands_for_all(small_model: ModelDefinition) -> None:
    """Every population keeps a cell, and nothing but the number of cells changes."""
    one = one_of_each(small_model)
    assert {one.cells(name) for name in one.populations} == {1}
    changed = {path for path in one.values if one.values[path] != small_model.values[path]}
    assert changed == {"column.n_cells"}


def test_emulators_are_found_again_and_fitted_anew_for_other_cells(
    small_model: ModelDefinition, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The cache is asked by what the cells are, not by the model's name; slow changes want no new emulator."""
    monkeypatch.setenv("MSIM_CACHE", str(tmp_path))
    monkeypatch.setattr(sampling, "build_network", lambda asked, seed, context: KnownColumn(asked))
    said: list[int] = []
    budget = replace(EFFORT, points=100)
    find_emulator(small_model, budget, lambda done, of: said.append(done))
    first = len(said)
    find_emulator(small_model.with_value("eef2k.tau_K", "5 minute"), budget, lambda done, of: said.append(done))
    assert first > 100 and len(said) == first
    find_emulator(small_model.with_value("nmda.Mg_o", "0.9 mM"), budget, lambda done, of: said.append(done))
    assert len(said) == 2 * first


def test_a_given_file_has_to_do_for_every_arm(small_model: ModelDefinition, exact: Emulator, tmp_path: Path) -> None:
    """The refusal names file and arm, before anything is run."""
    path = tmp_path / "emulator.json"
    write_emulator(exact, path)
    other = small_model.with_value("nmda.Mg_o", "0.9 mM")
    assert emulators_of({"a": small_model}, path) == Emulators((path,), exact.digest[:12], is_usual=False)
    with pytest.raises(InputError, match="emulator.json: arm 'b'"):
        emulators_of({"a": small_model, "b": other}, path)


def test_a_trial_that_leaves_the_domain_keeps_what_it_recorded(
    small_model: ModelDefinition, tmp_path: Path
) -> None:
    """Exit status 2, the axis and its range in the message, and the record up to there in a file."""
    whole = fitted(small_model, SmoothNetworkWithDrives)
    axes = (replace(one, high=0.1) if one.name == "block_pv.b" else one for one in whole.axes)
    narrow = replace(whole, axes=tuple(axes))
    write_emulator(narrow, tmp_path / "narrow.json")
    words = [
        "run", "ketamine_rapid_and_sustained", "--set", "column.n_cells=100", "--arms", "ketamine", "--seeds", "1",
        "--until", "2 hour", "--emulator", str(tmp_path / "narrow.json"), "--out", str(tmp_path / "run"),
    ]  # fmt: skip
    done = told([*words, "--target", "emulator"])
    assert done.returncode == 2, done.stderr
    assert "block_pv.b = " in done.stderr and "wants 0 to 0.1" in done.stderr
    assert "its record up to" in done.stderr
    wrong = told(words)
    assert wrong.returncode == 2 and "--emulator: is for --target emulator" in wrong.stderr


def told(words: list[str]) -> subprocess.CompletedProcess[str]:
    """What the command line says."""
    return subprocess.run([sys.executable, "-m", "msim", *words], capture_output=True, text=True)
