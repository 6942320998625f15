"""What a whole study of virtual people costs, with its statistics.

    python benchmarks/study.py [--study siegel2021_resting_fc] [--repeats 1] [--json]

The first run fits the emulators of columns and brain where the cache has none, and is told apart; of the others the
fastest counts. Every run is a process of its own, from the command line to the table.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def once(study: str) -> dict[str, Any]:
    """One run: wall s, peak MB, rows of the table."""
    from benchmarks.launch import launch

    began = time.monotonic()
    found = launch([sys.executable, "-m", "msim", "study", study, "--json"])
    rows = json.loads(found["text"])["rows"]
    return {"wall_s": time.monotonic() - began, "peak_mb": found["peak_mb"], "rows": len(rows)}


def measured(study: str, repeats: int) -> dict[str, Any]:
    """A first run, which may fit emulators, and further ones."""
    from benchmarks.conditions import announce, conditions

    found: dict[str, Any] = {"study": study, "conditions": conditions()}
    announce(found["conditions"])
    found["first"] = once(study)
    found["again"] = min((once(study) for _ in range(repeats)), key=lambda run: run["wall_s"])
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", default="siegel2021_resting_fc", help="a shipped study or a file")
    parser.add_argument("--repeats", type=int, default=1, help="runs after the first one")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    found = measured(options.study, options.repeats)
    if options.json:
        print(json.dumps(found, indent=1))
        return 0
    from benchmarks.tables import table

    rows = [(name, found[key]["wall_s"], found[key]["peak_mb"], found[key]["rows"])
            for name, key in (("first, with what it had to fit", "first"), ("again", "again"))]
    print(table((options.study, "wall s", "peak MB", "rows of the table"), rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
