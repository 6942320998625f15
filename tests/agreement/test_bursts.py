"""Bursts of a small column: cutting them changes nothing, and the network is stock Brian2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import brian2 as b2
import numpy as np
import pytest

from msim.backends import brian2_network as runtime
from msim.backends.brian2_network import Brian2Network
from msim.backends.fast_network import Burst
from msim.base.errors import SimulationError
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.values import with_changes
from msim.multiscale.averages import shrink
from msim.multiscale.slow.scale import slow_scale
from msim.network.column_plan import STEP, column_plan

Spikes = dict[str, tuple[np.ndarray, np.ndarray]]
WHOLE = 0.6
REST = 0.8
PIECES = (0.1, 0.3, 0.2)


@pytest.fixture(scope="module", autouse=True)
def quickly_compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Without optimization, which takes the compiler longer than it saves here; both sides of a law have it.

    Brian2 does not tell such code from optimized code, so it lies in a folder of its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(b2.prefs, "codegen.cpp.extra_compile_args", ["-w", "-O0", "-std=c++11"])
        patch.setitem(b2.prefs, "codegen.runtime.cython.cache_dir", str(tmp_path_factory.mktemp("cython")))
        yield


def built(model: ModelDefinition, code: str = "cython", seed: int = 3) -> Brian2Network:
    """The network; targets with the same seed draw other numbers, the same target the same."""
    return Brian2Network(column_plan(model, seed), code)


def spikes_of(network: Brian2Network) -> tuple[np.ndarray, np.ndarray]:
    """Every spike since the network was built: step, and cell among those of all populations."""
    first, found = 0, []
    for name, monitor in network.spikes.items():
        found.append((np.round(np.asarray(monitor.t) / STEP).astype(int), np.array(monitor.i) + first))
        first += len(network.groups[name])
    steps, cells = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.lexsort((cells, steps))
    return steps[order], cells[order]


@pytest.fixture(scope="module")
def whole(small_model: ModelDefinition) -> tuple[np.ndarray, np.ndarray]:
    """Spikes of one uncut run."""
    network = built(small_model)
    network.burst(0.0, WHOLE, keep_field=False)
    return spikes_of(network)


@dataclass(frozen=True)
class Resting:
    """A network that stands at rest, and its first burst."""

    network: Brian2Network
    burst: Burst


@pytest.fixture(scope="module")
def resting(small_model: ModelDefinition) -> Iterator[Resting]:
    """Most of a second at rest, with the field."""
    network = built(small_model)
    yield Resting(network, network.burst(0.2, REST, keep_field=True))


def assert_same(left: tuple[np.ndarray, np.ndarray], right: tuple[np.ndarray, np.ndarray]) -> None:
    """The same spikes in the same steps, and enough of them for the comparison to mean something."""
    assert left[0].size > 50
    np.testing.assert_array_equal(left[0], right[0])
    np.testing.assert_array_equal(left[1], right[1])


def test_a_run_cut_into_bursts_has_the_spikes_of_one_run(
    small_model: ModelDefinition, whole: tuple[np.ndarray, np.ndarray]
) -> None:
    """Exactly: conductances, delayed spikes on their way and random numbers are all carried over."""
    network = built(small_model)
    for piece in PIECES:
        network.burst(0.0, piece, keep_field=False)
    assert_same(whole, spikes_of(network))


def test_cutting_is_exact_without_a_compiler_too(model: ModelDefinition) -> None:
    """Target 'numpy' draws its random numbers in another order, but in the same one however it is cut."""
    tiny = model.with_value("column.n_cells", 40)
    once = built(tiny, "numpy")
    once.burst(0.0, 0.3, keep_field=False)
    expected = spikes_of(once)
    cut = built(tiny, "numpy")
    cut.burst(0.0, 0.1, keep_field=False)
    cut.burst(0.0, 0.2, keep_field=False)
    assert_same(expected, spikes_of(cut))


def test_burn_in_and_field_leave_the_cells_alone(
    small_model: ModelDefinition, whole: tuple[np.ndarray, np.ndarray]
) -> None:
    """What is averaged or kept does not act on what is simulated."""
    network = built(small_model)
    network.burst(0.25, WHOLE - 0.25, keep_field=True)
    assert_same(whole, spikes_of(network))


def test_stock_brian2_makes_the_same_spikes(
    small_model: ModelDefinition, whole: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stock Network, made ready before every run: the same code and numbers, so the same spikes."""
    monkeypatch.setattr(runtime, "ReadyNetwork", b2.Network)
    network = built(small_model)
    assert type(network.network) is b2.Network
    network.burst(0.0, WHOLE, keep_field=False)
    assert_same(whole, spikes_of(network))


