"""How fast msim's engine is: against a hand-written lower bound, stock Brian2 and NEST, on two reference networks.

    python benchmarks/engine.py [--json] [--quick] [--networks a b]

Everybody runs in turn, round after round, in processes of their own; figures are medians over rounds, ratios medians of
ratios within a round. Wall times are of the loop over steps, per biological second. The comparison is void, with exit
status 1, where firing rates differ by more than 5 %; status 2 is a program that failed or is missing. "bound" also
times update and delivery apart, "bare bound" does not. With more than one rank only where mpiexec is found.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# Long enough for the rates of (a) to settle to within the tolerance.
SECONDS = {"a": 4.0, "b": 4.0}
QUICK_SECONDS = {"a": 2.0, "b": 1.0}


def compared(network: str, options: argparse.Namespace, folder: Path, ranks: int) -> dict[str, Any]:
    """All figures of one network."""
    from benchmarks.comparison import disagreements, medians, printed, ratios, rounds
    from benchmarks.contenders import prepared

    seconds = (QUICK_SECONDS if options.quick else SECONDS)[network]
    runs = rounds(prepared(network, seconds, folder, ranks), options.rounds)
    found = medians(runs)
    if not options.json:
        print(printed(network, found), end="\n\n", flush=True)
    return {**ratios(runs, ranks), "void": disagreements(network, found), "medians": found,
            "bytes_per_synapse": found["msim double"]["bytes_per_synapse"]}


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """The whole report."""
    from benchmarks.conditions import announce, conditions, cores
    from benchmarks.launch import mpiexec

    found: dict[str, Any] = {"conditions": conditions()}
    announce(found["conditions"])
    ranks = 2 if mpiexec() and cores() > 1 else 1
    if ranks == 1:
        print("ranks are skipped: wants two cores, mpiexec and an MPI that mpi4py can load", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="msim-benchmark-") as folder:
        for network in options.networks:
            found[network] = compared(network, options, Path(folder), ranks if network == "b" else 1)
    found["ranks2_speedup"] = found.get("b", {}).get("ranks2_speedup")
    found["bytes_per_synapse"] = found[options.networks[0]]["bytes_per_synapse"]
    return found


def concluded(found: dict[str, Any], networks: list[str]) -> str:
    """The ratios in words."""
    lines = []
    for network in networks:
        for name, value in found[network].items():
            if isinstance(value, float):
                lines.append(f"({network}) {name.replace('_', ' ')}: {value:.2f}")
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and tell whether the comparison holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--quick", action="store_true", help="one round of one or two biological seconds")
    parser.add_argument("--rounds", type=int, help="5, or 1 with --quick")
    parser.add_argument("--networks", nargs="+", choices=("a", "b"), default=["a", "b"])
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    from benchmarks.launch import BenchmarkError

    try:
        found = measured(options)
    except BenchmarkError as failed:
        print(failed, file=sys.stderr)
        return 2
    print(json.dumps(found, indent=1) if options.json else concluded(found, options.networks))
    void = [line for network in options.networks for line in found[network]["void"]]
    for line in void:
        print(f"void: {line}", file=sys.stderr)
    return 1 if void else 0


if __name__ == "__main__":
    sys.exit(main())
