"""Background input as Poisson counts, drawn by comparing one uniform number with the distribution."""

from __future__ import annotations

import numpy as np
from scipy import stats

# A count that is cut off here is missed once in 1e12 draws: less than once in a run.
TAIL = 1e-12


def count_thresholds(mean: np.ndarray) -> np.ndarray:
    """Thresholds of a Poisson count: the number of them below a uniform number is the count.

    mean: expected events per draw, shape (cells,)
    returns: cumulative probability of 0, 1, 2, ... events, shape (thresholds, cells)
    """
    largest = float(np.max(mean, initial=0.0))
    most = int(stats.poisson.isf(TAIL, largest)) if largest > 0 else 0
    return np.asarray(stats.poisson.cdf(np.arange(most + 1)[:, None], mean))
