"""Colors, line styles and letter sizes that all figures share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msim.storage.run_store import Run

# Okabe and Ito, Color Universal Design (2008): told apart with any kind of color vision.
BLACK, ORANGE, SKY_BLUE, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
GRAY, SHADE, BAND = "#595959", "#ECECEC", "#F6EFCF"

LABEL, TICK, TITLE, SMALL = 9.0, 8.0, 9.0, 7.5  # points

# Later lines are thinner, and broken, so that a line shows where another covers it.
_ARMS: tuple[Mapping[str, Any], ...] = (
    {"color": BLACK, "linestyle": "-", "linewidth": 3.0},
    {"color": BLUE, "linestyle": "-", "linewidth": 2.0},
    {"color": ORANGE, "linestyle": (0, (4.0, 1.6)), "linewidth": 1.9},
    {"color": GREEN, "linestyle": (0, (2.0, 1.0)), "linewidth": 1.9},
    {"color": PURPLE, "linestyle": (0, (6.0, 1.6, 1.2, 1.6)), "linewidth": 1.6},
    {"color": VERMILION, "linestyle": "-", "linewidth": 1.2},
    {"color": SKY_BLUE, "linestyle": "-", "linewidth": 1.2},
)
_MARKERS = ("o", "s", "D", "^", "v", "P", "X")
_POPULATIONS = (VERMILION, SKY_BLUE, PURPLE, GREEN, ORANGE, BLUE, BLACK)


def numbered_style(index: int) -> dict[str, Any]:
    """Return color, line style and width of the arm with this number."""
    return dict(_ARMS[index % len(_ARMS)])


def arm_style(run: Run, arm: str, width: float = 1.0) -> dict[str, Any]:
    """Return color, line style and width of an arm, the same in every figure of the run.

    width: relative to the usual one, less for lines that wander
    """
    index = run.arms.index(arm)
    style = dict(_ARMS[index % len(_ARMS)])
    if index >= len(_ARMS):
        style["linestyle"] = ":"
    return {**style, "linewidth": width * style["linewidth"]}


def arm_marker(run: Run, arm: str) -> str:
    """Return the marker of an arm, the same in every figure of the run."""
    index = run.arms.index(arm)
    return _MARKERS[(index + index // len(_ARMS)) % len(_MARKERS)]


def population_colors(populations: Sequence[str]) -> dict[str, str]:
    """Return the color of each population, in the order of the model."""
    return {name: _POPULATIONS[index % len(_POPULATIONS)] for index, name in enumerate(populations)}


def new_axes(width: float = 6.0, height: float = 3.8) -> Axes:
    """Return axes on a figure of their own, unknown to pyplot, which need no closing; sizes in inches."""
    return Figure(figsize=(width, height), layout="constrained").add_subplot()


def dress(ax: Axes, title: str, x_label: str, y_label: str) -> None:
    """Give axes title, labels, a light grid and two spines."""
    ax.set_title(title, loc="left", fontsize=TITLE)
    ax.set_xlabel(x_label, fontsize=LABEL)
    ax.set_ylabel(y_label, fontsize=LABEL)
    ax.tick_params(which="major", labelsize=TICK)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(True, which="major", color="#DDDDDD", linewidth=0.6)
    ax.set_axisbelow(True)


def legend_below(ax: Axes) -> None:
    """Name the arms under axes that stand alone in their figure."""
    ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", fontsize=SMALL, frameon=False)
