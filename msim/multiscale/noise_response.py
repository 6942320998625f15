"""Response of the slow states to the sampling noise of a burst, computed with one mean cell for each population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from msim.multiscale.averages import Averages
from msim.multiscale.noise import Noise
from msim.multiscale.slow.scale import SlowScale, States

# By population: a number for each state, shape (states,).
ByState = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class MeanCells:
    """Copies of the mean cell of every population, integrated like separate cells."""

    scale: SlowScale

    @classmethod
    def of(cls, scale: SlowScale) -> MeanCells:
        """Build the mean cells of a slow scale, with resting values averaged over cells."""
        references = {name: np.array([np.mean(values)]) for name, values in scale.references.items()}
        return cls(replace(scale, references=references))

    def spread(
        self, states: States, span: tuple[float, float], averages: tuple[Averages, Averages], noise: Noise,
        seconds: float,
    ) -> ByState:  # fmt: skip
        """Return the standard deviation of each state after a leap, given the noise of the burst at its end.

        The deviations of the last bursts are tried in turn, all averages of a burst at once: they are not independent.
        seconds: length of the burst
        """
        if not np.any(noise.deviations):
            return {name: np.zeros(len(y)) for name, y in states.items()}
        # The first of them is not off.
        off = np.vstack([np.zeros(len(noise.names)), noise.deviations]) / np.sqrt(seconds)
        columns = len(off)
        first = {name: np.full(columns, np.mean(values)) for name, values in averages[0].items()}
        last = {name: np.full(columns, np.mean(values)) for name, values in averages[1].items()}
        for index, name in enumerate(noise.names):
            last[name] = last[name] + off[:, index]
        means = {name: np.repeat(y.mean(axis=1, keepdims=True), columns, axis=1) for name, y in states.items()}
        systems = {name: replace(one, cells=columns) for name, one in self.scale.systems.items()}
        ends, _ = replace(self.scale, systems=systems).advanced(means, *span, first, last)
        return {name: np.sqrt(np.mean((y[:, 1:] - y[:, :1]) ** 2, axis=1)) for name, y in ends.items()}
