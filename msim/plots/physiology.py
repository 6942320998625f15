"""Page of figures of a column's physiology: at rest, after a volley and in baths of a drug."""

from __future__ import annotations

from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from msim.evidence.physiology import GAMMA, Physiology
from msim.plots.figures import write_figure
from msim.plots.style import BAND, BLACK, GRAY, SMALL, dress, population_colors
from msim.plots.wording import population_name

LONGEST = 1.0  # s; intervals beyond it are left out of the drawing
HIGHEST = 150.0  # Hz


def write_physiology(found: Physiology, path: Path) -> Path:
    """Write the page as a PNG file."""
    with matplotlib.style.context("default"):
        return write_figure(physiology_page(found), path)


def physiology_page(found: Physiology) -> Figure:
    """Draw six panels of a column's physiology."""
    figure = Figure(figsize=(11.5, 6.6), layout="constrained")
    axes = figure.subplots(2, 3)
    for draw, ax in zip((_rates, _intervals, _spectrum, _volley, _dose_rates, _dose_field), axes.flat, strict=True):
        draw(found, ax)
    return figure


def _rates(found: Physiology, ax: Axes) -> None:
    dress(ax, "Firing rates at rest", "", "spikes per second and cell (Hz)")
    colors = population_colors(found.populations)
    for place, name in enumerate(found.populations):
        rate = found.rest.rates[name]
        ax.bar(place, rate, width=0.6, color=colors[name])
        ax.text(place, rate / 2, f"{rate:.1f} Hz", ha="center", va="center", fontsize=SMALL)
        ax.hlines(found.wanted[name], place - 0.42, place + 0.42, color=BLACK, linewidth=1.5)
    ax.plot([], [], color=BLACK, linewidth=1.5, label="fitted to (DI14)")
    ax.set_xticks(range(len(found.populations)), [population_name(name) for name in found.populations])
    ax.margins(y=0.12)
    ax.legend(fontsize=SMALL, frameon=False, loc="upper left")


def _intervals(found: Physiology, ax: Axes) -> None:
    dress(ax, "Intervals between spikes of a cell", "interval (ms)", "share of intervals per ms")
    colors, edges = population_colors(found.populations), np.geomspace(1e-3, LONGEST, 40)
    for name in found.populations:
        values = found.intervals[name]
        counts, _ = np.histogram(values, edges)
        density = counts / max(values.size, 1) / np.diff(edges) * 1e-3
        label = f"{population_name(name)}, CV {found.rest.irregularity[name]:.2f}"
        shown = counts > 0
        ax.plot(1e3 * np.sqrt(edges[1:] * edges[:-1])[shown], density[shown], color=colors[name], label=label)
    _log(ax, "x")
    _log(ax, "y")
    ax.legend(fontsize=SMALL, frameon=False)


def _spectrum(found: Physiology, ax: Axes) -> None:
    dress(ax, "Spectrum of the field", "frequency (Hz)", "power of the dipole current (pA²/Hz)")
    frequency = found.rest.frequency
    shown = (frequency >= 1) & (frequency <= HIGHEST)
    ax.axvspan(*GAMMA, color=BAND, zorder=0, label="gamma band")
    label = f"at rest, f$^{{{-found.rest.exponent:.1f}}}$ from 1 to 50 Hz"
    ax.plot(frequency[shown], 1e24 * found.rest.spectrum[shown], color=BLACK, linewidth=1.8, label=label)
    for color, dose in zip(("#D55E00", "#56B4E9"), [one for one in (1.0, 10.0) if one in found.baths], strict=False):
        values = 1e24 * found.baths[dose].spectrum[shown]
        ax.plot(frequency[shown], values, color=color, linewidth=1.3, label=f"{dose:g} uM {found.drug}")
    _log(ax, "x")
    _log(ax, "y")
    ax.legend(fontsize=SMALL, frameon=False, loc="lower left")


def _volley(found: Physiology, ax: Axes) -> None:
    dress(ax, "After a volley of input to all cells", "time from its start (ms)", "rate over rest")
    colors = population_colors(found.populations)
    ax.axvspan(0, 1e3 * found.sent.duration, color=BAND, zorder=0, label="volley")
    for name in found.populations:
        rate = found.volley[name] / max(found.rest.rates[name], 1e-9)
        label = f"{population_name(name)}, half by {1e3 * found.latencies[name]:.1f} ms"
        ax.plot(np.arange(rate.size) + 0.5, rate, color=colors[name], label=label)
    ax.axhline(1, color=GRAY, linewidth=0.8)
    ax.set_xlim(0, 40)
    ax.legend(fontsize=SMALL, frameon=False)


def _dose_rates(found: Physiology, ax: Axes) -> None:
    dress(ax, f"Firing rates in {found.drug}", f"{found.drug} in the bath (uM)", "change from rest (%)")
    colors = population_colors(found.populations)
    for name in found.populations:
        change = [100 * (one.rates[name] / found.rest.rates[name] - 1) for one in found.baths.values()]
        ax.plot(list(found.baths), change, marker="o", color=colors[name], label=population_name(name))
    _doses(found, ax)


def _dose_field(found: Physiology, ax: Axes) -> None:
    dress(ax, f"Field and synaptic current in {found.drug}", f"{found.drug} in the bath (uM)", "change from rest (%)")
    gamma = [100 * (one.gamma / found.rest.gamma - 1) for one in found.baths.values()]
    current = [100 * (one.current / found.rest.current - 1) for one in found.baths.values()]
    ax.plot(list(found.baths), gamma, marker="s", color=BLACK, label="gamma power (and its peak)")
    ax.plot(list(found.baths), current, marker="D", color=GRAY, label="synaptic current (what BOLD follows)")
    for dose, one, height in zip(found.baths, found.baths.values(), gamma, strict=True):
        if np.isfinite(one.gamma_peak):
            ax.annotate(f"{one.gamma_peak:.0f} Hz", (dose, height), (5, 5), textcoords="offset points", fontsize=SMALL)
    _doses(found, ax)


def _doses(found: Physiology, ax: Axes) -> None:
    ax.axhline(0, color=GRAY, linewidth=0.8)
    _log(ax, "x")
    ax.set_xticks(list(found.baths))
    ax.margins(y=0.12)
    ax.legend(fontsize=SMALL, frameon=False)


def _log(ax: Axes, axis: str) -> None:
    getattr(ax, f"set_{axis}scale")("log")
    which = getattr(ax, f"{axis}axis")
    which.set_major_formatter(FuncFormatter(lambda value, _: np.format_float_positional(value, 6, trim="-")))
    which.set_minor_formatter(NullFormatter())
