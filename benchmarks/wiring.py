"""Writes all synapses of a reference network to a file, for programs that are to have the same.

    python -m benchmarks.wiring {a,b} FILE
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.networks import REFERENCE, STEP, Size, projection_names, rows


def wiring(name: str, size: Size, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All synapses: sources and targets counted through E and I, delays in steps; in order of source, then target."""
    first = {"E": 0, "I": size.of("E")}
    sources, targets, delays = [], [], []
    drawn = rows(name, size, seed)
    for projection, origin, to in projection_names(size):
        for post in range(size.of(to)):
            pre, delay, _ = drawn[projection](post)
            sources.append((pre + first[origin]).astype(np.uint32))
            targets.append(np.full(len(pre), post + first[to], np.uint32))
            delays.append(np.rint(delay / STEP).astype(np.uint8))
    source, target, delay = (np.concatenate(some) for some in (sources, targets, delays))
    order = np.argsort(source.astype(np.uint64) << np.uint64(32) | target, kind="stable")
    return source[order], target[order], delay[order]


def write_wiring(name: str, size: Size, seed: int, where: Path) -> None:
    """Write the wiring as the reference programs read it: cells, synapses, places of rows, targets, delays."""
    source, target, delay = wiring(name, size, seed)
    row = np.searchsorted(source, np.arange(size.cells + 1)).astype(np.uint64)
    with where.open("wb") as file:
        for part in (np.array([size.cells, len(source)], np.uint64), row, target, delay):
            part.tofile(file)


def main() -> None:
    """Write the synapses that msim's first seed draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=("a", "b"))
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    write_wiring(options.network, REFERENCE[options.network], 1, options.file)


if __name__ == "__main__":
    main()
