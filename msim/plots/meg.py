"""Figure of MEG of a column before and after a drug, and of the neural mass that was fitted to it."""

from __future__ import annotations

from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from msim.meg.fields import BEFORE
from msim.meg.session import Session
from msim.plots.figures import write_figure
from msim.plots.style import BLACK, BLUE, GRAY, SMALL, VERMILION, dress

COLORS, NAMES = (BLACK, VERMILION), ("before", "after")
LIMIT = 1.645  # standard deviations; 90 % of a normal distribution lie within


def write_meg_figure(found: Session, path: Path) -> Path:
    """Write three panels as a PNG file."""
    with matplotlib.style.context("default"):
        figure = Figure(figsize=(12, 4), layout="constrained")
        left, middle, right = figure.subplots(1, 3, width_ratios=[1.1, 1.1, 1])
        _spectra(found, left)
        _evoked(found, middle)
        _changes(found, right)
        return write_figure(figure, path)


def _spectra(found: Session, ax: Axes) -> None:
    dress(ax, "Ongoing activity, and the fit of a neural mass", "frequency (Hz)", "dipole moment ((nA m)²/Hz)")
    fit = found.comparison
    for name, color, seen, fitted in zip(NAMES, COLORS, (fit.before, fit.after), fit.predicted, strict=True):
        ax.plot(seen.frequency, 1e18 * seen.autospectra[:, 0], color=color, linewidth=1.6, label=f"column, {name}")
        ax.plot(seen.frequency, 1e18 * np.exp(fitted), color=color, linewidth=1.2, linestyle=(0, (4, 2)),
                label=f"mass, {name}")  # fmt: skip
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xticks([2, 5, 10, 20, 50, 90])
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.text(0.03, 0.04, f"{100 * fit.explained:.0f} % of variance explained", transform=ax.transAxes, fontsize=SMALL)
    ax.legend(fontsize=SMALL, frameon=False)


def _evoked(found: Session, ax: Axes) -> None:
    trials = found.sources[0].trials
    dress(ax, f"Answer to touch, mean of {trials}", "time from the touch (ms)", "dipole moment (nA m)")
    for name, color, source in zip(NAMES, COLORS, found.sources, strict=True):
        times = 1e3 * (np.arange(source.evoked.size) / source.rate_hz - BEFORE)
        ax.plot(times, 1e9 * source.evoked, color=color, label=name)
    ax.axvline(0, color=GRAY, linewidth=0.8)
    ax.set_xlim(-50, 250)
    ax.legend(fontsize=SMALL, frameon=False)


def _changes(found: Session, ax: Axes) -> None:
    dress(ax, "What changed at synapses", "", "logarithm of the factor")
    fit = found.comparison
    for place, kind in enumerate(fit.changing):
        mean, sd = fit.change(kind)
        ax.errorbar(place - 0.12, mean, LIMIT * sd, fmt="o", color=BLUE, capsize=4,
                    label="fit of the mass, 90 % interval" if not place else None)  # fmt: skip
        ax.plot(place + 0.12, fit.truth[kind], "D", color=VERMILION, label="in the column" if not place else None)
    ax.axhline(0, color=GRAY, linewidth=0.8)
    ax.set_xticks(range(len(fit.changing)), [one.upper() for one in fit.changing])
    ax.set_xlim(-0.6, len(fit.changing) - 0.4)
    ax.margins(y=0.25)
    ax.legend(fontsize=SMALL, frameon=False, loc="best")
