"""From a change on the page of msim explore to new data: median and 95th percentile, in one process.

    python -m benchmarks.explore [--model circuits/cortical_column] [--changes 40]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from msim.explore.figures import Figures
from msim.explore.state import Explorer, State, choices_of, explorer_of


def changes(explorer: Explorer, count: int, span: str) -> np.ndarray:
    """Seconds of each change of the dose: the trial on the emulator, and its data put into the figures."""
    known = choices_of(explorer.model)
    figures, start = Figures(known), State(known.drugs[0], span=span)
    took = []
    for number in range(count):
        state = replace(start, mg_per_kg=round(0.1 + 0.9 * number / count, 3))
        began = time.perf_counter()
        figures.show(explorer.ask(state), state)
        took.append(time.perf_counter() - began)
    return np.array(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="circuits/cortical_column")
    parser.add_argument("--changes", type=int, default=40)
    asked = parser.parse_args()
    explorer = explorer_of(asked.model)
    for span in ("4 hour", "24 hour", "7 day"):
        took = 1e3 * changes(explorer, asked.changes, span)
        print(f"{span:>8}: median {np.median(took):.0f} ms, 95 % below {np.percentile(took, 95):.0f} ms")


if __name__ == "__main__":
    main()
