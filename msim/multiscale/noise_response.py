"""What the sampling noise of a burst does to the slow states: some more cells that stand for their populations."""

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
    """Copies of the mean cell of every population, integrated like cells of their own."""

    scale: SlowScale

    @classmethod
    def of(cls, scale: SlowScale) -> MeanCells:
        """Those of a slow scale, with resting values that are means too."""
        references = {name: np.array([np.mean(values)]) for name, values in scale.references.items()}
        return cls(replace(scale, references=references))

    def spread(
        self, states: States, span: tuple[float, float], averages: tuple[Averages, Averages], noise: Noise,
        seconds: float,
    ) -> ByState:  # fmt: skip
        """Standard deviation of each state after a leap, where the burst at its end is off by chance.

        The last bursts' deviations take their turns, all averages of a burst at once: they are not independent.
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
