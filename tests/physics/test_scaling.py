"""One gain multiplies every AMPA synapse of its cell (SG5): nothing else, no other cell, no relative weight."""

from __future__ import annotations

from dataclasses import dataclass

import brian2 as b2
import numpy as np
import pytest
from point_cells import with_point_cells
from smooth_network import SmoothNetwork

from msim.backends.brian2_network import Brian2Network
from msim.definitions.models.model import ModelDefinition
from msim.multiscale.co_simulation import apply_slow_to_fast
from msim.multiscale.slow.scale import slow_scale
from msim.network.column_plan import STEP, column_plan

SOURCE = 5
# Longer than the longest delay (2 ms), so that every contact of the source has been felt.
LISTEN = 30


@pytest.fixture(scope="module")
def model(model: ModelDefinition) -> ModelDefinition:
    """Cells of one compartment, whose potential says all of their charge."""
    return with_point_cells(model)


@pytest.fixture(scope="module")
def small_model(model: ModelDefinition) -> ModelDefinition:
    """The same with 100 cells."""
    return model.with_value("column.n_cells", 100)


@pytest.fixture(scope="module")
def quiet(model: ModelDefinition) -> ModelDefinition:
    """Sixty cells without background or miniatures, contacts too weak to set off a spike: only what a test does."""
    for path in ("background_pyramidal.rate", "background_pv.rate", "background_sst.rate", "resting_release.rate_mini"):
        model = model.with_value(path, "0 Hz")
    for target in ("pyramidal", "pv", "sst"):
        model = model.with_value(f"pyramidal_to_{target}.peak.ampa", "10 pS")
    return model.with_value("column.n_cells", 60)


@dataclass(frozen=True)
class Answer:
    """What one spike of one cell does to all others: largest conductance in S and mean current in A, per cell."""

    ampa: np.ndarray
    nmda: np.ndarray
    charge: np.ndarray


def answer_to_one_spike(model: ModelDefinition, gain: np.ndarray) -> Answer:
    """Gain of every cell, shape (cells,); all start at their leak potential and only the source fires."""
    network = Brian2Network(column_plan(model, 2), "numpy")
    for name, own in by_population(network, gain).items():
        network.set_input(name, "ampa", "gain", own)
        cells = network.plan.spec.population(name)
        network.groups[name].variables["v"].set_value(np.full(cells.size, cells.constants["E_L"][0]))
    network.groups["pyramidal"].v_[SOURCE] = 0.0
    steps = []
    for _ in range(LISTEN):
        network.network.run(STEP * b2.second, namespace={})
        steps.append([of_all(network, "ampa_gated"), of_all(network, "NMDA"), of_all(network, "ampa_I")])
    assert sum(one.num_spikes for one in network.spikes.values()) == 1
    gated, nmda, current = (np.stack(one) for one in zip(*steps, strict=True))
    return Answer(gated.max(axis=0), nmda.max(axis=0), current.sum(axis=0) * STEP)


def by_population(network: Brian2Network, values: np.ndarray) -> dict[str, np.ndarray]:
    """Values of all cells, one population after the other, by population."""
    ends = np.cumsum([len(one) for one in network.groups.values()])
    return dict(zip(network.groups, np.split(values, ends[:-1]), strict=True))


def of_all(network: Brian2Network, name: str) -> np.ndarray:
    """A value of all cells, one population after the other; NMDA is the conductance at recurrent contacts."""
    own = {"pyramidal": "nmda_g", "pv": "nmda_pv_g", "sst": "nmda_sst_g"} if name == "NMDA" else {}
    found = [np.array(getattr(one, f"{own.get(each, name)}_")) for each, one in network.groups.items()]
    return np.concatenate(found)


@pytest.fixture(scope="module")
def gains(quiet: ModelDefinition) -> np.ndarray:
    """A gain for each of the sixty cells: rest, half, and more, in turn."""
    return np.resize([1.0, 0.5, 1.4, 3.0], 60)


@pytest.fixture(scope="module")
def resting(quiet: ModelDefinition) -> Answer:
    """Every gain at rest."""
    return answer_to_one_spike(quiet, np.ones(60))


@pytest.fixture(scope="module")
def scaled(quiet: ModelDefinition, gains: np.ndarray) -> Answer:
    """Every cell at its own gain."""
    return answer_to_one_spike(quiet, gains)


def test_every_synapse_of_a_cell_is_multiplied_by_its_gain(
    resting: Answer, scaled: Answer, gains: np.ndarray
) -> None:
    """To rounding, weak contacts as strong ones: the ratio is the gain and has no offset."""
    contacted = resting.ampa > 0
    assert contacted.sum() > 5 and not contacted.all()
    np.testing.assert_allclose(scaled.ampa[contacted], gains[contacted] * resting.ampa[contacted], rtol=1e-12)
    assert np.all(scaled.ampa[~contacted] == 0)


