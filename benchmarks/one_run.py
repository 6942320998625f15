"""Builds and runs one network with msim and prints what it cost, one line of JSON.

    python -m benchmarks.one_run {a,b} [--seconds 2] [--precision double] [--cells N] [--synapses-per-cell K]
    mpiexec -n 2 python -m benchmarks.one_run b --mpi
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.networks import POPULATIONS, REFERENCE, STEP, Row, Size, network, rows
from msim.backends.cpp.network import CompiledNetwork


class OneRank:
    """What is asked of a communicator, by a program that runs alone."""

    rank, size = 0, 1

    def allgather(self, value: Any) -> list[Any]:
        """The values of all ranks."""
        return [value]


def memory_mb(name: str) -> float:
    """Memory of this process, MB: VmRSS now, VmHWM at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def counted(row: Callable[[int], Row], count: list[int]) -> Callable[[int], Row]:
    """The same row function, which adds to count[0] what it gives."""

    def counting(post: int) -> Row:
        found = row(post)
        count[0] += len(found[0])
        return found

    return counting


def connected(net: CompiledNetwork, name: str, size: Size) -> dict[str, int]:
    """Make all synapses of this rank; how many, by projection."""
    made = {}
    for projection, row in rows(name, size, seed=1).items():
        count = [0]
        net.connect(projection, counted(row, count))
        made[projection] = count[0]
    return made


def measured(options: argparse.Namespace, size: Size, world: Any) -> dict[str, Any]:
    """Build, take one step, run, and gather costs and rates of all ranks."""
    steps = round(options.seconds / STEP)
    begun, before = time.perf_counter(), memory_mb("VmRSS")
    net = CompiledNetwork(network(options.network, size), seed=1, precision=options.precision,
                          comm=world if options.mpi else None)
    made = connected(net, options.network, size)
    # What the first call makes ready belongs to building.
    net.run(1)
    world.allgather(0)
    started, worked = time.perf_counter(), time.process_time()
    net.run(steps - 1)
    ran, worked = time.perf_counter() - started, time.process_time() - worked
    held = memory_mb("VmRSS") - before
    spikes = {name: len(net.spikes(name)[0]) for name in POPULATIONS}
    mine = {
        "build_s": started - begun, "run_s": ran, "cpu_s": worked, "held_mb": held, "synapses": made,
        "synapse_bytes": sum(net.bytes_of_synapses.values()), "spikes": spikes,
        "peak_mb": memory_mb("VmHWM"),
    }  # fmt: skip
    return summary(world.allgather(mine), size, steps * STEP)


def summary(ranks: list[dict[str, Any]], size: Size, seconds: float) -> dict[str, Any]:
    """Totals over ranks; times are those of the slowest."""
    rate = {name: sum(one["spikes"][name] for one in ranks) / size.of(name) / seconds
            for name in POPULATIONS}
    synapses = {name: sum(one["synapses"][name] for one in ranks) for name in ranks[0]["synapses"]}
    total = sum(synapses.values())
    return {
        "cells": size.cells, "ranks": len(ranks), "synapses": total, "biological_s": seconds,
        "build_s": max(one["build_s"] for one in ranks), "run_s": max(one["run_s"] for one in ranks),
        "cpu_s": max(one["cpu_s"] for one in ranks),
        "rate_E": rate["E"], "rate_I": rate["I"],
        "events": sum(count * rate[name[0]] * seconds for name, count in synapses.items()),
        "spikes": sum(sum(one["spikes"].values()) for one in ranks),
        "bytes_per_synapse": sum(one["synapse_bytes"] for one in ranks) / total if total else None,
        "held_bytes_per_synapse": sum(one["held_mb"] for one in ranks) * 2**20 / total if total else None,
        "peak_mb": max(one["peak_mb"] for one in ranks), "peak_mb_all_ranks": sum(one["peak_mb"] for one in ranks),
    }  # fmt: skip


def main() -> None:
    """Measure one run and print it on rank 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=("a", "b"))
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--precision", choices=("double", "single"), default="double")
    parser.add_argument("--cells", type=int)
    parser.add_argument("--synapses-per-cell", type=int)
    parser.add_argument("--mpi", action="store_true", help="share the network between the ranks that mpiexec started")
    options = parser.parse_args()
    reference = REFERENCE[options.network]
    wanted = options.synapses_per_cell
    size = Size(options.cells or reference.cells, reference.synapses_per_cell if wanted is None else wanted)
    world: Any = OneRank()
    if options.mpi:
        from mpi4py import MPI

        world = MPI.COMM_WORLD
    found = measured(options, size, world)
    if world.rank == 0:
        print(json.dumps({"tool": "msim", "network": options.network, "precision": options.precision, **found}))


if __name__ == "__main__":
    main()
