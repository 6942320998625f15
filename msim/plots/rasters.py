"""A second of spikes of one trial, population by population, and the rates of the populations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from scipy.ndimage import gaussian_filter1d

from msim.plots.experiment import experiment_of
from msim.plots.style import SMALL, dress, legend_below, new_axes, population_colors
from msim.plots.time_axis import dose_spans, when
from msim.plots.wording import population_name, sentence
from msim.storage.run_store import Run

WINDOW = 1.0  # s
BIN, SMOOTHING = 0.002, 0.008  # s
ROWS = 200  # cells drawn; with more the rows run together
LEAST_ROWS = 25  # of a population, so that a rare type can still be seen
_GAP = 4  # empty rows between populations


@dataclass(frozen=True)
class Excerpt:
    """The start of one probe of one trial.

    spikes: of each population, times in s and cells
    cells: number of cells of each population
    seconds: length of the excerpt
    """

    title: str
    spikes: dict[str, tuple[np.ndarray, np.ndarray]]
    cells: dict[str, int]
    seconds: float


def shown_arm(run: Run) -> str:
    """Return the arm whose spikes are shown by default: the first that gets a drug, otherwise the first."""
    return next((arm.name for arm in experiment_of(run).arms if arm.doses), run.arms[0])


def raster(run: Run, probe: int, arm: str | None = None, seed: int | None = None, ax: Axes | None = None) -> Axes:
    """Draw the spikes of one second of a probe, evenly chosen cells of every population.

    arm: by default the first that gets a drug; seed: by default the first
    """
    drawn = new_axes() if ax is None else ax
    excerpt = read_excerpt(run, probe, arm, seed)
    dress(drawn, excerpt.title, "time in the probe (s)", "cells (number shown of all)")
    colors, rows, bottom = population_colors(list(excerpt.cells)), shown_rows(excerpt.cells), 0
    ticks, labels = [], []
    for name in reversed(list(excerpt.cells)):
        times, cells = excerpt.spikes[name]
        chosen = np.linspace(0, excerpt.cells[name] - 1, rows[name]).round().astype(int)
        kept = np.isin(cells, chosen)
        places = bottom + np.searchsorted(chosen, cells[kept])
        drawn.plot(times[kept], places, linestyle="", marker="|", markersize=2.0, markeredgewidth=0.7,
                   color=colors[name])  # fmt: skip
        ticks.append(bottom + rows[name] / 2)
        labels.append(f"{population_name(name)}\n{rows[name]} of {excerpt.cells[name]}")
        bottom += rows[name] + _GAP
    drawn.set_yticks(ticks, labels, fontsize=SMALL)
    for label, name in zip(drawn.get_yticklabels(), reversed(list(excerpt.cells))):
        label.set_color(colors[name])
    drawn.grid(False, axis="y")
    drawn.tick_params(axis="y", length=0)
    drawn.set(xlim=(0, excerpt.seconds), ylim=(-1, bottom - _GAP + 1))
    return drawn


def population_rates(
    run: Run, probe: int, arm: str | None = None, seed: int | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the firing rate of every population over one second of a probe.

    arm: by default the first that gets a drug; seed: by default the first
    """
    drawn = new_axes() if ax is None else ax
    excerpt = read_excerpt(run, probe, arm, seed)
    dress(drawn, "" if ax is not None else excerpt.title, "time in the probe (s)", "rate (Hz)")
    highest = drawn.get_ylim()[1]  # of the panels that share this axis
    for name, color in population_colors(list(excerpt.cells)).items():
        times, rate = smoothed_rate(excerpt.spikes[name][0], excerpt.cells[name], excerpt.seconds)
        drawn.plot(times, rate, color=color, linewidth=1.1, label=population_name(name))
        highest = max(highest, 1.05 * float(rate.max()))
    drawn.set_xlim(0, excerpt.seconds)
    drawn.set_ylim(0, highest)
    if ax is None:
        legend_below(drawn)
    return drawn


def read_excerpt(run: Run, probe: int, arm: str | None, seed: int | None) -> Excerpt:
    """Read the first second of a probe of a trial."""
    arm, seed = arm or shown_arm(run), run.seeds[0] if seed is None else seed
    table = run.trial(arm, seed, "spikes")
    seconds = min(WINDOW, float(table.attrs["probe_seconds"][probe]))
    spikes = {}
    for name in table["population"].attrs["populations"]:
        times, cells = run.spikes(arm, seed, probe, name)
        spikes[name] = times[times < seconds], cells[times < seconds]
    title = sentence(when(float(run.probes["probe_time"].values[probe]), dose_spans(run)))
    return Excerpt(title, spikes, {name: int(table.attrs[f"{name}_cells"]) for name in spikes}, seconds)


def shown_rows(cells: dict[str, int]) -> dict[str, int]:
    """Return the number of drawn cells of each population: in proportion, but enough of each to be visible."""
    share = min(1.0, ROWS / sum(cells.values()))
    return {name: min(count, max(LEAST_ROWS, round(share * count))) for name, count in cells.items()}


def smoothed_rate(spike_times: np.ndarray, n_cells: int, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Count spikes per cell per second in short bins, and smooth the rate by a Gaussian.

    spike_times: s, of all cells of a population
    returns: middles of the bins in s and rate in Hz, shape (bins,)
    """
    edges = np.linspace(0, seconds, max(2, round(seconds / BIN)) + 1)
    width = edges[1] - edges[0]
    rate = np.histogram(spike_times, edges)[0] / (n_cells * width)
    return (edges[:-1] + edges[1:]) / 2, gaussian_filter1d(rate.astype(float), SMOOTHING / width, mode="reflect")
