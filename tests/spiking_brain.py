"""A small brain of spiking columns for tests, and what mpiexec starts: its fingerprint on all ranks, as JSON."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from msim.backends.mpi import RankGroup
from msim.brain.connectome import Connectome, Region
from msim.brain.spiking import Activity, SpikingBrain, activities
from msim.brain.spiking_plan import BrainPlan, brain_plan
from msim.definitions.brains.brain import read_brain

CELLS = 100
ALONE = 3.0  # Hz; about what the pyramidal cells of columns of that size fire at
WEIGHTS = np.array([[0.0, 2.0, 1.0], [2.0, 0.0, 3.0], [1.0, 3.0, 0.0]])


def connectome(weights: np.ndarray = WEIGHTS) -> Connectome:
    """Regions as far apart as their numbers are, 30 mm at least."""
    count = len(weights)
    regions = tuple(Region(f"r{k}", "none", "none", (f"p{k}",), 1.0, (0.0, 0.0, 0.0)) for k in range(count))
    apart = 30.0 * np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    return Connectome(regions, weights, apart, np.linspace(1.0, 2.0, count))


def plan(
    coupling: float, weights: np.ndarray = WEIGHTS, cells: int = CELLS, seed: int = 5,
    regional: Sequence[Mapping[str, float]] = (),
) -> BrainPlan:  # fmt: skip
    """The plan of a small brain."""
    return brain_plan(read_brain("brains/brain19"), connectome(weights), cells, seed, coupling, regional)


def joined(coupling: float, comm: Any = None) -> SpikingBrain:
    """A small brain whose fibres take all regions for alike."""
    made = plan(coupling)
    ranks = RankGroup.of(comm) if comm is not None else RankGroup()
    return SpikingBrain(made, ranks, np.full(len(made.regions), ALONE))


def followed(brain: SpikingBrain, seconds: float, seed: int = 3) -> Activity:
    """What a brain does, in one piece."""
    parts = list(activities(brain, seconds, seed))
    return Activity(np.concatenate([one.rates for one in parts]), np.concatenate([one.current for one in parts]))


def fingerprint(found: Activity) -> str:
    """SHA-256 of all that regions did."""
    return hashlib.sha256(found.rates.tobytes() + found.current.tobytes()).hexdigest()


def main() -> None:
    """Print the fingerprint of a joined brain."""
    from mpi4py import MPI

    found = fingerprint(followed(joined(0.2, MPI.COMM_WORLD), 0.5))
    if MPI.COMM_WORLD.Get_rank() == 0:
        sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
