"""A stand-in for spiking cells whose averages are known functions of what it is handed, with noise and synchrony."""

from __future__ import annotations

import numpy as np

from msim.backends.fast_network import Burst, FastNetwork
from msim.definitions.models.model import ModelDefinition
from tests.smooth_network import potentials

REST = {"firing_rate": 4.0, "v": -0.055, "synaptic_current": 1e-10}


class KnownColumn(FastNetwork):
    """Rates that are quadratic on a logarithmic scale in everything handed down and in the rates of drives.

    noise: relative, of each half of a burst; synchronous_above: block from which on all cells spike together
    """

    def __init__(self, model: ModelDefinition, noise: float = 0.0, synchronous_above: float = np.inf) -> None:
        self.model, self.now = model, model
        self.noise, self.synchronous_above = noise, synchronous_above
        self.inputs: dict[str, float] = {}
        self.random = np.random.default_rng(7)

    def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
        assert values.shape == (self.model.cells(population),)
        self.inputs[f"{population}.{receptor}.{name}"] = float(values.mean())

    def update_parameters(self, model: ModelDefinition) -> None:
        self.now = model

    def burst(self, burn_in: float, seconds: float, keep_field: bool) -> Burst:
        halves, spikes = {}, {}
        for number, population in enumerate(self.model.populations):
            factor = np.exp(self.exponent(number) + self.noise * self.random.standard_normal(2))
            cells = np.ones(self.model.cells(population))
            halves[f"{population}.firing_rate"] = np.multiply.outer(REST["firing_rate"] * factor, cells)
            for name in potentials(self.model, population):
                halves[f"{population}.{name}"] = np.multiply.outer(REST["v"] + 1e-3 * np.log(factor), cells)
            halves[f"{population}.synaptic_current"] = np.multiply.outer(REST["synaptic_current"] * factor, cells)
            halves[f"{population}.ampa.g"] = np.multiply.outer(1e-9 * factor, cells)
            gain = self.inputs.get(f"{population}.ampa.gain", 1.0)
            halves[f"{population}.ampa.excess"] = (gain - 1) * halves[f"{population}.ampa.g"]
            spikes[population] = (self._times(seconds), np.zeros(1000, dtype=int))
        return Burst(seconds, halves, spikes, {}, 1e3)

    def exponent(self, number: int) -> float:
        """Logarithm of the rate of a population relative to its own at rest."""
        gains = sum(np.log(value) for name, value in self.inputs.items() if name.endswith("gain"))
        blocks = sum(value for name, value in self.inputs.items() if name.endswith("block"))
        drives = sum(np.log(self.now[f"{one}.rate"] / self.model[f"{one}.rate"]) for one in self.model.drives)
        mixed = -0.1 * blocks**2 + 0.1 * gains * blocks
        return float(0.3 * gains + (0.2 - 0.2 * number) * blocks + 0.5 * drives + mixed)

    def _times(self, seconds: float) -> np.ndarray:
        blocks = [value for name, value in self.inputs.items() if name.endswith("block")]
        if max(blocks, default=0.0) > self.synchronous_above:
            return np.repeat(np.linspace(0, seconds, 10, endpoint=False), 100)
        return self.random.uniform(0, seconds, 1000)
