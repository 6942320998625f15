"""What a burst is averaged over and what the averages are called, the same on every target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from msim.definitions.model import ModelDefinition

CURRENTS = ("I_excitatory", "I_inhibitory")


@dataclass(frozen=True)
class NamedAverages:
    """Which variables of the cells are averaged, and the addresses of what comes of them.

    wanted: (population, variable of a receptor) to address
    shares: receptor to the share of a synapse's receptors that one quantum activates
    """

    wanted: Mapping[tuple[str, str], str]
    shares: Mapping[str, float]

    @classmethod
    def of(cls, model: ModelDefinition) -> NamedAverages:
        """Those that a model's links, readouts and activated fractions ask for."""
        texts = {one for link in model.links.values() for one in (*link.origin, *link.relative_to)}
        quanta = [one.name for one in model.on_scale("receptor") if one.form.parameter("quantal_share")]
        wanted = {}
        for population in model.populations.values():
            for receptor in population.receptors:
                for port in model.instances[receptor].form.outputs:
                    address = f"{population.name}.{receptor}.{port.name}"
                    if address in texts or (receptor in quanta and port.name == "g"):
                        wanted[population.name, f"{receptor}_{port.name}"] = address
        return cls(wanted, {name: model[f"{name}.quantal_share"] for name in quanta})

    def summed(self, population: str) -> dict[str, str]:
        """Name to expression of what is summed over the cells' time."""
        own = {variable: variable for (owner, variable) in self.wanted if owner == population}
        return {"v": "v", **{one: f"abs({one})" for one in CURRENTS}, **own}

    def averages(
        self,
        population: str,
        mean: Callable[[str], np.ndarray],
        spikes: tuple[np.ndarray, np.ndarray],
        seconds: float,
        full_peak: Mapping[tuple[str, str], np.ndarray],
    ) -> dict[str, np.ndarray]:
        """Address to averages over the halves of a burst, shape (2, cells).

        mean: of a name of `summed`; spikes: times in s and cells; full_peak: as in FastPlan
        """
        currents = [mean(one) for one in CURRENTS]
        n_cells = currents[0].shape[1]
        late = spikes[0] >= seconds / 2
        counts = [np.bincount(spikes[1][half], minlength=n_cells) for half in (~late, late)]
        found = {
            f"{population}.v": mean("v"),
            f"{population}.firing_rate": np.stack(counts) / (seconds / 2),
            f"{population}.excitatory_current": currents[0],
            f"{population}.inhibitory_current": currents[1],
            f"{population}.synaptic_current": currents[0] + currents[1],
            f"{population}.E_I_balance": currents[0] / max(float(currents[1].mean()), np.finfo(float).tiny),
        }
        for (owner, variable), address in self.wanted.items():
            if owner == population:
                found[address] = mean(variable)
        for receptor, share in self.shares.items():
            if (population, receptor) in full_peak:
                full = np.maximum(full_peak[population, receptor], np.finfo(float).tiny)
                found[f"{population}.{receptor}.activated_fraction"] = mean(f"{receptor}_g") * share / full
        return found
