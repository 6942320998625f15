"""Rates, irregularity and synchrony of spike trains."""

from __future__ import annotations

import numpy as np

from msim.base.errors import InputError

RATE_PERCENTILES = (10, 25, 50, 75, 90)
RANK_CORRELATION = "rate_rank_correlation"

_ROUNDING = 1e-9
"""Share of a bin that a window may fall short of a whole number of bins, as floating point makes it."""


def firing_rates(spike_cells: np.ndarray, n_cells: int, duration_s: float) -> np.ndarray:
    """Count each cell's spikes per second.

    spike_cells: which cell fired, from 0 to n_cells - 1, shape (spikes,)
    returns: rates in Hz, shape (cells,)
    """
    if not duration_s > 0:
        raise InputError(f"firing_rates: wants a duration above 0 s, got {duration_s!r}")
    return _counts(_checked_cells(spike_cells, n_cells), n_cells) / duration_s


def coefficient_of_variation(
    spike_times_s: np.ndarray, spike_cells: np.ndarray, n_cells: int, min_spikes: int
) -> np.ndarray:
    """Divide the standard deviation of each cell's intervals by their mean.

    spike_times_s, spike_cells: times in any order and the cells that fired, shape (spikes,)
    min_spikes: cells with fewer spikes get NaN; at least 3, since one interval has no spread
    returns: 0 for a regular train, about 1 for a Poisson train, shape (cells,)
    """
    if min_spikes < 3:
        raise InputError(f"coefficient_of_variation: wants min_spikes of at least 3, got {min_spikes!r}")
    cells = _checked_cells(spike_cells, n_cells)
    order = np.lexsort((np.asarray(spike_times_s, dtype=float), cells))
    cells, times = cells[order], np.asarray(spike_times_s, dtype=float)[order]
    same_cell = cells[1:] == cells[:-1]
    intervals, owners = np.diff(times)[same_cell], cells[1:][same_cell]
    enough = _counts(cells, n_cells) >= min_spikes
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = _counts(owners, n_cells, intervals) / _counts(owners, n_cells)
        variance = _counts(owners, n_cells, (intervals - mean[owners]) ** 2) / _counts(owners, n_cells)
        return np.where(enough, np.sqrt(variance) / mean, np.nan)


def intervals(spike_times_s: np.ndarray, spike_cells: np.ndarray) -> np.ndarray:
    """Return the times between successive spikes of each cell, for all cells in one array, s.

    spike_times_s, spike_cells: times in any order and the cells that fired, shape (spikes,)
    """
    order = np.lexsort((np.asarray(spike_times_s, dtype=float), spike_cells))
    cells, times = np.asarray(spike_cells)[order], np.asarray(spike_times_s, dtype=float)[order]
    return np.asarray(np.diff(times)[cells[1:] == cells[:-1]])


def rate_percentile_name(percent: int) -> str:
    """Return the name of a percentile of the cells' firing rates."""
    return f"firing_rate_p{percent}"


def rate_distribution(rates: np.ndarray, resting: np.ndarray) -> dict[str, float]:
    """Return percentiles of the firing rates of a population's cells, and their rank correlation with rest, by name.

    rates, resting: Hz, shape (cells,)
    returns: rank correlation as Spearman's, ties sharing a rank; NaN where all cells fire alike
    """
    values = np.percentile(rates, RATE_PERCENTILES)
    named = {rate_percentile_name(one): float(value) for one, value in zip(RATE_PERCENTILES, values, strict=True)}
    return {**named, RANK_CORRELATION: _rank_correlation(rates, resting)}


def _rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    from scipy.stats import spearmanr

    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(spearmanr(first, second).statistic)


def fano_factor(spike_times_s: np.ndarray, start_s: float, stop_s: float, bin_s: float) -> float:
    """Divide the variance of the number of spikes in a bin by its mean.

    spike_times_s: spikes of one cell, or of a population taken together, shape (spikes,)
    returns: 1 for a Poisson train, more for a bursting or synchronous one; NaN without spikes
    """
    n_bins = _whole_bins("fano_factor", start_s, stop_s, bin_s)
    bins = _bins(spike_times_s, start_s, bin_s)
    counts = _counts(bins[_inside(bins, n_bins)], n_bins)
    return float(np.var(counts) / np.mean(counts)) if counts.any() else float("nan")


def population_synchrony(
    spike_times_s: np.ndarray, spike_cells: np.ndarray, n_cells: int, start_s: float, stop_s: float, bin_s: float
) -> float:
    """Compare how much the population's mean count varies with how much a single cell's does.

    Golomb's chi (Golomb and Rinzel, Physica D 72:259, 1994), taken of spike counts rather than voltages.
    spike_times_s, spike_cells: shape (spikes,)
    returns: 1 where all cells fire together, 1 / sqrt(n_cells) where they are independent; NaN without spikes
    """
    n_bins = _whole_bins("population_synchrony", start_s, stop_s, bin_s)
    cells, bins = _checked_cells(spike_cells, n_cells), _bins(spike_times_s, start_s, bin_s)
    inside = _inside(bins, n_bins)
    counts = _counts(cells[inside] * n_bins + bins[inside], n_cells * n_bins).reshape(n_cells, n_bins)
    single = np.var(counts, axis=1).mean()
    return float(np.sqrt(np.var(counts.mean(axis=0)) / single)) if single > 0 else float("nan")


def _counts(owners: np.ndarray, n_owners: int, weights: np.ndarray | None = None) -> np.ndarray:
    return np.bincount(owners, weights=weights, minlength=n_owners).astype(float)


def _checked_cells(spike_cells: np.ndarray, n_cells: int) -> np.ndarray:
    cells = np.asarray(spike_cells).astype(np.int64)
    if cells.size and not 0 <= cells.min() <= cells.max() < n_cells:
        raise InputError(f"spikes: wants cells from 0 to {n_cells - 1}, got {cells.min()} to {cells.max()}")
    return cells


def _whole_bins(where: str, start_s: float, stop_s: float, bin_s: float) -> int:
    n_bins = int((stop_s - start_s) / bin_s + _ROUNDING) if bin_s > 0 else 0
    if n_bins < 2:
        raise InputError(f"{where}: wants at least 2 bins of {bin_s!r} s between {start_s!r} and {stop_s!r} s")
    return n_bins


def _bins(spike_times_s: np.ndarray, start_s: float, bin_s: float) -> np.ndarray:
    # Recorded times are multiples of the step, often a rounding error below the edge of their bin.
    return np.floor((np.asarray(spike_times_s, dtype=float) - start_s) / bin_s + _ROUNDING).astype(np.int64)


def _inside(bins: np.ndarray, n_bins: int) -> np.ndarray:
    return (bins >= 0) & (bins < n_bins)
