"""What a scan of a brain costs, as mean fields and as spiking cells.

    python benchmarks/brain.py [--quick] [--repeats 3] [--json] [--save FILE] [--load FILE]

12 minutes of 19 mean fields; some seconds of 19 spiking regions of 250 cells on 1 and 2 ranks, from which 12 minutes
of BOLD are worked out; and how time and memory grow with cells, regions and duration. Every run is a process of its
own; of repeated runs the fastest counts, since others on the machine only slow a run.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

SCAN = 720.0  # s of BOLD
SERIES: dict[str, tuple[dict[str, float], ...]] = {
    "cells": tuple({"cells": one} for one in (125, 250, 500, 1000)),
    "regions": tuple({"regions": one} for one in (5, 10, 19)),
    "seconds": tuple({"seconds": one} for one in (5, 20, 80)),
}


def one(fidelity: str, repeats: int, ranks: int = 1, **options: float) -> dict[str, Any]:
    """The fastest of some runs."""
    from benchmarks.launch import last_json, launch, mpiexec

    program = [sys.executable, "-m", "benchmarks.brain_run", fidelity]
    for name, value in options.items():
        program += [f"--{name}", f"{value:g}"]
    if ranks > 1:
        program = [mpiexec() or "mpiexec", "-n", str(ranks), *program, "--mpi"]
    runs = [last_json(launch(program)["text"]) for _ in range(repeats)]
    found = min(runs, key=lambda run: run["run_s"])
    print(f"{fidelity} {options} on {ranks}: {found['per_second']:.3g} s per s", file=sys.stderr)
    return found


def whole(per_second: float, build: float) -> float:
    """Seconds that a spiking scan takes, with its measurement of rest and what is thrown away."""
    from msim.base.settings import settings
    from msim.brain.spiking_rest import BALANCING, BETWEEN, MEASURING, STARTING
    from msim.measures.scan_times import STEP

    before = STARTING + 2 * MEASURING + BALANCING * BETWEEN * STEP + settings().settling
    return 2 * build + per_second * (before + SCAN)


def measured(quick: bool, repeats: int) -> dict[str, Any]:
    """All runs, with their conditions."""
    from benchmarks.conditions import announce, conditions
    from benchmarks.launch import mpiexec

    found: dict[str, Any] = {"conditions": conditions()}
    announce(found["conditions"])
    one("spiking", 1, cells=50, seconds=1)  # the library is compiled
    found["mean_field"] = one("mean-field", repeats, seconds=SCAN)
    seconds = 2 if quick else 20
    ranks = (1, 2) if mpiexec() else (1,)
    found["spiking"] = [one("spiking", repeats, count, seconds=seconds) for count in ranks]
    for run in found["spiking"]:
        run["scan_s"] = whole(run["per_second"], run["build_s"])
    found["growth"] = {
        name: [one("spiking", 1, **{"seconds": 1 if quick else 5, **size}) for size in sizes]
        for name, sizes in SERIES.items()
    }
    return found


def printed(found: dict[str, Any]) -> str:
    """Tables of the scans and of each series."""
    from benchmarks.tables import table

    field = found["mean_field"]
    rows: list[tuple[object, ...]] = [("mean field", 1, field["seconds"], field["run_s"], field["per_second"],
                                       field["run_s"], field["peak_mb"])]
    rows += [("spiking", run["ranks"], run["seconds"], run["run_s"], run["per_second"], run["scan_s"], run["peak_mb"])
             for run in found["spiking"]]
    tables = [table(("19 regions", "ranks", "simulated s", "wall s", "s per simulated s", "12 minutes of BOLD, s",
                     "peak MB of a rank"), rows)]
    for name, runs in found["growth"].items():
        heads = (f"more {name}", "regions", "cells", "contacts", "simulated s", "wall s per s", "processor s per s",
                 "build s", "peak MB")
        tables.append(table(heads, [
            ("", run["regions"], run["cells"], run["contacts"], run["seconds"], run["per_second"],
             run["cpu_s"] / run["seconds"], run["build_s"], run["peak_mb"]) for run in runs]))
    return "\n\n".join(tables)


def main() -> int:
    """Measure or load, print, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short runs, to see that all of it works")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each scan, of which the fastest counts")
    parser.add_argument("--save", type=Path, help="write the result as JSON there")
    parser.add_argument("--load", type=Path, help="take a saved result instead of measuring")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args()
    found = json.loads(options.load.read_text()) if options.load else measured(options.quick, options.repeats)
    print(json.dumps(found, indent=1) if options.json else printed(found))
    if options.save:
        options.save.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
