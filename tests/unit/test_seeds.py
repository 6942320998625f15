"""Streams differ by root, purpose and cell, and the same three names always give the same numbers."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from msim.base.seeds import stream, stream_seed, streams

PROBE = "from msim.base.seeds import stream; print(stream(7, 'wiring', 12).integers(2**62, size=3).tolist())"


def first(root: int, purpose: str, gid: int) -> tuple[int, ...]:
    """The first numbers of a stream."""
    return tuple(stream(root, purpose, gid).integers(2**62, size=4).tolist())


@settings(max_examples=60, deadline=None, derandomize=True)
@given(root=st.integers(0, 2**31 - 1), purpose=st.text(max_size=12), gid=st.integers(0, 10**7))
def test_the_same_names_give_the_same_numbers(root: int, purpose: str, gid: int) -> None:
    """However many other streams were drawn from in between."""
    own = first(root, purpose, gid)
    first(root + 1, purpose, gid)
    assert first(root, purpose, gid) == own


def test_another_process_draws_the_same_numbers() -> None:
    """Nothing of this process, such as its hash seed, is in a stream."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(stream(7, "wiring", 12).integers(2**62, size=3).tolist())


def test_streams_in_turn_are_those_of_each_cell() -> None:
    """Whatever was drawn before the next one, also half a number of 64 bits."""
    cells = [5, 0, 5, 2**40, 6]
    for gid, random in zip(cells, streams(7, "wiring", cells), strict=True):
        own = stream(7, "wiring", gid)
        for one in (random, own):
            one.integers(2**8, size=3, dtype=np.uint32)
        assert random.standard_normal(7).tolist() == own.standard_normal(7).tolist()


def test_every_name_makes_its_own_stream() -> None:
    """All combinations of neighboring roots, purposes and cells differ, also where root and cell trade places."""
    names = list(itertools.product(range(4), ("wiring a_to_b", "wiring b_to_a", "background", ""), range(4)))
    assert len({first(*one) for one in names}) == len(names)


def test_neighboring_cells_are_not_correlated() -> None:
    """Of 2,000 pairs of first numbers the correlation has an error of 1 / sqrt(2000); 5 errors fail once in 2e6."""
    numbers = np.array([stream(1, "drive", gid).random(2) for gid in range(2001)])
    for left, right in ((numbers[:-1, 0], numbers[1:, 0]), (numbers[:, 0], numbers[:, 1])):
        assert abs(stats.pearsonr(left, right).statistic) < 5 / np.sqrt(2000)
    assert stats.kstest(numbers[:, 0], "uniform").pvalue > 1e-6


def test_a_number_for_brian2_is_a_32_bit_seed_of_its_purpose() -> None:
    """In range, the same each time, another for another root or purpose."""
    seeds = {stream_seed(root, purpose) for root in range(50) for purpose in ("background", "first potential")}
    assert len(seeds) == 100
    assert all(0 <= one < 2**32 for one in seeds)
    assert stream_seed(3, "background") == stream_seed(3, "background")
