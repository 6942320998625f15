"""Rounds of interleaved runs, their medians, and what they say of msim."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.contenders import Contender
from benchmarks.tables import table

# Networks whose rates differ by more than this do other work: their times say nothing of each other.
RATE_TOLERANCE = 0.05
# NEST draws its own synapses, on which rates of (a) hang by a tenth, and its NMDA gate in (b) is another.
OTHER_MODEL = {("a", "NEST"), ("b", "NEST")}


def rounds(contenders: Sequence[Contender], count: int) -> dict[str, list[dict[str, Any]]]:
    """All runs, by contender: in every round each runs once, so that a slow minute slows all."""
    found: dict[str, list[dict[str, Any]]] = {one.name: [] for one in contenders}
    for number in range(count):
        for one in contenders:
            found[one.name].append(one.run())
            print(f"round {number + 1}: {one.name} {found[one.name][-1]['wall']:.3f}", file=sys.stderr)
    return found


def medians(runs: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, float]]:
    """Median of every figure that we compare, by contender."""
    wanted = ("wall", "rate_E", "rate_I", "synapses", "peak_mb", "bytes_per_synapse", "build_s")
    return {
        name: {key: statistics.median(run[key] for run in some) for key in wanted if key in some[0]}
        for name, some in runs.items()
    }


def disagreements(network: str, found: dict[str, dict[str, float]], against: str = "Brian2") -> list[str]:
    """Every firing rate that is not within the tolerance of the stock simulator's."""
    said = []
    for name, figures in found.items():
        for rate in ("rate_E", "rate_I"):
            wanted, got = found[against][rate], figures[rate]
            if (network, name) not in OTHER_MODEL and not abs(got - wanted) <= RATE_TOLERANCE * wanted:
                said.append(f"({network}) {name}: {rate} {got:.3g} Hz, {against} {wanted:.3g} Hz")
    return said


def paired_ratio(runs: dict[str, list[dict[str, Any]]], above: str, below: str) -> float:
    """Median over rounds of the ratio of two contenders' times in the same round."""
    return statistics.median(one["wall"] / other["wall"] for one, other in zip(runs[above], runs[below], strict=True))


def ratios(runs: dict[str, list[dict[str, Any]]], ranks: int) -> dict[str, float]:
    """What the comparison is for; default precision unless named otherwise."""
    found = {
        "bound_ratio": paired_ratio(runs, "msim double", "bound double"),
        "bound_ratio_single": paired_ratio(runs, "msim single", "bound single"),
        "bare_bound_ratio": paired_ratio(runs, "msim double", "bare bound double"),
        "bare_bound_ratio_single": paired_ratio(runs, "msim single", "bare bound single"),
        "brian2_speedup": paired_ratio(runs, "Brian2", "msim double"),
        "brian2_speedup_single": paired_ratio(runs, "Brian2", "msim single"),
    }
    if "NEST" in runs:
        found["nest_speedup"] = paired_ratio(runs, "NEST", "msim double")
    several = f"msim double, {ranks} ranks"
    if several in runs:
        found[f"ranks{ranks}_speedup"] = paired_ratio(runs, "msim double", several)
    return found


def printed(network: str, found: dict[str, dict[str, float]]) -> str:
    """The table of one network."""
    rows = [
        (name, figures["wall"], figures["wall"] / found["bound double"]["wall"],
         found["Brian2"]["wall"] / figures["wall"], figures["rate_E"], figures["rate_I"],
         figures.get("bytes_per_synapse"))
        for name, figures in found.items()
    ]  # fmt: skip
    heads = (f"network ({network})", "wall s per biological s", "times bound double", "Brian2 over it", "E Hz", "I Hz",
             "bytes per synapse")
    return table(heads, rows)
