"""Partition of cells between ranks, as pure functions of sizes and loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from msim.base.errors import InputError, nearest

PARTITIONS = ("cell", "region", "round_robin")


@dataclass(frozen=True)
class Partition:
    """Cells of every population by rank: `cells[population][rank]` are rising numbers within the population."""

    ranks: int
    cells: Mapping[str, tuple[np.ndarray, ...]]

    def local(self, population: str, rank: int) -> np.ndarray:
        """Return the cells of a population on a rank."""
        return self.cells[population][rank]

    def owner(self, population: str, size: int) -> np.ndarray:
        """Return the rank of every cell of a population."""
        found = np.full(size, -1, dtype=np.int32)
        for rank, cells in enumerate(self.cells[population]):
            found[cells] = rank
        return found


def by_cell(loads: Mapping[str, np.ndarray], ranks: int) -> Partition:
    """Assign consecutive cells of every population to each rank, with loads (such as synapses) as even as possible.

    raises: InputError where there are more ranks than cells
    """
    _validate_count(ranks, sum(one.size for one in loads.values()), "cells")
    return Partition(ranks, {name: _blocks(load, ranks) for name, load in loads.items()})


def _blocks(load: np.ndarray, ranks: int) -> tuple[np.ndarray, ...]:
    whole = np.concatenate([[0.0], np.cumsum(load, dtype=float)])
    if whole[-1] == 0:
        whole = np.arange(load.size + 1, dtype=float)
    ends = np.searchsorted(whole, whole[-1] * np.arange(1, ranks) / ranks, side="left")
    return tuple(np.split(np.arange(load.size), ends))


def round_robin(sizes: Mapping[str, int], ranks: int) -> Partition:
    """Assign every ranks-th cell to each rank."""
    _validate_count(ranks, sum(sizes.values()), "cells")
    cells = {name: tuple(np.arange(rank, size, ranks) for rank in range(ranks)) for name, size in sizes.items()}
    return Partition(ranks, cells)


def by_region(loads: Mapping[str, np.ndarray], regions: Mapping[str, int], ranks: int) -> Partition:
    """Assign whole regions to ranks, the heaviest first, each to the rank with the least load so far.

    regions: population to its region
    raises: InputError where there are more ranks than regions
    """
    totals: dict[int, float] = {}
    for name, load in loads.items():
        totals[regions[name]] = totals.get(regions[name], 0.0) + float(load.sum()) + load.size
    _validate_count(ranks, len(totals), "regions")
    carried = [0.0] * ranks
    rank_of = {}
    for region in sorted(totals, key=lambda one: (-totals[one], one)):
        rank = carried.index(min(carried))
        rank_of[region] = rank
        carried[rank] += totals[region]
    none = np.arange(0)
    return Partition(
        ranks,
        {
            name: tuple(np.arange(load.size) if rank_of[regions[name]] == rank else none for rank in range(ranks))
            for name, load in loads.items()
        },
    )


def partitioned(
    kind: str, loads: Mapping[str, np.ndarray], regions: Mapping[str, int], ranks: int
) -> Partition:
    """Build the partition of a kind: 'cell', 'region' or 'round_robin'.

    raises: InputError for another kind, or where there are more ranks than can have a part
    """
    if kind not in PARTITIONS:
        raise InputError(f"partition: unknown partition '{kind}'{nearest(kind, PARTITIONS)}")
    if kind == "region":
        return by_region(loads, regions, ranks)
    if kind == "round_robin":
        return round_robin({name: load.size for name, load in loads.items()}, ranks)
    return by_cell(loads, ranks)


def _validate_count(ranks: int, parts: int, what: str) -> None:
    if ranks > parts:
        raise InputError(f"ranks: wants at most as many ranks as {what} ({parts}), got {ranks}")


def sizes_of(partition: Partition) -> Sequence[int]:
    """Return the number of cells on every rank."""
    return [sum(cells[rank].size for cells in partition.cells.values()) for rank in range(partition.ranks)]
