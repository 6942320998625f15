"""Counts of background events by comparing one 32-bit number with a distribution."""

from __future__ import annotations

import math

import numpy as np

from msim.base.errors import InputError

MOST = 200  # thresholds; each costs one comparison per cell and step
RESOLUTION = 2.0**32


def event_thresholds(mean: np.ndarray, inputs: int | None, name: str) -> np.ndarray:
    """Return the thresholds of a step's count of events, which is the number of them below a uniform 32-bit number.

    mean: expected events per step, shape (cells,)
    inputs: None for a Poisson count, a number of independent sources for a binomial one
    returns: shape (thresholds, cells)
    raises: InputError where the mean is negative or needs more thresholds than a step can afford
    """
    if not np.all(np.isfinite(mean)) or np.any(mean < 0):
        raise InputError(f"{name}: wants a rate of 0 Hz or more, got {np.min(mean)} events per step")
    largest = float(np.max(mean, initial=0.0))
    if inputs is not None and largest > inputs:
        raise InputError(f"{name}: wants at most {inputs} events in a step, one of each input, got {largest:.3g}")
    chance = _first(mean, inputs)
    below = chance.copy()
    rows: list[np.ndarray] = []
    for k in range(MOST + 1):
        if float(np.min(below, initial=1.0)) >= 1 - 0.5 / RESOLUTION:
            return np.array(rows or np.empty((0, mean.size)), dtype=np.uint32)
        rows.append(np.clip(np.rint(below * RESOLUTION) - 1, 0, RESOLUTION - 1))
        chance = _next(chance, mean, inputs, k + 1)
        below = below + chance
    raise InputError(f"{name}: {largest:.3g} events in a step are too many; wants a lower rate or a shorter step")


def _first(mean: np.ndarray, inputs: int | None) -> np.ndarray:
    if inputs is None:
        return np.exp(-mean)
    return np.asarray((1 - mean / inputs) ** inputs)


def _next(chance: np.ndarray, mean: np.ndarray, inputs: int | None, k: int) -> np.ndarray:
    if inputs is None:
        return chance * mean / k
    odds = mean / inputs / np.maximum(1 - mean / inputs, math.ulp(1.0))
    return np.asarray(chance * odds * max(inputs - k + 1, 0) / k)
