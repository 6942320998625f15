"""Measures the terms of the cost model on this machine, each as a difference of two runs of msim.

A run counts by the processor time of its fastest repeat: differences of wall times would be other programs' doing.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import launch
from benchmarks.cost_model import Costs
from benchmarks.networks import STEP, Row
from msim.backends.cpp.network import CompiledNetwork
from msim.network.spec import Cells, NetworkSpec, Projection

# So many that what is looked up of a spike lies in main memory, as that of a large network does.
COUNTERS, COUNTER_RATE = 400_000, 400.0
REPEATS = 5
# In (b) a cell projects to two populations, and its spike is looked up once for each.
LOOKUPS = ("first", "second")
FEW, MANY, FULL = 2000, 20_000, 1000


def counters(rate: float, lookups: Sequence[str]) -> NetworkSpec:
    """Cells that do nothing but count to one and spike, all equally often and evenly spread over the steps."""
    start = np.linspace(0.0, 1.0, COUNTERS, endpoint=False)
    cells = Cells("counter", COUNTERS, "dv/dt = k : 1", threshold="v >= 1", reset="v = v - 1", method="euler",
                  constants={"k": (rate, "hertz")}, start={"v": start})
    projections = tuple(Projection(name, origin="counter", to="counter", on_pre="v_post += w", variables={"w": "1"})
                        for name in lookups)
    return NetworkSpec(step=STEP, cells=(cells,), projections=projections)


def hardly_any(post: int) -> Row:
    """One synapse without weight onto every thousandth cell: a spike is looked up and finds nothing."""
    pre = np.array([post]) if post % 1000 == 0 else np.empty(0, np.int64)
    return pre, np.full(len(pre), 1.5e-3), {"w": np.zeros(len(pre))}


def counter_network(rate: float, lookups: Sequence[str] = ()) -> CompiledNetwork:
    """Counters, whose spikes are looked up so many times, a few steps old."""
    net = CompiledNetwork(counters(rate, lookups), seed=1, precision="double", comm=None)
    for name in lookups:
        net.connect(name, hardly_any)
    net.run(50)
    return net


def counting(net: CompiledNetwork, steps: int = 500) -> tuple[float, int]:
    """Processor time in s of a run of counters, and how many spikes it had."""
    net.clear_spikes()
    begun = time.process_time()
    net.run(steps)
    return time.process_time() - begun, len(net.spikes("counter")[0])


def of_spikes() -> tuple[float, float]:
    """Costs in ns of finding a spike and of looking one up in both projections of its cell."""
    nets = [counter_network(0.0), counter_network(COUNTER_RATE), counter_network(COUNTER_RATE, LOOKUPS)]
    rounds = [[counting(net) for net in nets] for _ in range(REPEATS)]
    silent, spiking, looked_up = (min(spent for spent, _ in some) for some in zip(*rounds, strict=True))
    spikes = rounds[0][1][1]
    return (spiking - silent) / spikes * 1e9, max(looked_up - spiking, 0.0) / spikes * 1e9


def of_a_source() -> float:
    """Bytes that a rank keeps for a cell that may project to it, whether it does or not."""
    return sum(counter_network(COUNTER_RATE, LOOKUPS).bytes_of_synapses.values()) / COUNTERS


def repeated(*arguments: object) -> dict[str, Any]:
    """The run of several that took the least processor time."""
    return min((launch.msim("b", *arguments) for _ in range(REPEATS)), key=lambda run: run["cpu_s"])


def of_cells() -> tuple[float, float]:
    """Costs of a step in us and of a cell and step in ns."""
    few, many = (repeated("--seconds", 1, "--cells", cells, "--synapses-per-cell", 0) for cells in (FEW, MANY))
    steps = round(many["biological_s"] / STEP)
    cell_ns = (many["cpu_s"] - few["cpu_s"]) / (MANY - FEW) / steps * 1e9
    step_us = (few["cpu_s"] / steps - FEW * cell_ns * 1e-9) * 1e6
    return max(step_us, 0.0), cell_ns


def of_an_event(costs: Costs, cells: int = 10_000) -> float:
    """Cost in ns of a synaptic event where synapses lie in main memory: ten million of them."""
    run = repeated("--seconds", 1, "--cells", cells, "--synapses-per-cell", FULL)
    steps = run["biological_s"] / STEP
    other = steps * (costs.step_us * 1e3 + cells * costs.cell_ns) + run["spikes"] * (costs.spike_ns + costs.read_ns)
    return (run["cpu_s"] * 1e9 - other) / run["events"]


def of_exchanges(found: Sequence[dict[str, float]]) -> tuple[float, float]:
    """Latency of a stage in us and cost of a byte in ns that fit timed Allgathers best, by relative error.

    found: of each "ranks", "bytes" from each rank and "us"
    """
    stages = np.array([math.ceil(math.log2(one["ranks"])) for one in found], float)
    received = np.array([(one["ranks"] - 1) * one["bytes"] for one in found], float)
    took = np.array([one["us"] for one in found])
    from scipy.optimize import nnls

    (latency, byte), _ = nnls(np.stack([stages, received], axis=1) / took[:, None], np.ones(len(found)))
    return float(latency), float(byte) * 1e3


def exchanges(most: int) -> list[dict[str, float]]:
    """Allgathers timed with 2, 4 and so on up to so many ranks; empty where there is no MPI."""
    mpiexec, found = launch.mpiexec(), []
    ranks = 2
    while mpiexec and ranks <= most:
        program = [mpiexec, "-n", str(ranks), sys.executable, "-m", "benchmarks.exchange"]
        found += launch.last_json(launch.launch(program)["text"])["exchanges"]
        ranks *= 2
    return found


def measured(timed: Sequence[dict[str, float]]) -> Costs:
    """All terms; without timed exchanges those of the way between ranks are not a number."""
    latency_us, byte_ns = of_exchanges(timed) if timed else (math.nan, math.nan)
    spike_ns, read_ns = of_spikes()
    step_us, cell_ns = of_cells()
    known = Costs(step_us, cell_ns, spike_ns, read_ns, 0.0, latency_us, byte_ns)
    return Costs(step_us, cell_ns, spike_ns, read_ns, of_an_event(known), latency_us, byte_ns)
