"""The slow scale of a whole model: states of every population, integrated under given averages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from msim.base.errors import SimulationError
from msim.coupling.averages import Averages, between, shrunken
from msim.definitions.model import ModelDefinition
from msim.engine.network import Burst
from msim.engine.ode import SlowSystem, reference_name, slow_system

RELATIVE_TOLERANCE = 1e-4
ABSOLUTE_TOLERANCE = 1e-6

States = dict[str, np.ndarray]
DrugCurve = Callable[[float], Mapping[str, float]]


@dataclass(frozen=True)
class SlowScale:
    """Slow systems by population, and the resting values that they measure themselves against.

    references: by `reference_name` of a link: resting sum of its `relative_to`, per cell
    """

    model: ModelDefinition
    systems: Mapping[str, SlowSystem]
    drugs: DrugCurve
    references: Mapping[str, np.ndarray]

    def rest(self) -> States:
        """States at which nothing moves as long as nothing acts."""
        return {name: system.rest.copy() for name, system in self.systems.items()}

    def averages(self, burst: Burst) -> dict[str, np.ndarray]:
        """What the slow scale is told about a burst, by name of the link that tells it."""
        told = {}
        for link in self.model.links.values():
            if self.model.comes_from_bursts(link) and self.model.feeds_slow(link):
                halves = np.sum([burst.halves[one] for one in link.origin], axis=0)
                if link.relative_to:
                    halves = halves / self.references[reference_name(link)]
                told[link.name] = shrunken(halves)
        return told

    def outside(self, system: SlowSystem, time: float, averages: Averages) -> dict[str, np.ndarray | float]:
        """Everything that a system reads besides its own states, at a time."""
        drugs = self.drugs(time)
        return {
            name: averages[name] if name in averages else drugs[name] if name in drugs else self.references[name]
            for name in system.outside
        }

    def outputs(self, states: States, time: float, averages: Averages) -> dict[str, np.ndarray]:
        """Every output of every slow mechanism, per cell."""
        found: dict[str, np.ndarray] = {}
        for name, system in self.systems.items():
            found.update(system.outputs(states[name], self.outside(system, time, averages)))
        return found

    def advanced(
        self, states: States, start: float, stop: float, first: Averages, last: Averages, samples: Sequence[float] = ()
    ) -> tuple[States, list[States]]:
        """Integrate from start to stop while averages go straight from `first` to `last`.

        samples: increasing times in (start, stop]
        returns: states at `stop`, and states at each of `samples`
        """
        ends: States = {}
        kept: list[States] = [{} for _ in samples]
        for name, system in self.systems.items():
            path = self._path(system, states[name], (start, stop), (first, last), [*samples, stop])
            ends[name] = path[-1]
            for index in range(len(samples)):
                kept[index][name] = path[index]
        return ends, kept

    def _path(
        self,
        system: SlowSystem,
        y: np.ndarray,
        span: tuple[float, float],
        averages: tuple[Averages, Averages],
        times: Sequence[float],
    ) -> list[np.ndarray]:
        from scipy.integrate import solve_ivp

        start, stop = span
        n_states, n_cells = y.shape

        def slope(time: float, flat: np.ndarray) -> np.ndarray:
            now = between(*averages, (time - start) / (stop - start))
            rate = system.derivative(flat.reshape(n_cells, n_states).T, self.outside(system, time, now))
            return np.ascontiguousarray(rate.T).ravel()

        # Cells do not touch each other, so the Jacobian is a band as wide as one cell's states.
        found = solve_ivp(
            slope, span, np.ascontiguousarray(y.T).ravel(), method="LSODA", t_eval=np.unique(times),
            lband=n_states - 1, uband=n_states - 1, rtol=RELATIVE_TOLERANCE, atol=ABSOLUTE_TOLERANCE,
        )  # fmt: skip
        if not found.success or not np.all(np.isfinite(found.y)):
            raise SimulationError(f"slow equations of '{system.population}' fail at {found.t[-1]:g} s: {found.message}")
        rows = {time: flat.reshape(n_cells, n_states).T for time, flat in zip(found.t, found.y.T, strict=True)}
        return [rows[time] for time in times]


def slow_scale(model: ModelDefinition, drugs: DrugCurve, baseline: Burst, start: float) -> SlowScale:
    """The slow scale of a model, with its resting values taken from a burst at rest."""
    populations = dict.fromkeys(one.on for one in model.on_scale("slow"))
    systems = {name: slow_system(model, name) for name in populations}
    references: dict[str, np.ndarray] = {}
    for link in model.links.values():
        if link.relative_to and model.comes_from_bursts(link):
            total = np.sum([baseline.halves[one] for one in link.relative_to], axis=0).mean(axis=0)
            # A cell whose average is nothing at rest has no ratio of its own; it takes the population's.
            references[reference_name(link)] = np.where(total > 0, total, total.mean() or 1.0)
        elif link.relative_to:
            references[reference_name(link)] = np.ones(1)
    scale = SlowScale(model, systems, drugs, references)
    resting = scale.outputs(scale.rest(), start, scale.averages(baseline))
    for link in model.links.values():
        if link.relative_to and not model.comes_from_bursts(link):
            references[reference_name(link)] = np.sum([resting[one] for one in link.relative_to], axis=0)
    return scale


def resumed_scale(model: ModelDefinition, drugs: DrugCurve, references: Mapping[str, np.ndarray]) -> SlowScale:
    """The slow scale of a model with resting values that were taken before."""
    populations = dict.fromkeys(one.on for one in model.on_scale("slow"))
    return SlowScale(model, {name: slow_system(model, name) for name in populations}, drugs, references)
