"""A stand-in for the spiking cells: a smooth, exact mean-field response to gain and block, free of noise and cost."""

from __future__ import annotations

import numpy as np

from msim.backends.fast_network import Burst, FastNetwork
from msim.definitions.models.model import ModelDefinition

# Shares and slopes near those of the shipped column; no law tested with them depends on their size.
LOCAL_SHARE = 0.11
RATE_PER_GAIN = 0.95
RATE_PER_PV_BLOCK = 1.35
RATE_PER_OWN_BLOCK = -1.5
NMDA = {"pyramidal": "nmda", "pv": "nmda_pv", "sst": "nmda_sst"}
DUTY = {"pyramidal": 0.13, "pv": 0.13, "sst": 0.13}
FED_BY_PYRAMIDAL = {"pyramidal": 0.15, "pv": 0.55, "sst": 0.6}
POTENTIAL = {"pyramidal": -0.055, "pv": -0.055, "sst": -0.053}


def potentials(model: ModelDefinition, population: str) -> list[str]:
    """Names of the potentials of a population's compartments."""
    membrane = model.instances[model.populations[population].membrane].mechanism
    return [one.potential for one in membrane.compartments]


class SmoothNetwork(FastNetwork):
    """Averages of a burst as smooth functions of the inputs, the same for every burst length.

    bursts: how many were asked for
    """

    def __init__(self, model: ModelDefinition) -> None:
        self.model = model
        self.inputs: dict[tuple[str, str, str], np.ndarray] = {}
        self.bursts = 0

    def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
        assert values.shape == (self.model.cells(population),)
        self.inputs[population, receptor, name] = np.array(values)

    def burst(self, burn_in: float, seconds: float, keep_field: bool) -> Burst:
        self.bursts += 1
        halves = {name: np.stack([values, values]) for name, values in self._averages().items()}
        nothing = (np.array([]), np.array([], dtype=int))
        field = {one: np.ones(round(seconds * 1e3)) for one in self.model.populations} if keep_field else {}
        return Burst(seconds, halves, {one: nothing for one in self.model.populations}, field, 1e3)

    def _input(self, population: str, receptor: str, name: str) -> np.ndarray:
        at_rest = 1.0 if name == "gain" else 0.0
        return self.inputs.get((population, receptor, name), np.full(self.model.cells(population), at_rest))

    def _averages(self) -> dict[str, np.ndarray]:
        gain = self._input("pyramidal", "ampa", "gain")
        distant = self._input("pyramidal", "ampa_background", "gain")
        own, pv = self._input("pyramidal", "nmda", "block"), self._input("pv", "nmda_pv", "block").mean()
        rate = (1 + RATE_PER_GAIN * (gain - 1)) * np.exp(RATE_PER_PV_BLOCK * pv + RATE_PER_OWN_BLOCK * own)
        found: dict[str, np.ndarray] = {}
        for population in self.model.populations:
            ones = np.ones(self.model.cells(population))
            share = FED_BY_PYRAMIDAL[population]
            seen = rate if population == "pyramidal" else rate.mean() * ones
            for name in potentials(self.model, population):
                found[f"{population}.{name}"] = POTENTIAL[population] * ones
            found[f"{population}.firing_rate"] = 2.4 * seen
            found[f"{population}.synaptic_current"] = 1e-10 * seen
            found[f"{population}.{NMDA[population]}.activated_fraction"] = DUTY[population] * (1 - share + share * seen)
        for receptor, conductance, factor in (
            ("ampa", LOCAL_SHARE * rate, gain), ("ampa_background", (1 - LOCAL_SHARE) * np.ones_like(rate), distant),
        ):  # fmt: skip
            found[f"pyramidal.{receptor}.g"] = conductance
            found[f"pyramidal.{receptor}.gated"] = factor * conductance
            found[f"pyramidal.{receptor}.excess"] = (factor - 1) * conductance
        return found
