"""What a second of a network costs on many ranks, from costs measured on one machine.

The wall time of a biological second is a sum: cells stepped, spikes found, spikes read, synaptic events, exchanges. It
leaves out that ranks wait for the slowest, so it is a lower bound of what a cluster does.

Three ways to exchange spikes:
- gathered: one Allgather, every rank reads all spikes of the network;
- directed: a message from every rank that projects here, with the spikes of those cells alone that have a target here;
- relayed: the same spikes, passed on in as many stages as doublings of the ranks, so that messages are few.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

BYTES_PER_SPIKE = 4


@dataclass(frozen=True)
class Costs:
    """Costs on one rank, and of the way between ranks.

    step_us: us per step, whatever the size
    cell_ns: ns per cell and step
    spike_ns: ns to find and record a spike
    read_ns: ns to look up a spike's synapses, whether it has any here or not
    event_ns: ns per synaptic event
    latency_us: us per message, and per stage of a gathering
    byte_ns: ns per byte received
    """

    step_us: float
    cell_ns: float
    spike_ns: float
    read_ns: float
    event_ns: float
    latency_us: float
    byte_ns: float


@dataclass(frozen=True)
class Load:
    """What each of the ranks has to do.

    cells: on a rank
    synapses_per_cell: towards a cell, and from it
    rate: Hz
    delay: shortest delay between ranks and so the time between exchanges, s
    neighbours: how many other ranks project to a rank, where there are as many
    step: s
    """

    cells: float
    synapses_per_cell: float
    rate: float
    delay: float
    neighbours: float = math.inf
    step: float = 1e-4


@dataclass(frozen=True)
class Prediction:
    """Wall seconds per biological second, by what they are spent on."""

    computing: float
    reading: float
    exchanging: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.computing + self.reading + self.exchanging


def computing(costs: Costs, load: Load) -> float:
    """Time for what a rank would do alone, own spikes read once."""
    spikes = load.cells * load.rate
    nanoseconds = (load.cells / load.step * costs.cell_ns + spikes * (costs.spike_ns + costs.read_ns)
                   + spikes * load.synapses_per_cell * costs.event_ns)
    return nanoseconds * 1e-9 + costs.step_us * 1e-6 / load.step


def gathering(costs: Costs, ranks: int, size: float) -> float:
    """Time of one Allgather in s: as many stages as doublings, and everybody's bytes.

    size: bytes from each rank
    """
    return math.ceil(math.log2(ranks)) * costs.latency_us * 1e-6 + (ranks - 1) * size * costs.byte_ns * 1e-9


def gathered(costs: Costs, load: Load, ranks: int) -> Prediction:
    """With one Allgather of all spikes."""
    spikes = load.cells * load.rate
    others = (ranks - 1) * spikes
    exchange = gathering(costs, ranks, spikes * load.delay * BYTES_PER_SPIKE)
    return Prediction(computing(costs, load), others * costs.read_ns * 1e-9, exchange / load.delay)


def reached(load: Load, ranks: int) -> tuple[float, float]:
    """How many other ranks project to a rank, and the share of their spikes that has a target here."""
    sources = min(ranks - 1, load.neighbours)
    return sources, 1 - (1 - 1 / (sources + 1)) ** load.synapses_per_cell


def arriving(load: Load, ranks: int) -> float:
    """Spikes of other ranks per second that have a target on a rank."""
    sources, share = reached(load, ranks)
    return sources * share * load.cells * load.rate


def directed(costs: Costs, load: Load, ranks: int) -> Prediction:
    """With a message from every rank that projects here."""
    sources, _ = reached(load, ranks)
    spikes = arriving(load, ranks)
    return Prediction(computing(costs, load), _sorting(costs, spikes), sources / load.delay * costs.latency_us * 1e-6
                      + spikes * BYTES_PER_SPIKE * costs.byte_ns * 1e-9)


def relayed(costs: Costs, load: Load, ranks: int) -> Prediction:
    """With spikes passed on in stages: in each, half of what a rank holds goes on."""
    spikes, stages = arriving(load, ranks), math.ceil(math.log2(ranks))
    bytes_moved = spikes * 2 * BYTES_PER_SPIKE * stages / 2
    return Prediction(computing(costs, load), _sorting(costs, spikes), stages / load.delay * costs.latency_us * 1e-6
                      + bytes_moved * costs.byte_ns * 1e-9)


def _sorting(costs: Costs, spikes: float) -> float:
    # A rank sends as many as it receives, and looks up for each spike where it goes and where it came to.
    return 2 * spikes * costs.read_ns * 1e-9


def known_sources(load: Load, ranks: int) -> tuple[float, float]:
    """For how many cells a rank keeps a row of synapses: all, as gathering wants, or those alone that have a target."""
    sources, share = reached(load, ranks)
    return load.cells * ranks, load.cells * (1 + sources * share)


def weak(load: Load, ranks: int) -> Load:
    """The load of a rank when the network grows with the ranks: the same."""
    del ranks
    return load


def strong(whole: float, regions: int = 1) -> Callable[[Load, int], Load]:
    """The load of a rank when a network of so many cells is shared by the ranks.

    regions: in how many parts the network's wiring falls; from as many ranks on, a region lies on several ranks, and
        so do those that project to it
    """

    def share(load: Load, ranks: int) -> Load:
        split = max(1.0, ranks / regions)
        return replace(load, cells=whole / ranks, neighbours=(load.neighbours + 1) * split - 1)

    return share


def doublings(most: int = 2**20) -> Iterable[int]:
    """2, 4, 8 and so on."""
    return (2**power for power in range(1, most.bit_length()))


def first_paying(costs: Costs, load: Load, share: Callable[[Load, int], Load], exchange: Exchange) -> int | None:
    """The least power of two of ranks from which on an exchange costs less than one Allgather; None if never."""
    found = None
    for ranks in doublings():
        here = share(load, ranks)
        if exchange(costs, here, ranks).total < gathered(costs, here, ranks).total:
            found = found or ranks
        else:
            found = None
    return found


def first_outgrown(costs: Costs, load: Load, share: Callable[[Load, int], Load]) -> int | None:
    """The least power of two of ranks at which an Allgather and reading it cost more than computing; None if never."""
    for ranks in doublings():
        found = gathered(costs, share(load, ranks), ranks)
        if found.reading + found.exchanging > found.computing:
            return ranks
    return None


Exchange = Callable[[Costs, Load, int], Prediction]
EXCHANGES: dict[str, Exchange] = {"gathered": gathered, "directed": directed, "relayed": relayed}
