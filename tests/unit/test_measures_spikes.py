"""Laws that rates, irregularity and synchrony obey whatever the spikes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msim.base.errors import InputError
from msim.measures.spikes import (
    coefficient_of_variation, fano_factor, firing_rates, population_synchrony, rate_distribution,
)  # fmt: skip


def _poisson(n_cells: int, rate_hz: float, duration_s: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    cells = np.repeat(np.arange(n_cells), generator.poisson(rate_hz * duration_s, n_cells))
    return generator.uniform(0, duration_s, cells.size), cells


def test_rates_times_duration_count_every_spike() -> None:
    """No spike is lost, and a silent cell has rate 0, also the last one."""
    cells = np.array([4, 1, 1, 2, 1])
    rates = firing_rates(cells, n_cells=7, duration_s=2.5)
    assert rates.shape == (7,)
    assert rates * 2.5 == pytest.approx([0, 3, 1, 0, 1, 0, 0])


def test_a_cell_outside_the_population_is_refused() -> None:
    """A wrong population size must not pass as a rate."""
    for wrong in (-1, 3):
        with pytest.raises(InputError, match="0 to 2"):
            firing_rates(np.array([wrong]), n_cells=3, duration_s=1)


def test_a_regular_train_does_not_vary() -> None:
    """Equal intervals have no spread, in whatever order the spikes come and whatever other cells do."""
    times = np.concatenate([np.arange(10) * 0.1, np.arange(7) * 0.37])
    cells = np.repeat([2, 0], [10, 7])
    order = np.random.default_rng(3).permutation(times.size)
    variation = coefficient_of_variation(times[order], cells[order], n_cells=3, min_spikes=3)
    assert variation[[0, 2]] == pytest.approx(0, abs=1e-12)
    assert np.isnan(variation[1])


def test_variation_does_not_depend_on_the_unit_of_time() -> None:
    """Stretching time stretches intervals and their spread alike."""
    times, cells = _poisson(5, 10, 20, seed=5)
    assert coefficient_of_variation(7 * times, cells, 5, 3) == pytest.approx(
        coefficient_of_variation(times, cells, 5, 3), rel=1e-10
    )


def test_two_lengths_of_interval_give_the_variation_of_two_values() -> None:
    """Intervals a and b in equal number have mean (a + b) / 2 and spread |a - b| / 2."""
    times = np.cumsum([0.0, 1, 3, 1, 3, 1, 3])
    assert coefficient_of_variation(times, np.zeros(7), 1, 3) == pytest.approx([0.5])


def test_cells_with_too_few_spikes_have_no_variation() -> None:
    """The floor counts spikes, not intervals."""
    times, cells = np.arange(9.0), np.repeat([0, 1], [4, 5])
    variation = coefficient_of_variation(times, cells, n_cells=2, min_spikes=5)
    assert np.isnan(variation[0]) and not np.isnan(variation[1])
    with pytest.raises(InputError, match="at least 3"):
        coefficient_of_variation(times, cells, n_cells=2, min_spikes=2)


def test_poisson_intervals_vary_as_much_as_their_mean() -> None:
    """Each estimate of 1 from n intervals has spread 1 / sqrt(n); 1e5 intervals in all, 5 spreads: 1 failure in 2e6.

    The bias, of order 1 / 1000 per cell, is a third of one spread.
    """
    times, cells = _poisson(100, 10, 100, seed=11)
    mean = coefficient_of_variation(times, cells, 100, 3).mean()
    assert mean == pytest.approx(1, abs=5 / np.sqrt(times.size))


def test_poisson_counts_vary_as_much_as_their_mean() -> None:
    """The estimate of 1 from n bins has spread sqrt(2 / n); 5 spreads: 1 failure in 2e6."""
    times, _ = _poisson(1, 200, 200, seed=13)
    assert fano_factor(times, 0, 200, 0.02) == pytest.approx(1, abs=5 * np.sqrt(2 / 10_000))


def test_repeating_each_spike_multiplies_the_fano_factor() -> None:
    """k-fold counts have k^2 the variance and k the mean."""
    times, _ = _poisson(1, 50, 10, seed=17)
    assert fano_factor(np.repeat(times, 3), 0, 10, 0.1) == pytest.approx(3 * fano_factor(times, 0, 10, 0.1))


def test_a_clock_on_the_edges_of_the_bins_has_no_variance() -> None:
    """Times such as 3 x 0.1 fall a rounding error beside the edge; each bin must still hold one."""
    assert fano_factor(np.arange(1000) * 0.1, 0, 100, 0.1) == 0


def test_spikes_outside_the_window_do_not_count() -> None:
    """Moving spikes before the start or after the last whole bin changes nothing."""
    times, _ = _poisson(1, 50, 10, seed=19)
    outside = np.concatenate([times, [-0.5, 10.0, 10.04, 33]])
    assert fano_factor(outside, 0, 10.05, 0.1) == fano_factor(times, 0, 10, 0.1)
    assert np.isnan(fano_factor(np.array([]), 0, 10, 0.1))
    with pytest.raises(InputError, match="2 bins"):
        fano_factor(times, 0, 0.1, 0.1)


def test_cells_that_fire_together_are_fully_synchronous() -> None:
    """Copies of one train make the population's mean that train."""
    times, _ = _poisson(1, 20, 10, seed=23)
    cells = np.repeat(np.arange(4), times.size)
    assert population_synchrony(np.tile(times, 4), cells, 4, 0, 10, 0.05) == pytest.approx(1)


def test_independent_cells_have_the_synchrony_of_an_average() -> None:
    """The variance of a mean of n is 1 / n of the single; from m bins within 5 sqrt(2 / m): 1 failure in 2e6."""
    times, cells = _poisson(50, 10, 200, seed=29)
    squared = population_synchrony(times, cells, 50, 0, 200, 0.05) ** 2
    assert squared * 50 == pytest.approx(1, abs=5 * np.sqrt(2 / 4000))


@given(st.lists(st.integers(0, 30), min_size=2, max_size=60), st.integers(0, 1000))
def test_percentiles_rise_and_ranks_are_all_that_a_rank_correlation_sees(counts: list[int], seed: int) -> None:
    """Any rising function of the rates leaves it; with itself it is 1, with the reverse -1; of cells alike nothing."""
    rates = np.array(counts) / 3.0
    other = np.random.default_rng(seed).permutation(np.arange(rates.size)).astype(float)
    found = rate_distribution(rates, other)
    values = [found[f"firing_rate_p{one}"] for one in (10, 25, 50, 75, 90)]
    assert rates.min() <= values[0] and values == sorted(values) and values[-1] <= rates.max()
    assert values[2] == pytest.approx(np.median(rates))
    if np.ptp(rates) == 0:
        assert np.isnan(found["rate_rank_correlation"])
        return
    risen = rate_distribution(np.exp(rates) + 7, other)["rate_rank_correlation"]
    assert risen == pytest.approx(found["rate_rank_correlation"])
    assert rate_distribution(rates, rates)["rate_rank_correlation"] == pytest.approx(1)
    assert rate_distribution(rates, -rates)["rate_rank_correlation"] == pytest.approx(-1)
