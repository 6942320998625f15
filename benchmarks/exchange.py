"""Times one Allgather between ranks over message sizes; one line of JSON.

    mpiexec -n 2 python -m benchmarks.exchange
"""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

import numpy as np

SIZES = (16, 256, 4096, 65_536, 1_048_576)


def microseconds(world: Any, size: int) -> float:
    """Median time of one Allgather of so many bytes from each rank, us, on the slowest rank."""
    mine, everybodys = np.zeros(size, np.uint8), np.zeros(size * world.size, np.uint8)
    repeats = max(20, min(2000, 10_000_000 // (size * world.size)))
    spent = []
    for _ in range(5):
        world.Barrier()
        begun = time.perf_counter()
        for _ in range(repeats):
            world.Allgather(mine, everybodys)
        spent.append((time.perf_counter() - begun) / repeats * 1e6)
    return float(max(world.allgather(statistics.median(spent))))


def main() -> None:
    """Measure and print on rank 0."""
    from mpi4py import MPI

    world = MPI.COMM_WORLD
    found = [{"ranks": world.size, "bytes": size, "us": microseconds(world, size)} for size in SIZES]
    if world.rank == 0:
        print(json.dumps({"exchanges": found}))


if __name__ == "__main__":
    main()
