"""Averages of a burst and their names, the same on every target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from msim.definitions.models.model import ModelDefinition

CURRENTS = ("I_excitatory", "I_inhibitory")
DIPOLE = "dipole_current"


@dataclass(frozen=True)
class NamedAverages:
    """The variables of cells that a burst averages, and the addresses of the averages.

    wanted: (population, variable of its membrane or a receptor) to address
    shares: receptor to the share of a synapse's receptors that one quantum activates
    dipoles: populations whose cells have a current along their length
    """

    wanted: Mapping[tuple[str, str], str]
    shares: Mapping[str, float]
    dipoles: frozenset[str] = frozenset()

    @classmethod
    def of(cls, model: ModelDefinition) -> NamedAverages:
        """Collect the averages that a model's links, readouts and activated fractions need."""
        texts = {one for link in model.links.values() for one in (*link.origin, *link.relative_to)}
        quanta = [one.name for one in model.on_scale("receptor") if one.mechanism.parameter("quantal_share")]
        wanted, dipoles = {}, set()
        for population in model.populations.values():
            membrane = model.instances[population.membrane].mechanism
            for port in membrane.outputs:
                address = f"{population.name}.{port.name}"
                # Of a cell of several compartments everything but its first potential, which every cell has.
                if port.name != "v" and (address in texts or len(membrane.compartments) > 1):
                    wanted[population.name, port.name] = address
            if membrane.output(DIPOLE):
                dipoles.add(population.name)
            for receptor in population.receptors:
                for port in model.instances[receptor].mechanism.outputs:
                    address = f"{population.name}.{receptor}.{port.name}"
                    if address in texts or (receptor in quanta and port.name == "g"):
                        wanted[population.name, f"{receptor}_{port.name}"] = address
        return cls(wanted, {name: model[f"{name}.quantal_share"] for name in quanta}, frozenset(dipoles))

    def field(self, population: str) -> tuple[str, ...]:
        """Return the variables whose means over cells, sample by sample, add up to the field of a population.

        For cells that have a current along their length it is that current, since it flows back outside; for point
        neurons it is the absolute synaptic currents, their best stand-in.
        """
        return (DIPOLE,) if population in self.dipoles else CURRENTS

    def summed(self, population: str) -> dict[str, str]:
        """Return the expressions that a burst sums over the time of each cell, by name."""
        own = {variable: variable for (owner, variable) in self.wanted if owner == population}
        return {"v": "v", **{one: f"abs({one})" for one in CURRENTS}, **own}

    def averages(
        self,
        population: str,
        mean: Callable[[str], np.ndarray],
        counts: np.ndarray,
        seconds: float,
        full_peak: Mapping[tuple[str, str], np.ndarray],
    ) -> dict[str, np.ndarray]:
        """Compute the averages of a population over the halves of a burst, by address, each of shape (2, cells).

        mean: gives the average of a name of `summed`; counts: from `half_counts`; full_peak: by ColumnPlan.full_peaks
        """
        currents = [mean(one) for one in CURRENTS]
        found = {
            f"{population}.v": mean("v"),
            f"{population}.firing_rate": counts / (seconds / 2),
            f"{population}.excitatory_current": currents[0],
            f"{population}.inhibitory_current": currents[1],
            f"{population}.synaptic_current": currents[0] + currents[1],
            f"{population}.E_I_balance": _balance(*currents),
        }
        for (owner, variable), address in self.wanted.items():
            if owner == population:
                found[address] = mean(variable)
        for receptor, share in self.shares.items():
            if (population, receptor) in full_peak:
                full = np.maximum(full_peak[population, receptor], np.finfo(float).tiny)
                found[f"{population}.{receptor}.activated_fraction"] = mean(f"{receptor}_g") * share / full
        return found


def half_counts(spikes: tuple[np.ndarray, np.ndarray], seconds: float, n_cells: int) -> np.ndarray:
    """Count the spikes of each cell in the halves of a burst, shape (2, cells).

    spikes: times in s from the beginning of the burst, and cells
    """
    late = spikes[0] >= seconds / 2
    return np.stack([np.bincount(spikes[1][half], minlength=n_cells) for half in (~late, late)])


def _balance(excitatory: np.ndarray, inhibitory: np.ndarray) -> np.ndarray:
    """Divide excitation by mean inhibition; return 0 where nothing inhibits, as in a silent slice."""
    mean = float(inhibitory.mean())
    return excitatory / mean if mean > 0 else np.zeros_like(excitatory)
