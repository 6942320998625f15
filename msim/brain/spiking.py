"""A brain of spiking columns on one rank or several, run in steps as long as those of the mean field."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from msim.backends.cpp.network import CompiledNetwork, Outcome
from msim.backends.mpi import SERIAL, RankGroup
from msim.base.errors import SimulationError
from msim.base.settings import settings
from msim.brain.field import STEP, SlowNoise
from msim.brain.long_range_projections import Contacts, fibre_contacts, local_contacts
from msim.brain.spiking_plan import STRENGTH, BrainPlan, shared_out
from msim.network.column_plan import SAMPLE_STEPS

NEVER = 2**62
WINDOW = 10  # steps over which a rate is averaged before it counts as runaway


@dataclass(frozen=True)
class Activity:
    """Activity of regions in some steps, the same on every rank.

    rates: Hz, shape (steps, regions, populations); current: synaptic, mean over the origin's cells, A,
        shape (steps, regions)
    """

    rates: np.ndarray
    current: np.ndarray


class SpikingBrain:
    """The regions of a brain that this rank holds; all ranks make and use it alike.

    alone: rate of the origin in every region on its own background, Hz, shape (regions,), at which fibers bring as many
        events as they replace; None leaves all fibers out
    raises: SimulationError where a region is silent alone
    """

    def __init__(self, plan: BrainPlan, ranks: RankGroup = SERIAL, alone: np.ndarray | None = None) -> None:
        self.plan, self.ranks = plan, ranks
        partition, self.owner = shared_out(plan, ranks.size)
        self.own = np.flatnonzero(np.array(self.owner) == ranks.rank)
        self.network = CompiledNetwork(plan.spec, plan.seed, "double", ranks.comm, partition=partition)
        for projection in plan.column.spec.projections:
            self._connect(projection.name, local_contacts(plan, projection.name, list(self.own)))
        self._take_states()
        if alone is not None:
            self._join(alone)
        self.taken = plan.effect.sum(axis=1) if alone is not None else np.zeros(len(plan.regions))
        self.recent = np.zeros((len(plan.regions), len(plan.sizes)))

    def _connect(self, projection: str, contacts: Contacts) -> None:
        sizes, pre, delay, weight = contacts
        self.network.connect_rows(projection, sizes, pre.astype(int), delay, {"weight": weight})

    def _join(self, alone: np.ndarray) -> None:
        if not (alone > 0).all():
            silent = self.plan.regions[int(np.argmin(alone))]
            raise SimulationError(f"region '{silent}': {self.plan.origin} cells are silent alone: no spike can travel")
        for one in self.plan.targets:
            self._connect(one.fibres, fibre_contacts(self.plan, one, list(self.own), alone))

    def _take_states(self) -> None:
        """Set the inputs of receptors and the rates of drives in every region to the values of its state."""
        plan = self.plan
        for (population, receptor, name), values in plan.states.items():
            self.network.set(population, f"{receptor}_{name}", np.repeat(values, plan.sizes[population]))
        for drive, rates in plan.rates.items():
            to = next(one.to for one in plan.spec.drives if one.name == drive)
            self.network.set_rate(drive, np.repeat(rates, plan.sizes[to]))

    def set_strength(self, strength: float) -> None:
        """Scale the effect of every spike on other regions."""
        for one in self.plan.targets:
            self.network.set_constant(one.fibres, STRENGTH, strength)

    def run(self, slow: np.ndarray) -> Activity:
        """Run some more steps.

        slow: fluctuation of every region's background relative to its mean, shape (steps, regions)
        raises: SimulationError where a region runs away, or is no longer finite
        """
        rates = np.empty((len(slow), self.own.size, len(self.plan.sizes)))
        current = np.empty((len(slow), self.own.size))
        for step, now in enumerate(slow):
            rates[step], current[step] = self._step(now)
        parts = self.ranks.all((self.own, rates, current))
        order = np.argsort(np.concatenate([one[0] for one in parts]))
        found = Activity(
            np.concatenate([one[1] for one in parts], axis=1)[:, order],
            np.concatenate([one[2] for one in parts], axis=1)[:, order],
        )
        self._validate_rates(found.rates)
        return found

    def _step(self, slow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        network, plan = self.network, self.plan
        for one in plan.targets:
            rate = one.rate * (1 + slow - one.share * self.taken)
            network.set_rate(one.drive, np.repeat(rate, plan.sizes[one.to]))
        network.watch(network.step, NEVER, SAMPLE_STEPS)
        network.clear_spikes()
        steps = round(STEP / plan.spec.step)
        outcome = network.run(steps)
        if outcome.status:
            self._stop(outcome)
        sums = network.sums(plan.origin)[0, 0].reshape(self.own.size, plan.sizes[plan.origin])
        return self._rates(), sums.mean(axis=1) / (steps // SAMPLE_STEPS)

    def _rates(self) -> np.ndarray:
        found = np.empty((self.own.size, len(self.plan.sizes)))
        for k, (name, size) in enumerate(self.plan.sizes.items()):
            _, cells = self.network.spikes(name)
            found[:, k] = np.bincount(cells // size, minlength=len(self.plan.regions))[self.own] / size / STEP
        return found

    def _stop(self, outcome: Outcome) -> None:
        if outcome.code:
            signal.raise_signal(outcome.code)
        time = outcome.step * self.plan.spec.step
        what = f"'{outcome.population}'" + (f", {outcome.variable}" if outcome.variable else "")
        raise SimulationError(f"{what}: ran away or is not finite at {time:.3f} s of spiking; weaken coupling")

    def _validate_rates(self, rates: np.ndarray) -> None:
        highest = np.array([self.plan.column.highest_rates[one] for one in self.plan.sizes])
        for now in rates:
            self.recent = self.recent + (now - self.recent) / WINDOW
            if (self.recent > highest).any():
                region, k = np.argwhere(self.recent > highest)[0]
                raise SimulationError(
                    f"region '{self.plan.regions[region]}': population '{list(self.plan.sizes)[k]}' runs away "
                    f"({self.recent[region, k]:.0f} Hz, at most {highest[k]:.0f}) before "
                    f"{self.network.step * self.plan.spec.step:.2f} s of spiking; weaken coupling"
                )


def activities(brain: SpikingBrain, seconds: float, seed: int) -> Iterator[Activity]:
    """Run a brain with its slow fluctuations, chunk by chunk; memory does not grow with the duration."""
    noise = SlowNoise(brain.plan.regions, brain.plan.slow, [seed])
    total, done = round(seconds / STEP), 0
    while done < total:
        size = min(settings().joined_steps, total - done)
        yield brain.run(noise.next(size)[:, 0])
        done += size