def test_relative_weights_do_not_move(resting: Answer, scaled: Answer, gains: np.ndarray) -> None:
    """Among cells of one gain the order and the ratios of contacts stay what they were."""
    for gain in np.unique(gains):
        own = (gains == gain) & (resting.ampa > 0)
        np.testing.assert_array_equal(np.argsort(scaled.ampa[own]), np.argsort(resting.ampa[own]))
        np.testing.assert_allclose(
            scaled.ampa[own] / scaled.ampa[own].sum(), resting.ampa[own] / resting.ampa[own].sum(), rtol=1e-12
        )


def test_nmda_receptors_at_the_same_synapses_are_spared(resting: Answer, scaled: Answer) -> None:
    """AMPA scaling leaves the conductance of the other receptor exactly as it was."""
    assert np.any(resting.nmda > 0)
    np.testing.assert_array_equal(scaled.nmda, resting.nmda)


def test_charge_follows_the_gain_as_far_as_the_driving_force_lets_it(
    resting: Answer, scaled: Answer, gains: np.ndarray
) -> None:
    """A few contacts' 1 nS against 10 nS of leak moves the potential by under 1 of 70 mV in 3 ms: within 2 %."""
    own = (resting.charge > 0) & (np.arange(60) != SOURCE)
    np.testing.assert_allclose(scaled.charge[own] / resting.charge[own], gains[own], rtol=0.02)


def test_one_cell_can_be_scaled_alone(quiet: ModelDefinition, resting: Answer) -> None:
    """Its contacts double; every other cell is left exactly as it was."""
    cell = int(np.flatnonzero(resting.ampa > 0)[2])
    gain = np.ones(60)
    gain[cell] = 2.0
    alone = answer_to_one_spike(quiet, gain)
    assert alone.ampa[cell] == pytest.approx(2 * resting.ampa[cell], rel=1e-12)
    np.testing.assert_array_equal(np.delete(alone.ampa, cell), np.delete(resting.ampa, cell))
    np.testing.assert_array_equal(np.delete(alone.charge, cell), np.delete(resting.charge, cell))


def test_many_events_add_up_under_one_gain(quiet: ModelDefinition) -> None:
    """Whatever conductance events have left, the gated one is gain times it and the excess is gated less resting."""
    network = Brian2Network(column_plan(quiet, 2), "numpy")
    random = np.random.default_rng(3)
    g = random.lognormal(0.0, 1.0, 60) * 1e-9
    gain = random.uniform(0.5, 3.0, 60)
    for name, own in by_population(network, g).items():
        network.groups[name].variables["ampa_g"].set_value(own)
    for name, own in by_population(network, gain).items():
        network.set_input(name, "ampa", "gain", own)
    gated, conductance, excess, current = (of_all(network, f"ampa_{one}") for one in ("gated", "g", "excess", "I"))
    np.testing.assert_allclose(gated, gain * g, rtol=1e-12)
    np.testing.assert_allclose(conductance + excess, gain * g, rtol=1e-12)
    np.testing.assert_allclose(current, gain * g * (quiet["ampa.E"] - of_all(network, "v")), rtol=1e-12)


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.5])
def test_links_hand_each_cell_its_own_gain(quiet: ModelDefinition, scale: float) -> None:
    """The recurrent gain is the cell's AMPA scale; a share of it reaches long-range contacts and interneurons.

    A share of s hands down 1 + s (scale - 1): nothing at rest, whatever the share.
    """
    network = SmoothNetwork(quiet)
    baseline = network.burst(0.0, 1.0, keep_field=False)
    slow = slow_scale(quiet, lambda time: {"ketamine.C_e": 0.0}, baseline, 0.0)
    states = slow.rest()
    gains = scale * np.linspace(0.9, 1.1, 48)
    states["pyramidal"][slow.systems["pyramidal"].states.index("ampar_scaling.A")] = gains
    assert apply_slow_to_fast(network, slow, states, 0.0, slow.averages(baseline))
    np.testing.assert_allclose(network.inputs["pyramidal", "ampa", "gain"], gains, rtol=1e-12)
    shared = 1 + quiet["gain_on_long_range.share"] * (gains - 1)
    np.testing.assert_allclose(network.inputs["pyramidal", "ampa_background", "gain"], shared, rtol=1e-12)
    for population in ("pv", "sst"):
        mean = 1 + quiet[f"gain_on_{population}.share"] * (gains.mean() - 1)
        np.testing.assert_allclose(network.inputs[population, "ampa", "gain"], mean, rtol=1e-12)
