"""Figures of scaling results, each one PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#888888"
NAMES = {
    "gathered": "one Allgather of all spikes", "directed": "a message from each rank that projects",
    "relayed": "spikes passed on in stages",
}  # fmt: skip
PARTS = {"computing": GREY, "reading": ORANGE, "exchanging": BLUE}
PART_NAMES = {
    "computing": "cells and synapses", "reading": "reading and sorting other ranks' spikes",
    "exchanging": "messages between ranks",
}  # fmt: skip
SHORT = {"gathered": "A", "directed": "M", "relayed": "S"}


def panel(axes: Axes, title: str, x: str, y: str) -> None:
    """Title, names of the axes and a grid."""
    axes.set_title(title, fontsize=11, loc="left")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(True, which="major", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def growth(found: dict[str, Any]) -> Figure:
    """Time, time of building and memory against synapses, one line a series."""
    series = found["growth"]
    figure, all_axes = plt.subplots(1, 3, figsize=(13.5, 4.4), layout="constrained")
    labels = (("One second of the network takes", "wall s per biological s", "wall"),
              ("Building it takes", "s", "build_s"), ("Memory at most", "GB", "peak_mb"))
    for axes, (title, unit, key) in zip(all_axes, labels, strict=True):
        panel(axes, title, "synapses, millions", unit)
        for (name, runs), color, mark in zip(series.items(), (BLUE, ORANGE), "os", strict=True):
            millions = [run["synapses"] / 1e6 for run in runs]
            values = [run[key] / (1000 if key == "peak_mb" else 1) for run in runs]
            axes.plot(millions, values, color=color, marker=mark, label=_series_label(name, runs))
            axes.annotate(f"{values[-1]:.2g}", (millions[-1], values[-1]), textcoords="offset points", xytext=(0, 7),
                          ha="center", color=color, fontsize=9)
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0, top=axes.get_ylim()[1] * 1.08)
    all_axes[0].legend(frameon=False, fontsize=9, loc="upper left")
    figure.suptitle(f"How msim grows: network (b), one rank, float64 ({_machine(found)})", fontsize=12)
    return figure


def _series_label(name: str, runs: list[dict[str, Any]]) -> str:
    first = runs[0]
    if name == "more cells":
        return f"more cells, {round(first['synapses'] / first['cells']):,} synapses each"
    return f"more synapses each, {first['cells']:,} cells"


def ranks(found: dict[str, Any]) -> Figure:
    """Strong and weak scaling, with what would be ideal."""
    from benchmarks.rank_scaling import gains

    gain, scaled = gains(found["scaling"]), found["scaling"]
    counts = [run["ranks"] for run in scaled["strong"]]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.4), layout="constrained")
    panel(left, f"One network of {scaled['strong'][0]['cells']:,} cells, shared by more ranks", "ranks",
          "times as fast as one rank")
    left.plot(counts, counts, color=GREY, linestyle="--", label="ideal")
    left.plot(counts, gain["strong"], color=BLUE, marker="o", label="measured")
    panel(right, f"{scaled['weak'][0]['cells']:,} cells on each rank", "ranks", "time of one rank / time of all")
    right.plot(counts, [1.0] * len(counts), color=GREY, linestyle="--", label="ideal")
    right.plot(counts, gain["weak"], color=BLUE, marker="o", label="measured")
    for axes, values in ((left, gain["strong"]), (right, gain["weak"])):
        axes.set_xticks(counts)
        axes.set_ylim(0, 1.12 * max(*values, *(counts if axes is left else [1.0])))
        axes.legend(frameon=False, loc="lower right")
        for count, value in zip(counts, values, strict=True):
            axes.annotate(f"{value:.2f}", (count, value), textcoords="offset points", xytext=(0, -15), ha="center",
                          color=BLUE, fontsize=9)
        axes.margins(x=0.12)
    figure.suptitle(f"How msim gains from ranks: network (b) ({_machine(found)})", fontsize=12)
    return figure


def cost(found: dict[str, Any]) -> Figure:
    """What a second is predicted to cost on many ranks, by exchange and by what it is spent on."""
    forecast = found["cost"]
    wirings = list(forecast["predicted"]["weak"])
    figure, grid = plt.subplots(2, len(wirings), figsize=(13, 8.2), layout="constrained", squeeze=False)
    for line, scaling in zip(grid, ("weak", "strong"), strict=True):
        top = 0.0
        for axes, wiring in zip(line, wirings, strict=True):
            size = "10,000 cells on each rank" if scaling == "weak" else "640,000 cells in all"
            panel(axes, f"{size}; {wiring}", "", "wall s per biological s")
            top = max(top, _bars(axes, forecast["ranks"], forecast["predicted"][scaling][wiring]))
        limit = 1.12 * top
        for axes in line:
            axes.set_ylim(0, limit)
    handles = [plt.Rectangle((0, 0), 1, 1, color=color) for color in PARTS.values()]
    words = [PART_NAMES[part] for part in PARTS] + [f"{short}: {NAMES[name]}" for name, short in SHORT.items()]
    handles += [plt.Line2D([], [], linestyle="") for _ in SHORT]
    figure.legend(handles, words, loc="outside lower center", ncols=2, frameon=False)
    network = forecast["network"]
    figure.suptitle(
        f"Predicted, not measured: cores as here ({_machine(found)}), network of {network['latency_us']:g} us and "
        f"{network['gigabytes_per_second']:g} GB/s\n1,000 synapses a cell, 5 Hz, 1.5 ms between ranks", fontsize=12)
    return figure


def _bars(axes: Axes, counts: list[int], figures: dict[str, Any]) -> float:
    """Stacked bars, three for each number of ranks; returns the highest."""
    highest, places, names = 0.0, [], []
    for number, count in enumerate(counts):
        for offset, (exchange, short) in enumerate(SHORT.items()):
            place, bottom = number + 0.27 * (offset - 1), 0.0
            for part, color in PARTS.items():
                height = figures[exchange][number][part]
                axes.bar(place, height, 0.24, bottom=bottom, color=color)
                bottom += height
            axes.annotate(f"{bottom:.2g}", (place, bottom), textcoords="offset points", xytext=(0, 2), ha="center",
                          fontsize=8)
            highest = max(highest, bottom)
            places.append(place)
            names.append(f"{short}\n{count:,} ranks" if offset == 1 else short)
    axes.set_xticks(places, names)
    axes.grid(False, axis="x")
    axes.tick_params(axis="x", length=0)
    return highest


def _machine(found: dict[str, Any]) -> str:
    return f"{found['conditions']['processor']}, {found['conditions']['cores']} cores"


def draw(found: dict[str, Any], kind: str, where: Path) -> None:
    """Write the figure of a result."""
    figure = {"growth": growth, "ranks": ranks, "cost": cost}[kind](found)
    figure.savefig(where, dpi=150)
    plt.close(figure)
