"""Averages of a burst, which the slow equations read of the spiking cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Averages = Mapping[str, np.ndarray]

LARGEST_SHIFT = 0.5  # of an average's own size; beyond, a straight line says little about where it goes


def shrink(halves: np.ndarray) -> np.ndarray:
    """Return per-cell averages of a short burst, moved towards the population mean by as much as they are noisy.

    A difference between cells in both halves of the burst is signal; a difference between the
    halves is noise. The weight of a cell's own value is the share of signal (James and Stein).

    halves: averages over the two halves, shape (2, cells)
    returns: shape (cells,), with the population mean kept
    """
    own = halves.mean(axis=0)
    if own.size < 2:
        return np.asarray(own)
    center = own.mean()
    spread = float(np.var(own))
    if spread == 0:
        return np.asarray(own)
    signal = float(np.mean((halves[0] - halves[0].mean()) * (halves[1] - halves[1].mean())))
    weight = min(1.0, max(0.0, signal / spread))
    return np.asarray(center + weight * (own - center))


def between(first: Averages, last: Averages, part: float) -> dict[str, np.ndarray]:
    """Return averages on the straight line from `first` (part = 0) to `last` (part = 1)."""
    return {name: first[name] + part * (last[name] - first[name]) for name in first}


@dataclass(frozen=True)
class BurstSummary:
    """The averages of one burst, and its length.

    time: of the slow clock, s; seconds: of spikes behind the averages
    """

    time: float
    averages: Averages
    seconds: float

    def joined(self, averages: Averages, seconds: float) -> BurstSummary:
        """Join the averages of a further burst at the same time, each weighted by its length."""
        part = seconds / (self.seconds + seconds)
        return BurstSummary(self.time, between(self.averages, averages, part), self.seconds + seconds)


@dataclass(frozen=True)
class Extrapolation:
    """Expected averages of a burst that has not run yet.

    averages: by name, per cell
    steps: by name, the distance along the last change, in units of that change; 0 where the average is held
    """

    averages: Averages
    steps: Mapping[str, float]


def extrapolate(
    burst_before: BurstSummary | None, last: BurstSummary, time: float, spread: Mapping[str, float]
) -> Extrapolation:
    """Extrapolate averages to a later time, along the line through the last two bursts as far as it exceeds the noise.

    A change between two bursts counts by the share of its square that noise does not explain (James and Stein):
    at rest averages are held, since a line through two noisy points leads anywhere. Cells keep their ratios.

    burst_before: the burst before the last, None where an event came between
    spread: standard deviation of each average's population mean over one second
    """
    steps = dict.fromkeys(last.averages, 0.0)
    if burst_before is None or last.time <= burst_before.time:
        return Extrapolation(last.averages, steps)
    ahead = (time - last.time) / (last.time - burst_before.time)
    averages = {}
    for name, now in last.averages.items():
        mean = float(np.mean(now))
        change = mean - float(np.mean(burst_before.averages[name]))
        noise = spread.get(name, 0.0) ** 2 * (1 / last.seconds + 1 / burst_before.seconds)
        trust = 1 - noise / change**2 if change**2 > noise else 0.0
        most = LARGEST_SHIFT * abs(mean)
        shift = min(max(trust * ahead * change, -most), most)
        steps[name] = shift / change if change else 0.0
        averages[name] = now * (1 + shift / mean) if mean else now
    return Extrapolation(averages, steps)
