"""Laws of the cost model and of the table maker; no time is measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.cost_model import (
    Costs, Load, arriving, computing, directed, first_outgrown, first_paying, gathered, gathering, known_sources,
    reached, relayed, strong, weak,
)  # fmt: skip
from benchmarks.tables import table

COSTS = Costs(step_us=3.0, cell_ns=5.0, spike_ns=20.0, read_ns=8.0, event_ns=1.5, latency_us=2.0, byte_ns=0.1)
LOAD = Load(cells=10_000, synapses_per_cell=1000, rate=5.0, delay=1.5e-3, neighbours=30)
RANKS = (2, 16, 64, 1024, 4096)


def test_one_rank_has_nothing_to_exchange():
    """Alone, both exchanges are the computing itself."""
    for exchange in (gathered, directed, relayed):
        assert exchange(COSTS, LOAD, 1).total == pytest.approx(computing(COSTS, LOAD), rel=1e-12)


def test_computing_is_the_sum_of_its_costs():
    """10,000 steps: 0.03 s of steps, 0.5 s of cells, 50,000 spikes and 50 million events."""
    assert computing(COSTS, LOAD) == pytest.approx(0.03 + 0.5 + 50_000 * 28e-9 + 5e7 * 1.5e-9, rel=1e-12)


@pytest.mark.parametrize("exchange", [gathered, directed, relayed])
@pytest.mark.parametrize("term", ["step_us", "cell_ns", "spike_ns", "read_ns", "event_ns", "latency_us", "byte_ns"])
def test_no_cost_makes_it_faster(exchange, term):
    """Where any cost is higher, the prediction is."""
    dearer = replace(COSTS, **{term: 2 * getattr(COSTS, term)})
    assert exchange(dearer, LOAD, 64).total > exchange(COSTS, LOAD, 64).total


@pytest.mark.parametrize("exchange", [gathered, directed, relayed])
def test_more_ranks_never_help_a_network_that_grows_with_them(exchange):
    """Weak scaling can only lose."""
    totals = [exchange(COSTS, weak(LOAD, ranks), ranks).total for ranks in RANKS]
    assert totals == sorted(totals)


def test_directed_messages_stay_bounded_where_neighbours_do():
    """From 31 ranks on a rank hears from 30, whatever the size of the network; gathering has no such bound."""
    assert directed(COSTS, LOAD, 10**6) == directed(COSTS, LOAD, 31)
    assert gathered(COSTS, LOAD, 10**6).total > 100 * gathered(COSTS, LOAD, 31).total


def test_random_wiring_bounds_the_spikes_that_reach_a_rank():
    """A rank never reads more sources than it has synapses, however many ranks project to it."""
    random = replace(LOAD, neighbours=float("inf"))
    for ranks in RANKS:
        assert 0 < reached(random, ranks)[1] <= 1
        assert arriving(random, ranks) <= LOAD.cells * LOAD.rate * LOAD.synapses_per_cell
    sources, share = reached(random, 10**7)
    assert sources * share == pytest.approx(LOAD.synapses_per_cell, rel=1e-3)


def test_silent_networks_still_pay_for_latency():
    """With no spikes an exchange costs its stages alone: ten of them between 1,024 ranks."""
    assert gathering(COSTS, 1024, 0.0) == pytest.approx(10 * 2e-6, rel=1e-12)


def test_a_longer_delay_saves_exchanges_and_no_spike():
    """Half as many exchanges cost half the latency; bytes and readings stay."""
    longer = gathered(replace(COSTS, byte_ns=0.0), replace(LOAD, delay=3e-3), 64)
    shorter = gathered(replace(COSTS, byte_ns=0.0), LOAD, 64)
    assert longer.exchanging == pytest.approx(shorter.exchanging / 2, rel=1e-12)
    assert longer.reading == shorter.reading


def test_every_spike_is_sent_once():
    """Without latency a second costs the bytes of all other ranks' spikes, however often they are exchanged."""
    bytes_alone = replace(COSTS, latency_us=0.0)
    wanted = 63 * LOAD.cells * LOAD.rate * 4 * COSTS.byte_ns * 1e-9
    for delay in (1e-3, 3e-3):
        assert gathered(bytes_alone, replace(LOAD, delay=delay), 64).exchanging == pytest.approx(wanted, rel=1e-12)


def test_strong_scaling_tends_to_what_cannot_be_shared():
    """Computing goes to the cost of the steps alone; in a gathering every spike is still read by every rank."""
    share = strong(640_000)
    many = gathered(COSTS, share(LOAD, 2**19), 2**19)
    assert many.computing == pytest.approx(COSTS.step_us * 1e-6 / LOAD.step, rel=0.01)
    assert many.reading == pytest.approx(640_000 * LOAD.rate * COSTS.read_ns * 1e-9, rel=1e-5)


def test_splitting_regions_leaves_the_number_of_sources():
    """A region of 10,000 cells hears from 30 others and itself, on however many ranks they lie."""
    share = strong(640_000, regions=64)
    for ranks in (64, 256, 1024):
        here = share(LOAD, ranks)
        assert (here.neighbours + 1) * here.cells == pytest.approx(31 * 10_000, rel=1e-12)


def test_relaying_wins_where_many_ranks_project():
    """Between 4,096 ranks wired at random, 12 stages cost less latency than 4,095 messages."""
    random = replace(LOAD, neighbours=float("inf"))
    assert relayed(COSTS, random, 4096).exchanging < directed(COSTS, random, 4096).exchanging


def test_gathering_keeps_a_row_for_every_cell():
    """Directed spikes need rows for those alone that project here: the same where all do, ever fewer elsewhere."""
    for ranks in (1, 31):
        everybody, some = known_sources(LOAD, ranks)
        assert everybody == pytest.approx(ranks * LOAD.cells) and some == pytest.approx(everybody, rel=1e-9)
    assert known_sources(LOAD, 4096)[1] == known_sources(LOAD, 31)[1]


def test_crossing_is_where_the_totals_cross():
    """At the number of ranks it names directed messages win, at half of it they lose."""
    ranks = first_paying(COSTS, LOAD, weak, directed)
    assert ranks is not None
    assert directed(COSTS, LOAD, ranks).total < gathered(COSTS, LOAD, ranks).total
    assert directed(COSTS, LOAD, ranks // 2).total >= gathered(COSTS, LOAD, ranks // 2).total


def test_free_gathering_is_never_outgrown():
    """Where neither bytes nor readings nor latency cost, nothing is to be replaced."""
    free = replace(COSTS, read_ns=0.0, latency_us=0.0, byte_ns=0.0)
    assert first_outgrown(free, LOAD, weak) is None
    assert first_paying(free, LOAD, weak, directed) is None


def test_columns_line_up():
    """Every line is as wide as its heads say, numbers end in one column."""
    lines = table(("name", "figure"), [("short", 1.0), ("a longer one", 123456)]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[0].endswith("figure") and lines[2].endswith("1") and lines[3].endswith("123,456")


def test_a_row_of_another_length_is_refused():
    """A missing figure would stand under the wrong head."""
    with pytest.raises(ValueError, match="2 cells"):
        table(("name", "figure"), [("alone",)])
