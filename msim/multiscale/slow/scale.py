"""The slow scale of a whole model: states of every population, integrated under given averages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from msim.backends.fast_network import Burst
from msim.base.errors import SimulationError
from msim.base.settings import settings
from msim.definitions.models.model import ModelDefinition
from msim.multiscale.averages import Averages, shrink
from msim.multiscale.slow.cached_systems import cached_systems, with_compiled_stages
from msim.multiscale.slow.ode import SlowSystem, reference_name
from msim.multiscale.slow.rosenbrock import Tolerance, integrated
from msim.multiscale.slow.steady_state import steady_states

NOTHING = 1e-6  # of the population's mean: below it an average of a cell at rest is a remnant

States = dict[str, np.ndarray]
DrugCurve = Callable[[float], Mapping[str, float]]


@dataclass(frozen=True)
class SlowScale:
    """Slow systems by population, and the resting values that links are relative to.

    drugs: concentrations from a time on, by address
    drugs_before: concentrations just before a time, where doses make them jump; None where they do not
    references: by `reference_name` of a link: resting sum of its `relative_to`, per cell
    compiled: whether compiled code integrates the systems
    """

    model: ModelDefinition
    systems: Mapping[str, SlowSystem]
    drugs: DrugCurve
    references: Mapping[str, np.ndarray]
    compiled: bool = False
    drugs_before: DrugCurve | None = None

    def rest(self) -> States:
        """Return the resting states of every system, at which its equations stand still."""
        return {name: system.rest.copy() for name, system in self.systems.items()}

    def averages(self, burst: Burst) -> dict[str, np.ndarray]:
        """Return the averages that the slow scale reads of a burst, per cell, by name of the link that carries each."""
        return {name: shrink(halves) for name, halves in self._told(burst)}

    def split_halves(self, burst: Burst) -> dict[str, np.ndarray]:
        """Return the population means of a burst's averages over each half, shape (2,), by name of the link."""
        return {name: halves.mean(axis=1) for name, halves in self._told(burst)}

    def _told(self, burst: Burst) -> Iterator[tuple[str, np.ndarray]]:
        for link in self.model.links.values():
            if self.model.comes_from_bursts(link) and self.model.feeds_slow(link):
                halves = np.sum([burst.halves[one] for one in link.origin], axis=0)
                if link.relative_to:
                    halves = halves / self.references[reference_name(link)]
                yield link.name, halves

    def levels(self, time: float) -> Mapping[str, float]:
        """Return the concentrations that a record at a time holds: those before doses given then."""
        return (self.drugs_before or self.drugs)(time)

    def outside(self, system: SlowSystem, time: float, averages: Averages) -> np.ndarray:
        """Return all that a system reads besides its own states just before a time, shape (names, cells)."""
        return self._course(system, (time, time), (averages, averages))([time])[0]

    def _course(
        self, system: SlowSystem, span: tuple[float, float], averages: tuple[Averages, Averages]
    ) -> Callable[[Sequence[float]], np.ndarray]:
        """Build a function that gives the values that a system reads at several times of a span.

        Averages go straight from one value to the other over the span.
        """
        shape = (len(system.outside), system.cells)
        first, change = np.zeros(shape), np.zeros(shape)
        drugs = []
        for row, name in enumerate(system.outside):
            if name in averages[0]:
                first[row] = averages[0][name]
                change[row] = averages[1][name] - averages[0][name]
            elif name in self.references:
                first[row] = self.references[name]
            else:
                drugs.append((row, name))
        seconds = span[1] - span[0] or 1.0

        def outside(times: Sequence[float]) -> np.ndarray:
            found = np.multiply.outer((np.asarray(times) - span[0]) / seconds, change)
            found += first
            for rows, time in zip(found, times, strict=True):
                if drugs:
                    # What is given at the end of a span belongs to the next one.
                    level = self.levels(time) if time >= span[1] else self.drugs(time)
                    for row, name in drugs:
                        rows[row] = level[name]
            return found

        return outside

    def outputs(self, states: States, time: float, averages: Averages) -> dict[str, np.ndarray]:
        """Return every output of every slow mechanism, per cell."""
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
            path = self._path(system, states[name], (first, last), [start, *samples, stop])
            ends[name] = path[-1]
            for index in range(len(samples)):
                kept[index][name] = path[index + 1]
        return ends, kept

    def _path(
        self,
        system: SlowSystem,
        y: np.ndarray,
        averages: tuple[Averages, Averages],
        times: Sequence[float],
    ) -> list[np.ndarray]:
        tolerance = Tolerance(settings().relative_tolerance, settings().absolute_tolerance)
        outside = self._course(system, (times[0], times[-1]), averages)
        try:
            return integrated(system.stages, y, outside, times, tolerance)
        except ArithmeticError as problem:
            raise SimulationError(f"slow equations of '{system.population}' fail: {problem}") from None


def compiled_scale(scale: SlowScale) -> SlowScale:
    """Return the slow scale with compiled code as its integrator.

    raises: InputError where there is no compiler or it fails
    """
    systems = {name: with_compiled_stages(one) for name, one in scale.systems.items()}
    return replace(scale, systems=systems, compiled=True)


def with_values(scale: SlowScale, model: ModelDefinition) -> SlowScale:
    """Return the slow scale with the values of another model of the same mechanisms and links.

    Its resting values stay those of the old model.
    """
    changed = replace(scale, model=model, systems=cached_systems(model))
    return compiled_scale(changed) if scale.compiled else changed


def slow_scale(
    model: ModelDefinition, drugs: DrugCurve, baseline: Burst, start: float, drugs_before: DrugCurve | None = None
) -> SlowScale:
    """Build the slow scale of a model, with its resting values taken from a burst at rest."""
    systems = cached_systems(model)
    references: dict[str, np.ndarray] = {}
    for link in model.links.values():
        if link.relative_to and model.comes_from_bursts(link):
            total = np.sum([baseline.halves[one] for one in link.relative_to], axis=0).mean(axis=0)
            # A cell whose average is nothing at rest, or what an event before the burst left over, has no ratio of
            # its own; it takes the population's.
            references[reference_name(link)] = np.where(total > NOTHING * total.mean(), total, total.mean() or 1.0)
        elif link.relative_to:
            references[reference_name(link)] = np.ones(1)
    scale = SlowScale(model, systems, drugs, references, drugs_before=drugs_before)
    resting = scale.outputs(scale.rest(), start, scale.averages(baseline))
    for link in model.links.values():
        if link.relative_to and not model.comes_from_bursts(link):
            references[reference_name(link)] = np.sum([resting[one] for one in link.relative_to], axis=0)
    return at_rest(scale, start, scale.averages(baseline))


def at_rest(scale: SlowScale, time: float, averages: Averages) -> SlowScale:
    """Return the slow scale with the rest where its linked equations stand still under these averages and without drug.

    A form declares its rest for inputs at rest. Without a gene, for example, the forms that depend on it rest
    elsewhere.
    """
    nothing = dict.fromkeys(scale.drugs(time), 0.0)
    free = replace(scale, drugs=lambda now: nothing, drugs_before=None)
    systems = {
        name: replace(one, rest=steady_states(one, free.outside(one, time, averages)))
        for name, one in scale.systems.items()
    }
    return replace(scale, systems=systems)


def resumed_scale(
    model: ModelDefinition, drugs: DrugCurve, references: Mapping[str, np.ndarray],
    drugs_before: DrugCurve | None = None,
) -> SlowScale:  # fmt: skip
    """Build the slow scale of a model with resting values that were taken before."""
    return SlowScale(model, cached_systems(model), drugs, references, drugs_before=drugs_before)