def test_another_seed_makes_other_spikes(
    small_model: ModelDefinition, whole: tuple[np.ndarray, np.ndarray]
) -> None:
    """Else equal spikes above would say nothing."""
    network = built(small_model, seed=4)
    network.burst(0.0, WHOLE, keep_field=False)
    assert spikes_of(network)[0].size != whole[0].size or np.any(spikes_of(network)[1] != whole[1])


def test_rates_count_the_spikes(resting: Resting) -> None:
    """Exactly: rate times half the burst is the number of spikes in that half."""
    burst = resting.burst
    for population, (times, cells) in burst.spikes.items():
        rates = burst.halves[f"{population}.firing_rate"]
        for half, inside in enumerate((times < burst.seconds / 2, times >= burst.seconds / 2)):
            counted = np.bincount(cells[inside], minlength=rates.shape[1])
            np.testing.assert_allclose(rates[half] * burst.seconds / 2, counted, rtol=1e-12, atol=0)
        assert ((times >= 0) & (times < burst.seconds)).all()


def test_the_field_averages_to_the_mean_of_its_current(resting: Resting) -> None:
    """Along cells with a dendrite, else |I_excitatory| + |I_inhibitory|; equal but for rounding."""
    burst = resting.burst
    for population, field in burst.field.items():
        assert field.size == round(burst.seconds * burst.field_rate)
        dipole = f"{population}.dipole_current"
        current = dipole if dipole in burst.halves else f"{population}.synaptic_current"
        assert field.mean() == pytest.approx(burst.mean(current), rel=1e-9)


def test_charge_is_carried_by_both_signs(resting: Resting) -> None:
    """The two currents add up to the whole, and their ratio of means is the population's balance."""
    for population in resting.burst.spikes:
        excitatory, inhibitory, both, balance = (
            resting.burst.halves[f"{population}.{name}"]
            for name in ("excitatory_current", "inhibitory_current", "synaptic_current", "E_I_balance")
        )
        np.testing.assert_allclose(excitatory + inhibitory, both, rtol=1e-12)
        assert balance.mean() == pytest.approx(excitatory.mean() / inhibitory.mean(), rel=1e-9)


def test_relative_links_are_one_at_rest(small_model: ModelDefinition, resting: Resting) -> None:
    """Every cell divides by its own baseline, so the baseline divided by itself is 1 to rounding."""
    scale = slow_scale(small_model, lambda time: {"ketamine.C_e": 0.0}, resting.burst, 0.0)
    told = scale.averages(resting.burst)
    relative = [link for link in small_model.links.values() if link.relative_to and link.name in told]
    assert len(relative) >= 3
    for link in relative:
        np.testing.assert_allclose(told[link.name], 1.0, rtol=1e-12)


def test_absolute_links_keep_the_mean_of_the_burst(small_model: ModelDefinition, resting: Resting) -> None:
    """Shrinking moves cells towards the mean and not the mean."""
    scale = slow_scale(small_model, lambda time: {"ketamine.C_e": 0.0}, resting.burst, 0.0)
    told = scale.averages(resting.burst)
    for name, address in (("potential_of_pv", "pv.v"), ("activation_on_sst", "sst.nmda_sst.activated_fraction")):
        assert told[name].mean() == pytest.approx(resting.burst.mean(address), rel=1e-12)
        np.testing.assert_allclose(told[name], shrink(resting.burst.halves[address]), rtol=1e-12)


