"""A brain of spiking columns at rest: each region alone, then all of them joined and in balance.

At rest fibers are to bring as many events as they replace. Rates alone do not ensure this, because joined regions
fire a little differently: spikes of cells that adapt scatter less than those of a Poisson process. The loop through
all regions would amplify the small difference, tenfold near the coupling at which a brain runs away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from msim.backends.mpi import SERIAL, RankGroup
from msim.brain.field import STEP
from msim.brain.spiking import SpikingBrain
from msim.brain.spiking_plan import BrainPlan

STARTING = 1.0  # s in which a network forgets its first potentials
MEASURING = 30.0  # s of averages: the rate of a region of 200 cells is then known to 1 %
BALANCING = 40  # times that the strength of fibres is set again, of which the second half is averaged
BETWEEN = 100  # steps between two of them, and that are summed at once
CAUTION = 0.1  # of what is missing that is made up at once; the loop through other regions does the rest


@dataclass(frozen=True)
class Rest:
    """A brain without slow fluctuations.

    alone, joined: rates without and with fibers, Hz, shape (regions, populations)
    current: synaptic, of the origin's cells when joined, A, shape (regions,)
    strength: of fibers, where 1 brings as many events as they replace if regions fire as alone
    """

    alone: np.ndarray
    joined: np.ndarray
    current: np.ndarray
    strength: float


def brain_at_rest(plan: BrainPlan, ranks: RankGroup = SERIAL, seconds: float = MEASURING) -> tuple[SpikingBrain, Rest]:
    """Simulate regions alone, join them, balance their fibers, and return the brain in that state with its rest.

    seconds: of either measurement of rest
    raises: SimulationError where regions run away or one is silent
    """
    brain = SpikingBrain(plan, ranks)
    _averages(brain, STARTING)
    alone, current = _averages(brain, seconds)
    if not plan.effect.any():
        return brain, Rest(alone, alone, current, 1.0)
    rates = alone[:, list(plan.sizes).index(plan.origin)]
    brain = SpikingBrain(plan, ranks, rates)
    strength = _balanced(brain, rates)
    brain.set_strength(strength)
    joined, current = _averages(brain, seconds)
    return brain, Rest(alone, joined, current, strength)


def _balanced(brain: SpikingBrain, rates: np.ndarray) -> float:
    """Find the strength at which fibers bring all regions together as many events as they replace."""
    plan = brain.plan
    origin, still = list(plan.sizes).index(plan.origin), np.zeros((BETWEEN, len(plan.regions)))
    logarithm, found = 0.0, []
    for _ in range(BALANCING):
        relative = brain.run(still).rates[..., origin].mean(axis=0) / rates
        brought = np.exp(logarithm) * float((plan.effect @ relative).sum() / plan.effect.sum())
        logarithm -= CAUTION * float(np.clip(brought - 1, -1, 1))
        brain.set_strength(float(np.exp(logarithm)))
        found.append(logarithm)
    return float(np.exp(np.mean(found[BALANCING // 2 :])))


def _averages(brain: SpikingBrain, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Run a brain without slow fluctuations; return mean rates and synaptic currents."""
    regions, total = len(brain.plan.regions), round(seconds / STEP)
    rates, current = np.zeros((regions, len(brain.plan.sizes))), np.zeros(regions)
    # Always as many, whatever the settings of a process are: the last digit of a sum depends on how it is cut.
    for done in range(0, total, BETWEEN):
        found = brain.run(np.zeros((min(BETWEEN, total - done), regions)))
        rates, current = rates + found.rates.sum(axis=0), current + found.current.sum(axis=0)
    return rates / total, current / total
