"""Points of the unit cube: at random, as a Latin hypercube, as Sobol's sequence, or as Saltelli's design."""

from __future__ import annotations

import numpy as np

from msim.base.errors import InputError

SAMPLES = ("random", "latin", "sobol", "saltelli")


def unit_points(sample: str, points: int, axes: int, seed: int) -> np.ndarray:
    """Return points in [0, 1), shape (points, axes); the same numbers from the same seed.

    points: number of points; for 'saltelli' the points of each of its two matrices, and `axes` + 2 times as many result
    """
    from scipy.stats import qmc

    if sample == "random":
        return np.random.Generator(np.random.Philox(seed)).random((points, axes))
    if sample == "latin":
        return np.asarray(qmc.LatinHypercube(axes, rng=seed).random(points))
    if points & (points - 1):
        raise InputError(f"sweep: sample '{sample}' wants a power of 2 as points, else it is not even, got {points}")
    if sample == "sobol":
        return np.asarray(qmc.Sobol(axes, rng=seed).random(points))
    return _saltelli(np.asarray(qmc.Sobol(2 * axes, rng=seed).random(points)))


def _saltelli(pairs: np.ndarray) -> np.ndarray:
    """Return rows of A, of A with one column of B after the other, and of B, as SALib's Sobol analysis reads them.

    pairs: A and B side by side, shape (points, 2 * axes)
    """
    axes = pairs.shape[1] // 2
    a, b = pairs[:, :axes], pairs[:, axes:]
    rows = [a]
    for index in range(axes):
        mixed = a.copy()
        mixed[:, index] = b[:, index]
        rows.append(mixed)
    return np.stack([*rows, b], axis=1).reshape(-1, axes)
