"""Means with their 95 % intervals (Student's t), and effects in units of their own spread."""

from __future__ import annotations

import numpy as np

CONFIDENCE = 0.95


def mean_and_reach(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute the mean over the last axis and half the width of its 95 % interval, NaN left out.

    returns: both without the last axis; the half width is NaN where fewer than two values are known
    """
    from scipy import stats

    known = np.sum(np.isfinite(values), axis=-1)
    total = np.nansum(values, axis=-1)
    mean = np.divide(total, known, out=np.full(known.shape, np.nan), where=known > 0)
    squares = np.nansum((values - mean[..., None]) ** 2, axis=-1)
    spread = np.sqrt(np.divide(squares, known - 1, out=np.full(known.shape, np.nan), where=known > 1))
    factor = stats.t.ppf(0.5 + CONFIDENCE / 2, np.maximum(known - 1, 1))
    return mean, factor * spread / np.sqrt(np.maximum(known, 1))


def standardized(values: np.ndarray) -> float:
    """Divide the mean by the standard deviation: Cohen's d of differences within pairs; NaN where they do not vary."""
    spread = float(np.std(values, ddof=1)) if values.size > 1 else 0.0
    return float(np.mean(values)) / spread if spread > 0 else float("nan")
