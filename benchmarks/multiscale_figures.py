"""Figures of what the multiscale solver is off by, and of what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from benchmarks.figures import BLUE, GREEN, GREY, ORANGE, panel, plt

COLORS = (BLUE, ORANGE, GREEN)
HOUR = 3600.0


def compressed(found: dict[str, Any]) -> Figure:
    """Both paths of one gain, and the error of gains against the tolerance."""
    result = found["compressed"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 4.4), layout="constrained")
    name = _most_moved(result)
    panel(left, "Lines: spikes without a gap; dots: bursts and leaps", "hours of the clock as it is", name)
    hours = np.array(result["times_s"]) / HOUR
    factors = sorted({one["factor"] for one in result["rows"]})
    for factor, color in zip(factors, COLORS, strict=False):
        path = next(one for one in result["paths"] if one["factor"] == factor)
        left.plot(hours, path["brute_force"][name], color=color, label=f"slow times / {factor:g}")
        left.plot(hours, path["multiscale"][name], color=color, marker="o", markersize=3.5, linestyle="none")
    left.set_xscale("log")
    left.legend(frameon=False, fontsize=9)
    panel(right, "Largest error of a gain at any time", "tolerance", "% of the gain")
    for factor, color in zip(factors, COLORS, strict=False):
        rows = [one for one in result["rows"] if one["factor"] == factor]
        tolerances = sorted({one["tolerance"] for one in rows})
        errors = [
            100 * np.mean([one["gain_error"] for one in rows if one["tolerance"] == each]) for each in tolerances
        ]
        right.plot(tolerances, errors, color=color, marker="o", label=f"slow times / {factor:g}")
    right.axhline(5, color=GREY, linestyle="--")
    right.annotate("wanted: below 5 %", (0.02, 5), xycoords=("axes fraction", "data"), xytext=(0, -4),
                   textcoords="offset points", va="top", fontsize=9)  # fmt: skip
    right.axvline(result["default"], color=GREY, linewidth=0.8)
    right.annotate("default", (result["default"], 0.55), xycoords=("data", "axes fraction"), xytext=(4, 0),
                   textcoords="offset points", fontsize=9)  # fmt: skip
    right.set_xscale("log")
    right.set_ylim(bottom=0)
    every = sorted({one["tolerance"] for one in result["rows"]})
    right.set_xticks(every, [f"{one:g}" for one in every])
    right.minorticks_off()
    right.legend(frameon=False, fontsize=9)
    figure.suptitle(f"Multiscale solver against brute force: {result['cells']:,} cells, one dose, "
                    f"{result['horizon_s'] / 86400:.3g} days", fontsize=12)
    return figure


def _most_moved(result: dict[str, Any]) -> str:
    """The quantity that is 1 at rest and moves most."""
    path = result["paths"][0]["brute_force"]
    return max(path, key=lambda name: np.ptp(path[name]) if abs(path[name][0] - 1) < 0.2 else 0.0)


def cost(found: dict[str, Any]) -> Figure:
    """Leaps over time, and what courses take."""
    courses = found["cost"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 4.4), layout="constrained")
    panel(left, "Leaps are short after a dose and long between", "day", "leap, hours")
    for one, color in zip(courses, COLORS, strict=False):
        left.plot(one["leap_days"], np.array(one["leap_s"]) / HOUR, color=color, marker=".", linewidth=0.7,
                  label=one["course"])
    left.set_yscale("log")
    left.legend(frameon=False, fontsize=9)
    panel(right, "One trial on one core", "", "processor s")
    names = [one["course"] for one in courses]
    right.bar(names, [one["processor_s"] for one in courses], color=list(COLORS[:len(names)]), width=0.6)
    for place, one in enumerate(courses):
        right.annotate(f"{one['processor_s']:.3g} s\n{one['spiking_s']:.3g} s of spikes",
                       (place, one["processor_s"]), textcoords="offset points", xytext=(0, 4), ha="center", fontsize=9)
    right.set_ylim(top=right.get_ylim()[1] * 1.2)
    figure.suptitle(f"What the multiscale solver costs: {courses[0]['cells']:,} cells", fontsize=12)
    return figure


def draw(found: dict[str, Any], where: Path) -> None:
    """Write the figure of a result."""
    figure = {"compressed": compressed, "cost": cost}[found["kind"]](found)
    figure.savefig(where, dpi=150)
    plt.close(figure)
