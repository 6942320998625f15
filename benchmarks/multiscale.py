"""How far the multiscale solver is off, and what it costs.

    python benchmarks/multiscale.py compressed [--factors 100,300,1000] [--cells 200] [--seeds 1] [--figure FILE.png]
    python benchmarks/multiscale.py cost       [--cells 1000] [--figure FILE.png]
    python benchmarks/multiscale.py compressed --load result.json --figure FILE.png     draws again, measures nothing

compressed: one dose and a week, with everything slow faster by a factor, against spikes without a gap; at five
    tolerances. 1,000 times faster, some slow equations are as fast as receptors: the clocks are hardly apart any more.
cost: 7 days with one dose, 14 days with four, 8 weeks with six, one trial each on one core.
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
    from benchmarks import compressed_time, horizons
    from benchmarks.conditions import announce, conditions

    found: dict[str, Any] = {"kind": options.kind, "conditions": conditions()}
    announce(found["conditions"])
    if options.kind == "compressed":
        factors = [float(one) for one in options.factors.split(",")]
        seeds = [int(one) for one in options.seeds.split(",")]
        found["compressed"] = compressed_time.measured(
            options.experiment, options.arm, options.cells or 200, factors, seeds, options.window
        )
    else:
        found["cost"] = horizons.measured(options.experiment, options.arm, options.cells or 1000)
    return found


def printed(found: dict[str, Any]) -> str:
    """The table of a result."""
    from benchmarks import compressed_time, horizons

    if found["kind"] == "compressed":
        return compressed_time.printed(found["compressed"])
    return horizons.printed(found["cost"])


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("compressed", "cost"))
    parser.add_argument("--experiment", default="ketamine_rapid_and_sustained", help="file or name of an experiment")
    parser.add_argument("--arm", default="ketamine", help="which of its arms; its first dose is repeated for cost")
    parser.add_argument("--factors", default="100,300,1000", help="by which slow times are divided")
    parser.add_argument("--cells", type=int, help="of the column; 200 for compressed, 1,000 for cost")
    parser.add_argument("--seeds", default="1", help="separated by commas")
    parser.add_argument("--window", type=float, default=0.2, help="s of spikes between two steps of brute force")
    parser.add_argument("--figure", type=Path, help="write a PNG there")
    parser.add_argument("--save", type=Path, help="write the result as JSON there")
    parser.add_argument("--load", type=Path, help="take a saved result instead of measuring")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def main() -> int:
    """Measure or load, print, save, draw."""
    options = parsed()
    found = json.loads(options.load.read_text()) if options.load else measured(options)
    print(json.dumps(found, indent=1) if options.json else printed(found))
    if options.save:
        options.save.write_text(json.dumps(found, indent=1) + "\n")
    if options.figure:
        from benchmarks.multiscale_figures import draw

        draw(found, options.figure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
