"""Laws of sharing cells out: each once, in order, evenly, and the same whenever asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msim.backends.partition import PARTITIONS, Partition, by_cell, partitioned, sizes_of
from msim.base.errors import InputError

LOADS = st.lists(
    st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=1, max_size=60).map(np.array), min_size=1, max_size=4
).map(lambda parts: {f"p{k}": load for k, load in enumerate(parts)})
CALM = settings(max_examples=100, derandomize=True, deadline=None)


def regions_of(loads: dict[str, np.ndarray]) -> dict[str, int]:
    """Two populations to a region."""
    return {name: k // 2 for k, name in enumerate(loads)}


def made(kind: str, loads: dict[str, np.ndarray], ranks: int) -> Partition:
    """A partition on at most so many ranks as there can be."""
    parts = len(set(regions_of(loads).values())) if kind == "region" else sum(one.size for one in loads.values())
    return partitioned(kind, loads, regions_of(loads), min(ranks, parts))


@pytest.mark.parametrize("kind", PARTITIONS)
@given(loads=LOADS, ranks=st.integers(1, 9))
@CALM
def test_every_cell_lies_on_one_rank_and_cells_rise(kind: str, loads: dict[str, np.ndarray], ranks: int) -> None:
    found = made(kind, loads, ranks)
    for name, load in loads.items():
        parts = found.cells[name]
        assert len(parts) == found.ranks
        assert sorted(np.concatenate(parts).tolist()) == list(range(load.size))
        assert all(np.all(np.diff(one) > 0) for one in parts)
        owner = found.owner(name, load.size)
        for rank in range(found.ranks):
            assert np.array_equal(np.flatnonzero(owner == rank), found.local(name, rank))
    assert sum(sizes_of(found)) == sum(load.size for load in loads.values())


@pytest.mark.parametrize("kind", PARTITIONS)
@given(loads=LOADS, ranks=st.integers(1, 9))
@CALM
def test_a_partition_depends_on_nothing_else(kind: str, loads: dict[str, np.ndarray], ranks: int) -> None:
    """The same twice, and its arguments are left alone."""
    before = {name: load.copy() for name, load in loads.items()}
    one, other = made(kind, loads, ranks), made(kind, loads, ranks)
    for name in loads:
        assert all(np.array_equal(a, b) for a, b in zip(one.cells[name], other.cells[name], strict=True))
        assert np.array_equal(loads[name], before[name])


@given(loads=LOADS, ranks=st.integers(1, 9))
@CALM
def test_blocks_carry_an_even_share_within_one_cell(loads: dict[str, np.ndarray], ranks: int) -> None:
    """A border can miss its place by less than the load of the cell in which it would lie, at either end of a block."""
    found = made("cell", loads, ranks)
    for name, load in loads.items():
        share = load.sum() / found.ranks
        for cells in found.cells[name]:
            assert abs(load[cells].sum() - share) <= load.max() * (1 + 1e-9) + 1e-9 * load.sum()
            assert cells.size == 0 or np.array_equal(cells, np.arange(cells[0], cells[-1] + 1))


@given(sizes=st.lists(st.integers(1, 200), min_size=1, max_size=4), ranks=st.integers(1, 9))
@CALM
def test_equal_cells_are_shared_out_to_within_one(sizes: list[int], ranks: int) -> None:
    loads = {f"p{k}": np.full(size, 3.0) for k, size in enumerate(sizes)}
    for kind in ("cell", "round_robin"):
        found = made(kind, loads, ranks)
        for name in loads:
            counts = [cells.size for cells in found.cells[name]]
            assert max(counts) - min(counts) <= 1


@given(loads=LOADS, ranks=st.integers(1, 9))
@CALM
def test_regions_stay_whole_and_each_rank_has_one(loads: dict[str, np.ndarray], ranks: int) -> None:
    found, regions = made("region", loads, ranks), regions_of(loads)
    rank_of = {}
    for name, load in loads.items():
        ranks_of_name = set(found.owner(name, load.size).tolist())
        assert len(ranks_of_name) == 1
        assert rank_of.setdefault(regions[name], ranks_of_name) == ranks_of_name
    assert len({rank for one in rank_of.values() for rank in one}) == found.ranks
    carried = [sum(load[found.local(name, rank)].sum() + found.local(name, rank).size for name, load in loads.items())
               for rank in range(found.ranks)]
    heaviest = max(
        sum(loads[name].sum() + loads[name].size for name in loads if regions[name] == region) for region in rank_of
    )
    # Whoever carries most was the lightest before it took its last region.
    assert max(carried) - min(carried) <= heaviest * (1 + 1e-9)


@pytest.mark.parametrize("kind", PARTITIONS)
def test_more_ranks_than_parts_are_refused(kind: str) -> None:
    loads = {"one": np.ones(2), "other": np.ones(1)}
    with pytest.raises(InputError, match="at most as many ranks as (cells|regions) .*, got 4"):
        partitioned(kind, loads, {"one": 0, "other": 1}, 4)


def test_an_unknown_partition_is_refused() -> None:
    with pytest.raises(InputError, match="partition: .*'regoin'.*region"):
        partitioned("regoin", {"one": np.ones(2)}, {"one": 0}, 1)


def test_one_rank_has_everything() -> None:
    assert by_cell({"one": np.ones(5)}, 1).local("one", 0).tolist() == [0, 1, 2, 3, 4]
