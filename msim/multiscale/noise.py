"""Sampling noise of the averages of a burst, and the length of a burst that keeps it small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

KEPT = 16  # samples: the size of the noise is then known to 1 / sqrt(2 * 16) = 18 %
LARGEST_SLOWNESS = 10.0
BURST_STEP = 0.1  # s; lengths of bursts are whole multiples

# By name of an average: its population means over the two halves of a burst, shape (2,).
Halves = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Noise:
    """Sampling noise of population means of averages.

    names: of the averages
    deviations: of averages over one second, a row for each of the last bursts, shape (samples, names);
        the deviation over T seconds is 1 / sqrt(T) of that
    slowness: factor by which the variance between bursts exceeds the variance that their halves give, for slow noise
    """

    names: tuple[str, ...] = ()
    deviations: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    slowness: float = 1.0

    def after(self, halves: Halves, seconds: float) -> Noise:
        """Add the noise of one more burst; the oldest of many is forgotten."""
        names = self.names or tuple(halves)
        new = np.array([(halves[name][1] - halves[name][0]) / 2 for name in names]) * np.sqrt(seconds * self.slowness)
        old = self.deviations if self.names else np.empty((0, len(names)))
        return replace(self, names=names, deviations=np.vstack([old, new])[-KEPT:])

    def spread(self) -> dict[str, float]:
        """Return the standard deviation of each average over one second."""
        if not len(self.deviations):
            return dict.fromkeys(self.names, 0.0)
        return dict(zip(self.names, np.sqrt(np.mean(self.deviations**2, axis=0)), strict=True))


def noise_of(pieces: Sequence[Halves], seconds: float) -> Noise:
    """Estimate the noise from equally long bursts that followed each other in one condition.

    Halves of a burst differ by noise faster than the burst; bursts differ by slower noise too. The factor
    between the two variances, a mean over all averages, holds for later bursts, which come one at a time.
    """
    found = Noise()
    for halves in pieces:
        found = found.after(halves, seconds)
    if len(pieces) < 2:
        return found
    means = np.array([[halves[name].mean() for name in found.names] for halves in pieces])
    within = np.mean(found.deviations**2, axis=0) / seconds
    moving = within > 0
    if not np.any(moving):
        return found
    ratio = float(np.mean(means.var(axis=0, ddof=1)[moving] / within[moving]))
    slowness = min(max(ratio, 1.0), LARGEST_SLOWNESS)
    return replace(found, deviations=found.deviations * np.sqrt(slowness), slowness=slowness)


def burst_length(response: float, share: float, shortest: float, longest: float) -> float:
    """Return the length (s) of a burst whose noise moves no state by more than a share of the tolerance.

    response: effect of the noise of a burst of one second on the worst state, in units of the tolerance
    """
    wanted = (response / share) ** 2
    steps = np.ceil(min(wanted, longest) / BURST_STEP - 1e-9)
    return max(shortest, min(float(steps * BURST_STEP), longest))
