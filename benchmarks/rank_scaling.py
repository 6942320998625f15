"""Strong and weak scaling over the ranks that this machine has cores for."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks import launch
from benchmarks.tables import table

SYNAPSES_PER_CELL = 400
STRONG_CELLS, WEAK_CELLS = 20_000, 10_000
MOST = 16


def counts(cores: int) -> list[int]:
    """1, 2, 4 and so on, up to the cores or 16."""
    return [2**power for power in range(MOST.bit_length()) if 2**power <= min(cores, MOST)]


def one(cells: int, ranks: int, repeats: int, seconds: float) -> dict[str, Any]:
    """The fastest of some runs: ranks wait for each other, so that one disturbance anywhere slows all."""
    runs = [launch.msim("b", "--seconds", seconds, "--cells", cells, "--synapses-per-cell", SYNAPSES_PER_CELL,
                        ranks=ranks) for _ in range(repeats)]
    run = min(runs, key=lambda run: run["run_s"])
    wall = run["run_s"] / run["biological_s"]
    print(f"{cells} cells on {ranks} ranks: {wall:.2f}", file=sys.stderr)
    return {**run, "wall": wall}


def measured(quick: bool, cores: int) -> dict[str, list[dict[str, Any]]]:
    """Runs of one network on more and more ranks, and of networks that grow with the ranks."""
    shrink, repeats, seconds = (4, 1, 0.2) if quick else (1, 5, 1.0)
    ranks = counts(cores)
    return {
        "strong": [one(STRONG_CELLS // shrink, count, repeats, seconds) for count in ranks],
        "weak": [one(WEAK_CELLS // shrink * count, count, repeats, seconds) for count in ranks],
    }


def gains(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[float]]:
    """Speed-up over one rank in the strong case, time of one rank over time of several in the weak one."""
    return {name: [runs[0]["wall"] / run["wall"] for run in runs] for name, runs in found.items()}


def printed(found: dict[str, list[dict[str, Any]]]) -> str:
    """A table of each kind of scaling."""
    tables = []
    for name, gain in gains(found).items():
        head = {"strong": "speed-up", "weak": "efficiency"}[name]
        heads = (f"{name} scaling, ranks", "cells", "synapses", "wall s per biological s", head, "build s",
                 "peak MB of a rank")
        tables.append(table(heads, [
            (run["ranks"], run["cells"], run["synapses"], run["wall"], value, run["build_s"], run["peak_mb"])
            for run, value in zip(found[name], gain, strict=True)]))
    return "\n\n".join(tables)
