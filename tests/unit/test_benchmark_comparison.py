"""Laws of the comparison of engines: what makes it void, how ratios are taken, what wiring all are given."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.comparison import disagreements, paired_ratio
from benchmarks.conditions import load_warning
from benchmarks.cost_terms import of_exchanges
from benchmarks.networks import Size, picked, projection_names, rows
from benchmarks.wiring import wiring, write_wiring

SIZE = Size(cells=200, synapses_per_cell=40)


def test_rates_that_differ_make_a_comparison_void():
    """A twentieth of the stock simulator's rate is the limit, upwards and downwards, for either kind of cell."""
    stock = {"rate_E": 10.0, "rate_I": 20.0}
    for rate, factor, void in (("rate_E", 1.049, False), ("rate_E", 0.949, True), ("rate_I", 1.051, True)):
        found = {"Brian2": stock, "msim double": {**stock, rate: stock[rate] * factor}}
        assert bool(disagreements("a", found)) is void


def test_no_rate_at_all_is_void():
    """A rate that is not a number agrees with nothing."""
    found = {"Brian2": {"rate_E": 5.0, "rate_I": 5.0}, "msim double": {"rate_E": float("nan"), "rate_I": 5.0}}
    assert disagreements("b", found)


def test_a_slow_round_leaves_the_ratio():
    """Whatever slows both programs of a round alike cancels."""
    runs = {"one": [{"wall": 2.0 * slow} for slow in (1, 7, 1)], "other": [{"wall": 1.0 * slow} for slow in (1, 7, 1)]}
    assert paired_ratio(runs, "one", "other") == 2.0


def test_a_busy_machine_is_named():
    """Above half of its cores in use there is a warning, below none."""
    assert load_warning(1.01, 2) and not load_warning(0.99, 2)


def test_exchanges_give_back_the_costs_they_were_made_of():
    """Times of 2 us a stage and 0.1 ns a byte are fitted by just these."""
    timed = [{"ranks": ranks, "bytes": size, "us": stages * 2.0 + (ranks - 1) * size * 1e-4}
             for ranks, stages in ((2, 1), (4, 2), (16, 4)) for size in (16, 4096, 2**20)]
    assert of_exchanges(timed) == pytest.approx((2.0, 0.1), rel=1e-9)


@pytest.mark.parametrize("probability", [0.01, 0.3, 0.999])
def test_a_pick_is_a_coin_for_each(probability):
    """In order, none twice, none outside; as many as the coin says to five standard errors, and evenly spread."""
    random, count, draws = np.random.default_rng(3), 1000, 200
    found = [picked(random, probability, count) for _ in range(draws)]
    assert all((np.diff(one) > 0).all() and (0 <= one).all() and (one < count).all() for one in found)
    mean = np.mean([len(one) for one in found])
    assert abs(mean - probability * count) < 5 * np.sqrt(count * probability * (1 - probability) / draws)
    halves = np.bincount(np.concatenate(found) // (count // 2), minlength=2)
    assert abs(halves[0] - halves[1]) < 5 * np.sqrt(2 * draws * count / 2 * probability * (1 - probability)) + 1


@pytest.mark.parametrize("name", ["a", "b"])
def test_the_file_holds_the_synapses_that_msim_makes(name, tmp_path):
    """Each row of every projection is found again, with its delays, by reading the file as the other programs do."""
    write_wiring(name, SIZE, 1, tmp_path / "wiring")
    data = (tmp_path / "wiring").read_bytes()
    cells, count = (int(number) for number in np.frombuffer(data, np.uint64, 2))
    row = np.frombuffer(data, np.uint64, cells + 1, 16).astype(int)
    target = np.frombuffer(data, np.uint32, count, 16 + 8 * (cells + 1))
    delay = np.frombuffer(data, np.uint8, count, 16 + 8 * (cells + 1) + 4 * count)
    held = set(zip(np.repeat(np.arange(cells), np.diff(row)), target, delay, strict=True))
    first, made = {"E": 0, "I": SIZE.of("E")}, set()
    for projection, origin, to in projection_names(SIZE):
        for post in range(SIZE.of(to)):
            pre, delays, _ = rows(name, SIZE, 1)[projection](post)
            steps = np.rint(delays * 1e4).astype(int)
            made |= set(zip(pre + first[origin], [post + first[to]] * len(pre), steps, strict=True))
    assert held == made and len(data) == 16 + 8 * (cells + 1) + 5 * count


def test_another_seed_wires_otherwise():
    """Rows are drawn by seed: the same twice, others for another."""
    one, same, other = (wiring("b", SIZE, seed)[1] for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
