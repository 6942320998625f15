"""Layout of a page: title, panels with letters, a legend of the arms and a caption, without overlap."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from msim.plots.experiment import experiment_of
from msim.plots.style import GRAY, SMALL, TITLE, arm_marker, arm_style
from msim.plots.wording import arm_label, wrapped
from msim.storage.run_store import Run

_LINE = 0.165  # inches, of legend and caption
_HEAD = 0.42  # inches, of the title
_LETTERS_PER_INCH = 18


def line_handles(run: Run) -> list[Line2D]:
    """Return one legend entry an arm, in the style of its lines."""
    return [Line2D([], [], label=arm_label(arm), **arm_style(run, arm.name)) for arm in experiment_of(run).arms]


def marker_handles(run: Run) -> list[Line2D]:
    """Return one legend entry an arm, in the style of its means at the probes."""
    return [
        Line2D([], [], marker=arm_marker(run, arm.name), markersize=6, markeredgecolor="white", label=arm_label(arm),
               **arm_style(run, arm.name, 0.5))
        for arm in experiment_of(run).arms
    ]  # fmt: skip


def page(run: Run, title: str, notes: Sequence[str], handles: Sequence[Line2D], width: float, height: float) -> Figure:
    """Return an empty page with title, legend and caption; sizes in inches, the height that of the panels.

    notes: sentences on the meaning of lines, bands and dots
    """
    caption = wrapped(_caption(run, notes), int((width - 0.3) * _LETTERS_PER_INCH))
    columns = _columns(handles, width)
    rows = -(-len(handles) // columns)
    below, legend = _LINE * (caption.count("\n") + 1) + 0.1, _LINE * rows + 0.1
    total = height + _HEAD + below + legend
    figure = Figure(figsize=(width, total), facecolor="white")
    space = (0, (below + legend) / total, 1, height / total)
    figure.set_layout_engine("constrained", rect=space, h_pad=0.06, w_pad=0.1)
    left = 0.12 / width
    figure.text(left, 1 - 0.1 / total, title, ha="left", va="top", fontsize=12, fontweight="bold")
    figure.text(left, 0.06 / total, caption, ha="left", va="bottom", fontsize=SMALL, color=GRAY, linespacing=1.3)
    if handles:
        figure.legend(
            handles=list(handles), loc="lower left", bbox_to_anchor=(left, below / total), ncols=columns, frameon=False,
            fontsize=SMALL + 0.5, handlelength=3.2, borderaxespad=0, borderpad=0.2, labelspacing=0.3,
        )  # fmt: skip
    return figure


def panels(figure: Figure, rows: int, columns: int, count: int, **options: Any) -> list[Axes]:
    """Return the first `count` axes of a grid; the others are removed."""
    axes = list(np.atleast_1d(figure.subplots(rows, columns, **options)).flat)
    for unused in axes[count:]:
        unused.remove()
    return axes[:count]


def letter(axes: Sequence[Axes]) -> None:
    """Draw a letter to the left of the title of every panel, where there are several."""
    if len(axes) < 2:
        return
    for name, ax in zip(string.ascii_lowercase, axes):
        ax.annotate(name, (0, 1), xycoords="axes fraction", xytext=(-20, 6), textcoords="offset points",
                    fontsize=TITLE + 1, fontweight="bold")  # fmt: skip


def outer_labels_only(axes: Sequence[Axes], columns: int) -> None:
    """Keep labels of the time axis only where there is no panel below."""
    for ax in axes[: max(0, len(axes) - columns)]:
        ax.set_xlabel("")


def _columns(handles: Sequence[Line2D], width: float) -> int:
    longest = max((len(str(one.get_label())) for one in handles), default=1)
    return max(1, min(len(handles), int(width / (longest / 15 + 0.6))))


def _caption(run: Run, notes: Sequence[str]) -> str:
    about = run.provenance
    return ". ".join([*notes, f"Experiment {about['experiment']['name']}, model {about['model']['name']}"]) + "."
