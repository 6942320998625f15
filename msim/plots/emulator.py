"""Figure of an emulator: sections along its axes, and predictions of left-out bursts."""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from msim.base.errors import InputError, StorageError
from msim.emulator.emulator import Emulator
from msim.emulator.surfaces import regression
from msim.plots.style import GRAY, LABEL, SMALL, TICK, TITLE, population_colors
from msim.plots.wording import wrapped

RATE = "firing_rate"
COLUMNS = 4
STEPS = 61
DPI = 200


def write_emulator_figure(emulator: Emulator, path: Path) -> Path:
    """Write the figure of an emulator as PNG; the file appears in one step, when it is complete.

    raises: StorageError where it cannot be written
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with matplotlib.style.context("default"):
            emulator_figure(emulator).savefig(partial, format="png", dpi=DPI)
        os.replace(partial, path)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        raise StorageError(f"{path}: cannot be written: {problem.strerror or problem}") from None
    return path


def emulator_figure(emulator: Emulator) -> Figure:
    """Draw rates along every axis with the others at rest, and simulated against expected rates of every population."""
    populations = list(emulator.cells)
    count = len(emulator.axes) + len(populations)
    rows = -(-count // COLUMNS)
    height = 2.3 * rows + 0.6
    figure = Figure(figsize=(2.7 * COLUMNS, height), facecolor="white")
    figure.set_layout_engine("constrained", rect=(0, 0.6 / height, 1, 1 - 0.6 / height), h_pad=0.06, w_pad=0.06)
    axes = list(figure.subplots(rows, COLUMNS, squeeze=False).flat)
    for unused in axes[count:]:
        unused.remove()
    colors = population_colors(populations)
    for ax, axis in zip(axes, emulator.axes):
        _section(ax, emulator, axis.name, colors)
    expected, simulated = left_out_rates(emulator)
    for ax, name in zip(axes[len(emulator.axes):], populations):
        _agreement(ax, name, expected[name], simulated[name], colors[name], _error(emulator, name))
    handles = [Line2D([], [], color=color, label=name) for name, color in colors.items()]
    place = {"loc": "lower left", "bbox_to_anchor": (0.005, 0.2 / height), "ncols": len(handles)}
    figure.legend(handles=handles, frameon=False, fontsize=SMALL + 1, **place)
    note = f"Model {emulator.model}. Sections: other axes at rest, ends where the emulator answers no more. "
    note += "Dots: a burst, and what surfaces fitted without it give."
    figure.text(0.01, 0.06 / height, wrapped(note, 190), fontsize=SMALL, color=GRAY, va="bottom")
    return figure


def left_out_rates(emulator: Emulator) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return firing rates (Hz) from surfaces fitted without each burst, and simulated ones, by population."""
    record = emulator.record
    kept = record["kept"] > 0
    scaled, seconds = emulator.scaled(record["points"][kept]), record["seconds"][kept]
    outputs = [one for one in emulator.outputs if one.name.endswith(f".{RATE}")]
    fitted = np.stack([one.fitted(record[f"mean/{one.name}"][kept]) for one in outputs], axis=1)
    missed = regression(emulator.basis, scaled, fitted, seconds / np.median(seconds)).left_out
    expected = {one.name.partition(".")[0]: one.value(fitted[:, k] - missed[:, k]) for k, one in enumerate(outputs)}
    return expected, {one.name.partition(".")[0]: one.value(fitted[:, k]) for k, one in enumerate(outputs)}


def _section(ax: Axes, emulator: Emulator, axis: str, colors: dict[str, str]) -> None:
    own = next(one for one in emulator.axes if one.name == axis)
    values = [value for value in np.linspace(own.low, own.high, STEPS) if _answers(emulator, axis, float(value))]
    found = emulator.averages({axis: np.array(values)})
    for name, color in colors.items():
        ax.plot(values, found[f"{name}.{RATE}"], color=color, linewidth=1.8)
    ax.axvline(own.rest, color="#BBBBBB", linewidth=0.8, zorder=0)
    ax.set_xlim(own.low, own.high)
    ax.set_ylim(bottom=0)
    _dress(ax, axis, f"{own.unit}", "rate (Hz)")


def _answers(emulator: Emulator, axis: str, value: float) -> bool:
    try:
        emulator.averages({axis: value})
    except InputError:
        return False
    return True


def _agreement(ax: Axes, name: str, expected: np.ndarray, simulated: np.ndarray, color: str, error: str) -> None:
    top = 1.05 * max(float(simulated.max()), float(expected.max()))
    ax.plot([0, top], [0, top], color="#BBBBBB", linewidth=0.8, zorder=0)
    ax.plot(simulated, expected, ".", color=color, markersize=2.5, alpha=0.6, markeredgewidth=0)
    ax.set_xlim(0, top)
    ax.set_ylim(0, top)
    _dress(ax, f"{name}: {error}", "rate in a burst (Hz)", "without it (Hz)")


def _error(emulator: Emulator, population: str) -> str:
    one = next(one for one in emulator.outputs if one.name == f"{population}.{RATE}")
    return f"{100 * one.error:.1f} %, trials {100 * one.trial_error:.1f} %"


def _dress(ax: Axes, title: str, x_label: str, y_label: str) -> None:
    ax.set_title(title, loc="left", fontsize=TITLE - (1.5 if len(title) > 26 else 0))
    ax.set_xlabel(x_label, fontsize=LABEL - 1)
    ax.set_ylabel(y_label, fontsize=LABEL - 1)
    ax.tick_params(labelsize=TICK - 1)
    ax.spines[["top", "right"]].set_visible(False)
