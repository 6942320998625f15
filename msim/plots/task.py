"""Figure of a task: behavior, the BOLD contrast of every region, and the contrast in a glass brain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from msim.brain.connectome import Connectome
from msim.brain.go_nogo import TaskResult
from msim.imaging.optional_imports import library
from msim.plots.figures import write_figure
from msim.plots.style import BLUE, GRAY, SMALL, VERMILION, dress


def write_task_figure(found: Sequence[TaskResult], connectome: Connectome, path: Path) -> Path:
    """Draw three panels as a PNG file."""
    estimates = [one.estimates for one in found if one.estimates]
    contrast = np.array([one.contrast for one in estimates]).reshape(-1, len(connectome.names))
    with matplotlib.style.context("default"):
        figure = Figure(figsize=(13, 5))
        _reactions(found, figure.add_axes((0.05, 0.12, 0.25, 0.8)))
        if len(contrast):
            _bars(contrast, connectome, figure.add_axes((0.37, 0.12, 0.25, 0.8)))
            _glass_brain(contrast.mean(axis=0), connectome, figure)
        return write_figure(figure, path)


def _reactions(found: Sequence[TaskResult], ax: Axes) -> None:
    dress(ax, "Responses", "time from the shape (s)", "responses")
    edges = [float(one) for one in np.arange(0.1, 0.85, 0.05)]
    for name, color, label in (("go_correct", BLUE, "Go, right"), ("nogo_incorrect", VERMILION, "NoGo, wrong")):
        times = [one.reactions[float(time)] for one in found for time in one.onsets[name]]
        ax.hist(times, edges, histtype="step", linewidth=1.8, color=color, label=label)
    go, nogo = (100 * np.mean([getattr(one.behavior, name) for one in found]) for name in ("go", "nogo"))
    ax.text(0.97, 0.75, f"right: Go {go:.0f} %,\nNoGo {nogo:.0f} %", transform=ax.transAxes, ha="right",
            fontsize=SMALL)  # fmt: skip
    ax.legend(fontsize=SMALL, frameon=False, loc="upper right")


def _bars(contrast: np.ndarray, connectome: Connectome, ax: Axes) -> None:
    dress(ax, f"NoGo over Go, right answers, n = {len(contrast)}", "BOLD contrast (%)", "")
    mean = contrast.mean(axis=0)
    order = np.argsort(mean)
    sd = contrast.std(axis=0, ddof=1) if len(contrast) > 1 else np.zeros(len(mean))
    colors = [VERMILION if mean[one] > 0 else BLUE for one in order]
    ax.barh(np.arange(len(order)), mean[order], xerr=sd[order], color=colors, ecolor=GRAY, height=0.7)
    ax.set_yticks(np.arange(len(order)), [connectome.names[one] for one in order])
    ax.axvline(0, color=GRAY, linewidth=0.8)


def _glass_brain(values: np.ndarray, connectome: Connectome, figure: Figure) -> None:
    """Draw both halves of every region, which the model takes together."""
    left = np.array([one.center_mm for one in connectome.regions])
    places = np.concatenate([left, left * [-1, 1, 1]])
    reach = float(np.abs(values).max())
    plotting = library("nilearn.plotting")
    for rectangle, side in (((0.66, 0.5, 0.25, 0.45), "x"), ((0.66, 0.03, 0.25, 0.45), "z")):
        plotting.plot_markers(
            np.concatenate([values, values]), places, node_size=60, node_cmap="RdBu_r", node_vmin=-reach,
            node_vmax=reach, display_mode=side, axes=figure.add_axes(rectangle), annotate=True, colorbar=False,
        )  # fmt: skip
    shades = ScalarMappable(Normalize(-reach, reach), "RdBu_r")
    figure.colorbar(shades, cax=figure.add_axes((0.93, 0.2, 0.012, 0.6)), label="BOLD contrast (%)")
