"""Treatments of receptors: what they change of the current of a cell, and that nothing is changed without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from msim.backends.context import Context, build_network
from msim.backends.fast_network import Burst, FastNetwork
from msim.definitions.files.schema import ActEntry
from msim.definitions.models.interventions import read_act, with_interventions
from msim.definitions.models.model import ModelDefinition
from msim.multiscale.slow.ode import slow_system

GATED = "pyramidal.ampa.gated"
LIMIT = 1e4  # Hz: no runaway ends the burst


@pytest.fixture(scope="module")
def own(model: ModelDefinition) -> ModelDefinition:
    """100 cells without a limit to their rates."""
    values = {
        f"{name}.highest_rate": replace(model.values[f"{name}.highest_rate"], si=LIMIT) for name in model.populations
    }
    return replace(model, values={**model.values, **values}).with_value("column.n_cells", 100)


def treated(model: ModelDefinition, name: str, amount: float) -> ModelDefinition:
    """The model under a treatment."""
    intervention = read_act(ActEntry(name=name, amount=amount), "treatment", model, (0.0, 1.0), "test")
    return with_interventions(model, [intervention], intervention.since)


@pytest.fixture(scope="module")
def network(own: ModelDefinition) -> FastNetwork:
    """One network that takes on every treatment in turn."""
    return build_network(own, 1, Context())


def burst(network: FastNetwork, model: ModelDefinition, seconds: float = 0.6) -> Burst:
    """What the cells do with the values of a model, once they have forgotten those of before."""
    network.update_parameters(model)
    return network.burst(0.3, seconds, keep_field=False)


def test_an_antagonist_leaves_its_share_of_the_conductance(network: FastNetwork, own: ModelDefinition) -> None:
    """In every cell: exactly nothing at 1, half of what g says at 0.5."""
    for amount in (0.5, 1.0):
        found = burst(network, treated(own, "AMPAR_antagonist", amount)).halves
        conductance = found[GATED.replace("gated", "g")]
        assert conductance.mean() > 0
        np.testing.assert_allclose(found[GATED], (1 - amount) * conductance, rtol=1e-6)


def test_a_competitive_antagonist_takes_activation_away(network: FastNetwork, own: ModelDefinition) -> None:
    """Of evoked receptors in all cells, exactly all of it at 1, and of the resting pool in proportion."""
    found = burst(network, treated(own, "AP5", 1.0)).halves
    for name in ("pyramidal.nmda", "pv.nmda_pv", "sst.nmda_sst"):
        # What was bound when the antagonist came has 100 ms to go, three of which have passed.
        assert np.all(found[f"{name}.activated_fraction"] < 0.05)
    rho = [
        one.outputs(one.rest, np.ones((len(one.outside), one.cells)))["resting_release.rho"][0]
        for one in (slow_system(treated(own, "AP5", amount), "pyramidal") for amount in (0.0, 0.5, 1.0))
    ]
    assert rho[1] == pytest.approx(rho[0] / 2) and rho[2] == 0 < rho[0]


def test_inhibition_follows_its_receptors(own: ModelDefinition) -> None:
    """Without GABA-A receptors GABA-B's current is all that is left, and cells fire more; with more of them, less."""
    alone = own.with_value("sst_to_pyramidal.peak.gaba_b", "0 nS")
    network = build_network(alone, 1, Context())
    plain = burst(network, alone)
    blocked = burst(network, treated(alone, "GABA_A_antagonist", 1.0), 0.1)
    enhanced = burst(network, treated(alone, "GABA_A_modulator", 1.0))
    assert blocked.mean("pyramidal.inhibitory_current") < 1e-3 * plain.mean("pyramidal.inhibitory_current")
    rates = [one.mean("pyramidal.firing_rate") for one in (enhanced, plain, blocked)]
    assert rates[0] < rates[1] < rates[2]


def test_acetylcholine_at_rest_is_no_current(own: ModelDefinition) -> None:
    """Whatever the conductance that it keeps shut: to the last bit."""
    large = own.with_value("muscarinic_sst.g_K", "5 nS")
    one, other = (build_network(model, 1, Context()).burst(0.0, 0.3, keep_field=False) for model in (own, large))
    for name in own.populations:
        for left, right in zip(one.spikes[name], other.spikes[name], strict=True):
            np.testing.assert_array_equal(left, right)


def test_without_acetylcholine_sst_cells_fire_less(own: ModelDefinition) -> None:
    """And pyramidal cells, which they hold back, more: four seconds of 300 cells."""
    more = own.with_value("column.n_cells", 300)
    network = build_network(more, 1, Context())
    plain, without = (burst(network, one, 4.0) for one in (more, treated(more, "muscarinic_antagonist", 1.0)))
    change = {name: without.mean(f"{name}.firing_rate") / plain.mean(f"{name}.firing_rate") for name in own.populations}
    assert change["sst"] < 0.8 and change["pyramidal"] > 1.1


def test_without_sodium_channels_only_miniatures_are_left(network: FastNetwork, own: ModelDefinition) -> None:
    """No spike in any cell, and on AMPA receptors what spontaneous release brings: rate x peak x decay time.

    80 cells for 2 s at 6 Hz have 3 % of sampling error.
    """
    found = burst(network, treated(own, "TTX", 1.0), 2.0)
    assert not any(found.mean(f"{name}.firing_rate") for name in own.populations)
    events = own["spontaneous_pyramidal.contacts"] * own["spontaneous_pyramidal.rate"]
    wanted = events * own["spontaneous_pyramidal.peak.ampa"] * own["ampa.tau_decay"]
    assert found.mean("pyramidal.ampa.g") == pytest.approx(wanted, rel=0.25)
    again = burst(network, own, 2.0)
    assert again.mean("pyramidal.firing_rate") > 1


@pytest.mark.parametrize("cells", ["pyramidal", "pv", "sst"])
def test_an_agonist_is_a_conductance_to_chloride_and_nothing_else(cells: str, own: ModelDefinition) -> None:
    """What muscimol adds to the current of a cell is g (E - v) at every potential, whatever the spike's start does."""
    membrane = own.populations[cells].membrane
    before, after = (one.parameters(membrane) for one in (own, treated(own, "muscimol", 1.0)))
    v = np.linspace(-90e-3, -50e-3, 9)

    def currents(values: Mapping[str, float]) -> list[np.ndarray]:
        start = values["g_L"] * values["Delta_T"] * np.exp((v - values["V_T"]) / values["Delta_T"])
        leaks = [values[one] * (values["E_L"] - v) for one in ("g_L", "g_L_dendrite") if one in values]
        return [start, *leaks]

    (start, *leaks), (start_under, *leaks_under) = currents(before), currents(after)
    np.testing.assert_allclose(start_under, start, rtol=0.01)  # V_T is given to the hundredth of a millivolt
    opened = [before[one] for one in ("g_L", "g_L_dendrite") if one in before]
    for leak, under, g in zip(leaks, leaks_under, opened, strict=True):
        np.testing.assert_allclose(under - leak, g * (own["gaba_pv.E"] - v), rtol=1e-9, atol=1e-18)


def test_muscimol_silences_the_column(network: FastNetwork, own: ModelDefinition) -> None:
    found = burst(network, treated(own, "muscimol", 1.0))
    assert found.mean("pyramidal.firing_rate") < 0.05 * burst(network, own).mean("pyramidal.firing_rate")
