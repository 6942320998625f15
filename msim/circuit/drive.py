"""Background input as Poisson counts, drawn by comparing one uniform number with the distribution."""

from __future__ import annotations

import numpy as np

# A count that is cut off here is missed once in 1e12 draws: less than once in a run.
TAIL = 1e-12


def count_thresholds(mean: np.ndarray) -> np.ndarray:
    """Thresholds of a Poisson count: the number of them below a uniform number is the count.

    mean: expected events per draw, shape (cells,)
    returns: cumulative probability of 0, 1, 2, ... events, shape (thresholds, cells)
    """
    largest = np.max(mean, initial=0.0, keepdims=True).reshape(1)
    # Far beyond the count of which more than TAIL may be missed; summed from its end, the tail keeps its digits.
    beyond = int(largest[0] + 10 * np.sqrt(largest[0])) + 30
    missed = np.cumsum(_probabilities(beyond, largest)[::-1, 0])[::-1]
    most = int(np.argmax(missed[1:] <= TAIL)) if largest[0] > 0 else 0
    return np.minimum(np.cumsum(_probabilities(most, np.asarray(mean)), axis=0), 1.0)


def _probabilities(most: int, mean: np.ndarray) -> np.ndarray:
    """Probability of 0, 1, ... `most` events, shape (most + 1, cells)."""
    counts = np.arange(most + 1)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(counts[1:]))])
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm = np.where(counts[:, None] > 0, counts[:, None] * np.log(mean), 0.0)
    return np.asarray(np.exp(logarithm - mean - log_factorial[:, None]))
