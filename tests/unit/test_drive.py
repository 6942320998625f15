"""Background counts follow the Poisson distribution of their rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from msim.backends.brian2_network import STEP, RuntimeNetwork
from msim.base.seeds import stream
from msim.circuit.drive import TAIL, count_thresholds
from msim.definitions.models.model import ModelDefinition
from msim.network.fast_plan import fast_plan


def counts(mean: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Counts as a network draws them: how many thresholds each uniform number exceeds."""
    return np.asarray((uniform > count_thresholds(mean)[:, None, :]).sum(axis=0))


@pytest.mark.parametrize("mean", [1e-3, 0.0976, 0.5, 3.0, 20.0])
def test_counts_are_poisson(mean: float) -> None:
    """Chi-square over all counts expected at least 10 times in 200,000 draws: luck fails it once in a million."""
    uniform = stream(1, "test drive").random((200_000, 1))
    found = np.bincount(counts(np.array([mean]), uniform)[:, 0])
    expected = stats.poisson.pmf(np.arange(200), mean) * uniform.size
    common = np.flatnonzero(expected > 10)
    observed = np.resize(np.append(found, np.zeros(200)), 200)[common]
    rest_expected, rest_observed = uniform.size - expected[common].sum(), uniform.size - observed.sum()
    distance = np.sum((observed - expected[common]) ** 2 / expected[common])
    distance += (rest_observed - rest_expected) ** 2 / max(rest_expected, 1.0)
    assert distance < stats.chi2.isf(1e-6, common.size)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(means=st.lists(st.floats(0.0, 30.0, allow_subnormal=False), min_size=1, max_size=6))
def test_thresholds_are_the_distribution_of_each_cell(means: list[float]) -> None:
    """Exactly scipy's: the chance to exceed k thresholds is that of more than k events, beside other cells."""
    thresholds = count_thresholds(np.array(means))
    for cell, mean in enumerate(means):
        np.testing.assert_allclose(
            1 - thresholds[:, cell], stats.poisson.sf(np.arange(len(thresholds)), mean), atol=1e-12
        )
        assert 1 - thresholds[-1, cell] <= TAIL * 1.001 + 1e-15
    assert np.all(np.diff(thresholds, axis=0) >= 0)


def test_no_rate_gives_no_event() -> None:
    """Not even for the largest uniform number, alone or beside a cell with a rate."""
    largest = np.nextafter(1.0, 0.0)
    for means in ([0.0], [0.0, 5.0], [0.0, 0.0]):
        assert counts(np.array(means), np.full((1, len(means)), largest))[0, 0] == 0


def test_mean_and_variance_are_the_rate() -> None:
    """Both, cell by cell, from 1e5 draws: 5 errors, sqrt(m / n) and sqrt((m + 2 m^2) / n), fail once in 2e6 each."""
    means = np.array([0.0, 0.05, 0.8, 4.0])
    drawn = counts(means, stream(2, "test drive").random((100_000, 4)))
    error = np.sqrt(means / 100_000)
    assert np.all(np.abs(drawn.mean(axis=0) - means) <= 5 * error)
    assert np.all(np.abs(drawn.var(axis=0) - means) <= 5 * np.sqrt((means + 2 * means**2) / 100_000))


def test_a_network_is_driven_at_the_rate_of_its_plan(model: ModelDefinition) -> None:
    """Mean conductance is rate x peak x decay (Campbell), in a network without contacts.

    Events come at the start of a step, decay by d = 1 - dt / tau a step and are seen at the end of one step
    in n: of an event all n steps sees d + d^(n + 1) + ..., which for n = 1 is (tau - dt) / dt. Miniatures
    come in steps that are seen (n = 10), background in any (n = 1). Shot noise of rate r over T = 1.5 s has
    N = r T events a cell: 5 errors of 1 / sqrt(N cells) fail once in 2e6.
    """
    for projection in model.projections.values():
        for receptor in projection.receptors:
            model = model.with_value(f"{projection.name}.peak.{receptor}", "0 nS")
    small = model.with_value("column.n_cells", 150).with_value("slow_background.CV", 0)
    network = RuntimeNetwork(small, 5, "numpy")
    burst = network.burst(0.02, 1.5, keep_field=False)
    decay = 1 - STEP / small["ampa.tau_decay"]
    for drive, receptor, n in (("background_pyramidal", "ampa_background", 1), ("spontaneous_pyramidal", "ampa", 10)):
        seen = n * STEP * decay / (1 - decay**n)
        events = small[f"{drive}.contacts"] * small[f"{drive}.rate"]
        error = 1 / np.sqrt(events * 1.5 * small.cells("pyramidal"))
        expected = events * small[f"{drive}.peak.{receptor}"] * seen
        assert burst.mean(f"pyramidal.{receptor}.g") == pytest.approx(expected, rel=5 * error), receptor


def test_every_drive_keeps_its_rate_and_peak_in_the_plan(model: ModelDefinition) -> None:
    """Merged or not, each cell gets contacts x rate events of the declared peak."""
    plan = fast_plan(model.with_value("column.n_cells", 30), seed=1)
    for one in model.drives.values():
        group, where = plan.place(one.to)
        wanted = model[f"{one.name}.contacts"] * model[f"{one.name}.rate"]
        alike = [part for part in plan.drives if part.group == group and set(part.peaks) == set(one.receptors)]
        found = [part for part in alike if np.any(part.rate[where])]
        assert sum(part.rate[where] for part in found) == pytest.approx(wanted)
        for receptor in one.receptors:
            assert all(
                part.peaks[receptor][where] == pytest.approx(model[f"{one.name}.peak.{receptor}"]) for part in found
            )
