"""How time and memory grow with cells and with synapses, on one rank."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks import launch
from benchmarks.tables import table

# Cells, and synapses of a cell: 5, 10, 20 and 40 million synapses in either series.
SERIES = {
    "more cells": ((12_500, 400), (25_000, 400), (50_000, 400), (100_000, 400)),
    "more synapses per cell": ((10_000, 500), (10_000, 1000), (10_000, 2000), (10_000, 4000)),
}
QUICK = {name: tuple((cells // 10, synapses) for cells, synapses in sizes) for name, sizes in SERIES.items()}
# The quick sizes of the second series would want more sources than there are.
QUICK["more synapses per cell"] = ((2000, 250), (2000, 500), (2000, 1000))


def measured(quick: bool, seconds: float = 0.5) -> dict[str, list[dict[str, Any]]]:
    """One run of each size, in a process of its own."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, sizes in (QUICK if quick else SERIES).items():
        found[name] = []
        for cells, synapses in sizes:
            run = launch.msim("b", "--seconds", seconds, "--cells", cells, "--synapses-per-cell", synapses)
            # One rank fills one core: on a quiet machine both times are the same.
            found[name].append({**run, "wall": run["run_s"] / run["biological_s"],
                                "processor": run["cpu_s"] / run["biological_s"]})
            print(f"{name}: {cells} x {synapses}: {found[name][-1]['processor']:.2f}", file=sys.stderr)
    return found


def printed(found: dict[str, list[dict[str, Any]]]) -> str:
    """A table of each series."""
    tables = []
    for name, runs in found.items():
        heads = (name, "synapses", "processor s per biological s", "wall s", "ns per event, all counted", "build s",
                 "build us per synapse", "bytes per synapse", "peak MB", "E Hz", "I Hz")
        tables.append(table(heads, [
            (f"{run['cells']:,}", run["synapses"], run["processor"], run["wall"], run["cpu_s"] / run["events"] * 1e9,
             run["build_s"], run["build_s"] / run["synapses"] * 1e6, run["bytes_per_synapse"], run["peak_mb"],
             run["rate_E"], run["rate_I"]) for run in runs]))
    return "\n\n".join(tables)
