"""Figures of scaling results, each one PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter  # noqa: E402

from benchmarks.conditions import load_warning  # noqa: E402

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#888888"
NAMES = {
    "gathered": "one Allgather: every rank reads all spikes",
    "directed": "a message from each rank that projects here",
    "relayed": "spikes passed on in stages to where they have targets",
}  # fmt: skip
SHORT = {"directed": "messages", "relayed": "stages"}
WHOSE = {"weak": "on each rank", "strong": "in all"}
EXCHANGE_COLORS = {"gathered": ORANGE, "directed": BLUE, "relayed": GREEN}


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
    labels = (("One second of the network takes", "processor s per biological s", "processor"),
              ("Building it takes", "wall s", "build_s"), ("Memory at most", "GB", "peak_mb"))
    for axes, (title, unit, key) in zip(all_axes, labels, strict=True):
        panel(axes, title, "synapses, millions", unit)
        highest = max(runs[-1][key] for runs in series.values())
        for (name, runs), color, mark in zip(series.items(), (BLUE, ORANGE), "os", strict=True):
            millions = [run["synapses"] / 1e6 for run in runs]
            values = [run[key] / (1000 if key == "peak_mb" else 1) for run in runs]
            axes.plot(millions, values, color=color, marker=mark, label=_series_label(name, runs))
            axes.annotate(f"{values[-1]:.2g}", (millions[-1], values[-1]), textcoords="offset points",
                          xytext=(0, 7 if runs[-1][key] == highest else -16), ha="center", color=color, fontsize=9)
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
    """What a second is predicted to cost on many ranks, by the way in which spikes are exchanged."""
    forecast = found["cost"]
    wirings = list(forecast["predicted"]["weak"])
    figure, grid = plt.subplots(2, len(wirings), figsize=(12, 8.6), layout="constrained", squeeze=False, sharey="row")
    for line, (scaling, whose) in zip(grid, WHOSE.items(), strict=True):
        size = f"{forecast['cells'][scaling]:,} cells {whose}"
        for axes, wiring in zip(line, wirings, strict=True):
            figures = forecast["predicted"][scaling][wiring]
            panel(axes, f"{size}; {wiring}\n{stops_paying(figures)}", "ranks", "wall s per biological s")
            _lines(axes, forecast["ranks"], figures)
    for line, scaling in zip(grid, WHOSE, strict=True):
        for axes, wiring in zip(line, wirings, strict=True):
            # Panels of a line share their limits, which are known only now.
            _label_ends(axes, forecast["ranks"][-1], forecast["predicted"][scaling][wiring])
    handles, names = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, frameon=False)
    network = forecast["network"]
    figure.suptitle(
        f"Predicted, not measured: cores as here ({_machine(found)}), network of {network['latency_us']:g} us and "
        f"{network['gigabytes_per_second']:g} GB/s\n1,000 synapses a cell, 5 Hz, 1.5 ms between ranks", fontsize=12)
    return figure


def stops_paying(figures: dict[str, Any]) -> str:
    """From where on another exchange is cheaper than one Allgather, in words."""
    cheaper = {name: ranks for name, ranks in figures["pays_from"].items() if ranks}
    if not cheaper:
        return "one Allgather stays cheapest"
    name = min(cheaper, key=lambda one: cheaper[one])
    return f"one Allgather stops paying at {cheaper[name]:,} ranks, replaced by {SHORT[name]}"


def _lines(axes: Axes, counts: list[int], figures: dict[str, Any]) -> None:
    """Totals of each exchange, and computing alone, over ranks."""
    axes.plot(counts, [one["computing"] for one in figures["gathered"]], color=GREY, linestyle="--",
              label="cells and synapses alone")
    for (exchange, color), mark in zip(EXCHANGE_COLORS.items(), "osD", strict=True):
        totals = [one["total"] for one in figures[exchange]]
        axes.plot(counts, totals, color=color, marker=mark, label=NAMES[exchange])
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(counts, [f"{count:,}" for count in counts])
    axes.set_xlim(counts[0] / 1.3, counts[-1] * 2.2)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _label_ends(axes: Axes, count: int, figures: dict[str, Any]) -> None:
    """What each exchange costs at the most ranks, beside the ends of the lines."""
    last = {exchange: figures[exchange][-1]["total"] for exchange in EXCHANGE_COLORS}
    low, high = axes.get_ylim()
    apart, above = (high / low) ** 0.055, 0.0
    for exchange in sorted(last, key=lambda one: last[one]):
        # Labels of lines that end together would lie on each other.
        above = max(last[exchange], apart * above)
        axes.annotate(f"{last[exchange]:.2g} s", (count, above), textcoords="offset points", xytext=(9, -4),
                      color=EXCHANGE_COLORS[exchange], fontsize=9)


def _machine(found: dict[str, Any]) -> str:
    given = found["conditions"]
    others = "; others were busy" if load_warning(given["load"], given["cores"]) else ""
    return f"{given['processor']}, {given['cores']} cores{others}"


def draw(found: dict[str, Any], kind: str, where: Path) -> None:
    """Write the figure of a result."""
    figure = {"growth": growth, "ranks": ranks, "cost": cost}[kind](found)
    figure.savefig(where, dpi=150)
    plt.close(figure)
