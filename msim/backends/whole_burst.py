"""Results of a burst from sums over its samples and its spikes, the same for every backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from msim.backends.failures import validate_finite, validate_rates
from msim.backends.fast_network import Burst
from msim.network.burst_averages import half_counts
from msim.network.column_plan import SAMPLE_STEP, ColumnPlan

Peaks = Mapping[tuple[str, str], np.ndarray]
Spikes = Mapping[str, tuple[np.ndarray, np.ndarray]]


def checked_averages(
    plan: ColumnPlan, name: str, sums: Callable[[str], np.ndarray], counts: np.ndarray, span: tuple[float, float],
    full_peak: Peaks,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Compute the averages of a population over the halves of a burst, by address, each of shape (2, cells).

    sums: gives the sums over samples of a watched expression, by its name
    counts: from `half_counts`; span: s of spiking at which the burst began, after its burn-in, and its length
    full_peak: from `ColumnPlan.full_peaks`, of all cells
    raises: SimulationError where an average is not finite
    """
    began, seconds = span
    samples = round(seconds / 2 / SAMPLE_STEP)
    found = plan.named.averages(name, lambda one: sums(one) / samples, counts, seconds, full_peak)
    for address, values in found.items():
        validate_finite(address, values, began, seconds)
    return found


def whole_burst(
    plan: ColumnPlan, span: tuple[float, float], sums: Mapping[str, Mapping[str, np.ndarray]], spikes: Spikes,
    field: Mapping[str, np.ndarray], full_peak: Peaks,
) -> Burst:  # fmt: skip
    """Return the results of a burst of all cells, and refuse one in which they ran away.

    span, full_peak: as above; sums: population to sums over the samples of each half by name, shape (2, cells)
    spikes: population to times in s from the end of the burn-in, negative within it, and cells; field: as of a burst
    raises: SimulationError
    """
    halves: dict[str, np.ndarray] = {}
    kept = {}
    for one in plan.spec.cells:
        times, cells = spikes[one.name]
        kept[one.name] = (times[times >= 0], cells[times >= 0])
        counts = half_counts(kept[one.name], span[1], one.size)
        halves.update(checked_averages(plan, one.name, sums[one.name].__getitem__, counts, span, full_peak))
        # The burn-in counts too: a network that ran away in it is not at rest after it.
        validate_rates(one.name, (times, cells), one.size, plan.highest_rates[one.name], span[0])
    return Burst(span[1], halves, kept, field, 1 / SAMPLE_STEP)