def test_an_input_set_between_bursts_acts_in_the_next(small_model: ModelDefinition) -> None:
    """Full block of one pool makes it carry nothing while its receptors still bind glutamate; gain 0 silences AMPA."""
    network = built(small_model)
    pyramidal, pv = network.groups["pyramidal"], network.groups["pv"]
    network.burst(0.0, 0.1, keep_field=False)
    assert np.any(np.asarray(pyramidal.nmda_I) != 0)
    network.set_input("pyramidal", "nmda", "block", np.ones(len(pyramidal)))
    network.set_input("pyramidal", "ampa", "gain", np.zeros(len(pyramidal)))
    burst = network.burst(0.0, 0.1, keep_field=False)
    assert np.all(np.asarray(pyramidal.nmda_I) == 0)
    assert burst.mean("pyramidal.nmda.activated_fraction") > 0
    assert burst.mean("pyramidal.ampa.gated") == 0 < burst.mean("pyramidal.ampa.g")
    assert np.any(np.asarray(pv.nmda_pv_I) != 0)


def test_an_input_set_to_what_it_is_changes_nothing(
    small_model: ModelDefinition, whole: tuple[np.ndarray, np.ndarray]
) -> None:
    """Handing down the resting gain leaves every spike where it was."""
    network = built(small_model)
    network.burst(0.0, PIECES[0], keep_field=False)
    network.set_input("pyramidal", "ampa", "gain", np.ones(small_model.cells("pyramidal")))
    network.burst(0.0, WHOLE - PIECES[0], keep_field=False)
    assert_same(whole, spikes_of(network))


def test_a_network_that_runs_away_is_refused(model: ModelDefinition) -> None:
    """A potential that is not a number is an error and not an average."""
    network = built(model.with_value("column.n_cells", 20), "numpy")
    network.groups["pyramidal"].v[3] = np.nan * b2.volt
    wanted = "'pyramidal': v of cell 3 is not finite between 0.000 and 0.010 s"
    with pytest.raises(SimulationError, match=wanted), np.errstate(invalid="ignore"):
        network.burst(0.0, 0.02, keep_field=False)


def test_a_column_without_inhibition_is_stopped(small_model: ModelDefinition) -> None:
    """Long before the burst is averaged into the slow scale; the message names who, how fast and when."""
    off = {f"{one}.peak.{receptor}": "0 nS" for one, receptor in (
        ("pv_to_pyramidal", "gaba_pv"), ("pv_to_pv", "gaba_pv"), ("sst_to_pyramidal", "gaba_sst"),
        ("sst_to_pyramidal", "gaba_b"),
    )}  # fmt: skip
    network = built(with_changes(small_model, off, "test"))
    with pytest.raises(SimulationError, match=r"'pyramidal' ran away: .* highest_rate of 60 Hz; most active: cell"):
        network.burst(0.3, 0.2, keep_field=False)


def test_the_limit_is_the_model_s(small_model: ModelDefinition, resting: Resting) -> None:
    """Set below what a population does at rest in its fullest 0.1 s, the same burst is refused; above it, not."""
    times, _ = resting.burst.spikes["pv"]
    fullest = max(int(np.sum((times >= one) & (times < one + 0.1))) for one in times)
    reached = fullest / 0.1 / small_model.cells("pv")
    assert reached < small_model["pv.highest_rate"] / 2
    network = built(small_model.with_value("pv.highest_rate", f"{0.9 * reached} Hz"))
    with pytest.raises(SimulationError, match="'pv' ran away"):
        network.burst(0.2, REST, keep_field=False)
