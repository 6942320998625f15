"""Error of a leap in units of the tolerance, without the part that is chance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msim.multiscale.slow.scale import States

# Slow states have no unit and are of order one; below this size an error counts as absolute.
SMALLEST_SIZE = 0.1
# Standard deviations of chance by which predicted and corrected states may differ before it counts as an error.
CHANCE = 2.0


def leap_error(
    predicted: States, corrected: States, tolerance: float, chance: Mapping[str, np.ndarray] | None = None
) -> float:
    """Return the largest change of a state's mean by the correction of a leap, in units of the tolerance.

    Means are over cells, because the sampling noise of one cell's averages is not an error of the leap. The part of the
    squared change that chance explains is left out: noise must neither force tiny leaps nor hide a real error.

    chance: by population, standard deviation of the change by sampling noise, shape (states,)
    """
    worst = 0.0
    for name, new in corrected.items():
        change = (new.mean(axis=1) - predicted[name].mean(axis=1)) ** 2
        if chance is not None:
            change = np.maximum(change - (CHANCE * chance[name]) ** 2, 0.0)
        worst = max(worst, float(np.max(np.sqrt(change) / (tolerance * sizes(new)), initial=0.0)))
    return worst


def sizes(states: np.ndarray) -> np.ndarray:
    """Return the size of each state's mean, to which its error is relative, shape (states,)."""
    return np.maximum(np.abs(states.mean(axis=1)), SMALLEST_SIZE)


def in_tolerances(spread: Mapping[str, np.ndarray], states: States, tolerance: float) -> float:
    """Return the largest of the errors of states, in units of the tolerance."""
    return max(
        (float(np.max(one / (tolerance * sizes(states[name])), initial=0.0)) for name, one in spread.items()),
        default=0.0,
    )
