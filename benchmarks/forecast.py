"""Measures the cost model's terms, holds it against runs it was not fitted to, and predicts large machines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from benchmarks import cost_terms, launch
from benchmarks.cost_model import (
    EXCHANGES, Costs, Load, Prediction, computing, first_outgrown, first_paying, gathered, known_sources, strong,
    weak,
)  # fmt: skip
from benchmarks.tables import table

RANKS = (64, 256, 1024, 4096)
# Regions of a connectome, each a rank, that project to a region; or wiring at random, where all project to all.
WIRINGS = {"30 regions project to a rank": 30.0, "wired at random": math.inf}
LOAD = Load(cells=10_000, synapses_per_cell=1000, rate=5.0, delay=1.5e-3)
STRONG_CELLS, REGIONS = 640_000, 64

CHECKED = ((5000, 400, 1), (20_000, 400, 1), (20_000, 400, 2))


def checked(costs: Costs, ranks: int) -> list[dict[str, Any]]:
    """Runs that fitted nothing, and what the model says of them; each the fastest of five."""
    found = []
    for cells, synapses, count in CHECKED:
        if count > ranks:
            continue
        arguments = ("b", "--seconds", 1, "--cells", cells, "--synapses-per-cell", synapses)
        runs = [launch.msim(*arguments, ranks=count) for _ in range(cost_terms.REPEATS)]
        rate = runs[0]["spikes"] / cells / runs[0]["biological_s"]
        load = Load(cells / count, synapses, rate, delay=1e-3)
        # As the terms were: by processor time, but for ranks, whose waiting takes some too.
        clock = "cpu_s" if count == 1 else "run_s"
        measured = min(run[clock] / run["biological_s"] for run in runs)
        found.append({"cells": cells, "synapses_per_cell": synapses, "ranks": count, "measured": measured,
                      "predicted": computing(costs, load) if count == 1 else gathered(costs, load, count).total})
    return found


def cluster(costs: Costs, latency_us: float, gigabytes_per_second: float) -> Costs:
    """This machine's cores behind another network."""
    return replace(costs, latency_us=latency_us, byte_ns=1 / gigabytes_per_second)


def parts(prediction: Prediction) -> dict[str, float]:
    """A prediction as values for JSON."""
    return {**asdict(prediction), "total": prediction.total}


def predicted(costs: Costs) -> dict[str, Any]:
    """Both scalings, both wirings, both exchanges, at every number of ranks; and where gathering stops paying."""
    found: dict[str, Any] = {}
    for scaling, share in (("weak", weak), ("strong", strong(STRONG_CELLS, REGIONS))):
        found[scaling] = {}
        for wiring, neighbours in WIRINGS.items():
            load = replace(LOAD, neighbours=neighbours)
            found[scaling][wiring] = {
                **{name: [parts(exchange(costs, share(load, ranks), ranks)) for ranks in RANKS]
                   for name, exchange in EXCHANGES.items()},
                "pays_from": {name: first_paying(costs, load, share, exchange)
                              for name, exchange in EXCHANGES.items() if name != "gathered"},
                "gathering_outgrows_computing_at": first_outgrown(costs, load, share),
                "known_sources": [known_sources(share(load, ranks), ranks) for ranks in RANKS],
            }
    return found


def measured(ranks: int, latency_us: float, gigabytes_per_second: float) -> dict[str, Any]:
    """Terms, checks and predictions as values for JSON."""
    timed = cost_terms.exchanges(ranks)
    costs = cost_terms.measured(timed)
    predictions = predicted(cluster(costs, latency_us, gigabytes_per_second))
    return {
        "costs": asdict(costs), "source_bytes": cost_terms.of_a_source(), "exchanges": timed,
        "checked": checked(costs, ranks if timed else 1),
        "network": {"latency_us": latency_us, "gigabytes_per_second": gigabytes_per_second},
        "ranks": list(RANKS), "predicted": predictions, "cells": {"weak": LOAD.cells, "strong": STRONG_CELLS},
    }  # fmt: skip


def printed_costs(found: dict[str, Any]) -> str:
    """The terms, the exchanges they fit, and the check."""
    latency, byte = found["costs"]["latency_us"], found["costs"]["byte_ns"]
    fitted = [(one["ranks"], one["bytes"], one["us"], math.ceil(math.log2(one["ranks"])) * latency
               + (one["ranks"] - 1) * one["bytes"] * byte * 1e-3) for one in found["exchanges"]]
    checks = [(one["cells"], one["synapses_per_cell"], one["ranks"], one["measured"], one["predicted"],
               one["predicted"] / one["measured"]) for one in found["checked"]]
    return "\n\n".join([
        table(("cost on this machine", "value"), list(found["costs"].items())),
        table(("Allgather of ranks", "bytes each", "us", "us of the model"), fitted) if fitted
        else "exchanges are skipped: wants two cores, mpiexec and an MPI that mpi4py can load",
        table(("check: cells", "synapses each", "ranks", "measured", "predicted", "predicted over it"), checks),
    ])  # fmt: skip


def printed_predictions(found: dict[str, Any]) -> str:
    """A table of each scaling and wiring, and where gathering stops paying."""
    blocks = [f"Network: {found['network']['latency_us']} us, {found['network']['gigabytes_per_second']} GB/s; "
              f"{LOAD.cells:,} cells a rank (weak) or {STRONG_CELLS:,} in all (strong), {LOAD.synapses_per_cell:,} "
              f"synapses each, {LOAD.rate:g} Hz, {LOAD.delay * 1e3:g} ms between ranks; "
              "wall s per biological s, waiting for the slowest rank not counted"]
    for scaling, wirings in found["predicted"].items():
        for wiring, figures in wirings.items():
            heads = (f"{scaling}, {wiring}", "ranks", "computing", "reading", "exchanging", "total")
            blocks.append("\n".join([table(heads, rows_of(found["ranks"], figures)), crossing(figures),
                                     rows_kept(found, figures)]))
    return "\n\n".join(blocks)


def rows_of(ranks: Sequence[int], figures: dict[str, Any]) -> list[tuple[object, ...]]:
    """Lines of a table of predictions."""
    return [(name, count, *(figures[name][number][part] for part in ("computing", "reading", "exchanging", "total")))
            for name in EXCHANGES for number, count in enumerate(ranks)]


def rows_kept(found: dict[str, Any], figures: dict[str, Any]) -> str:
    """What a rank keeps of cells that project to it, or might, at the largest number of ranks, in words."""
    everybody, some = (count * found["source_bytes"] / 1e6 for count in figures["known_sources"][-1])
    return (f"places of rows on a rank at {found['ranks'][-1]:,} ranks: {everybody:,.1f} MB with gathered spikes, "
            f"{some:,.1f} MB with directed or relayed ones")


def crossing(figures: dict[str, Any]) -> str:
    """Where one Allgather stops paying, in words."""
    outgrown = figures["gathering_outgrows_computing_at"]
    said = [f"{name} spikes cost less than one Allgather from {pays:,} ranks on" if pays
            else f"{name} spikes never cost less than one Allgather" for name, pays in figures["pays_from"].items()]
    said.append(f"the Allgather and reading it outgrow computing at {outgrown:,} ranks" if outgrown
                else "the Allgather and reading it never outgrow computing")
    return "; ".join(said)
