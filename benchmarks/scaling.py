"""How msim grows with the network and with ranks, and what it would cost on many.

    python benchmarks/scaling.py growth [--figure growth.png] [--save growth.json] [--quick]
    python benchmarks/scaling.py ranks  [--figure ranks.png]
    python benchmarks/scaling.py cost   [--figure cost.png] [--latency-us 2] [--gigabytes-per-second 10]
    python benchmarks/scaling.py growth --load growth.json --figure growth.png     draws again, measures nothing

growth: time, time of building and memory at four sizes up to 40 million synapses, by cells and by synapses per cell.
ranks: strong and weak scaling over as many ranks as there are cores, 16 at most.
cost: the terms of a cost model, measured here and held against other runs; its predictions for 64 to 4,096 ranks.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """The result of a kind, with its conditions."""
    from benchmarks import forecast, growth, rank_scaling
    from benchmarks.conditions import announce, conditions
    from benchmarks.launch import mpiexec

    found: dict[str, Any] = {"conditions": conditions()}
    announce(found["conditions"])
    ranks = min(rank_scaling.MOST, found["conditions"]["cores"]) if mpiexec() else 1
    if options.kind == "growth":
        found["growth"] = growth.measured(options.quick)
    elif options.kind == "ranks":
        found["scaling"] = rank_scaling.measured(options.quick, ranks)
    else:
        found["cost"] = forecast.measured(ranks, options.latency_us, options.gigabytes_per_second)
    return found


def printed(found: dict[str, Any]) -> str:
    """The tables of a result."""
    from benchmarks import forecast, growth, rank_scaling

    if "growth" in found:
        return growth.printed(found["growth"])
    if "scaling" in found:
        skipped = "" if len(found["scaling"]["strong"]) > 1 else (
            "\n\nmore ranks are skipped: wants two cores, mpiexec and an MPI that mpi4py can load")
        return rank_scaling.printed(found["scaling"]) + skipped
    return "\n\n".join([forecast.printed_costs(found["cost"]), forecast.printed_predictions(found["cost"])])


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("growth", "ranks", "cost"))
    parser.add_argument("--figure", type=Path, help="write a PNG there")
    parser.add_argument("--save", type=Path, help="write the result as JSON there")
    parser.add_argument("--load", type=Path, help="take a saved result instead of measuring")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--quick", action="store_true", help="small networks, one run of each")
    parser.add_argument("--latency-us", type=float, default=2.0, help="of the predicted network, a stage or message")
    parser.add_argument("--gigabytes-per-second", type=float, default=10.0, help="of the predicted network")
    return parser.parse_args()


def main() -> int:
    """Measure or load, print, save, draw; 2 if a program failed."""
    from benchmarks.figures import draw
    from benchmarks.launch import BenchmarkError

    options = parsed()
    try:
        found = json.loads(options.load.read_text()) if options.load else measured(options)
    except BenchmarkError as failed:
        print(failed, file=sys.stderr)
        return 2
    print(json.dumps(found, indent=1) if options.json else printed(found))
    if options.save:
        options.save.write_text(json.dumps(found, indent=1) + "\n")
    if options.figure:
        draw(found, options.kind, options.figure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
