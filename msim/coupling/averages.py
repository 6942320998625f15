"""Averages of a burst: what the slow scale is told about the spiking cells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Averages = Mapping[str, np.ndarray]


def shrunken(halves: np.ndarray) -> np.ndarray:
    """Per-cell averages of a short burst, moved towards the population by how noisy they are.

    What differs between cells in both halves of the burst is signal; what differs between the
    halves is noise. The weight of a cell's own value is the share of signal (James and Stein).

    halves: averages over the two halves, shape (2, cells)
    returns: shape (cells,), with the population mean kept
    """
    own = halves.mean(axis=0)
    center = own.mean()
    spread = float(np.var(own))
    if spread == 0 or own.size < 2:
        return own
    signal = float(np.mean((halves[0] - halves[0].mean()) * (halves[1] - halves[1].mean())))
    weight = min(1.0, max(0.0, signal / spread))
    return np.asarray(center + weight * (own - center))


def between(first: Averages, last: Averages, part: float) -> dict[str, np.ndarray]:
    """Averages on the straight line from `first` (part = 0) to `last` (part = 1)."""
    return {name: first[name] + part * (last[name] - first[name]) for name in first}
