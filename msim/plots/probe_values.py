"""Panels of probed quantities: rates, E/I balance and band power of every arm, each seed a dot."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from msim.plots.experiment import experiment_of
from msim.plots.style import arm_marker, arm_style, dress, legend_below, new_axes
from msim.plots.wording import (
    TITLE_WIDTH,
    arm_label,
    axis_label,
    duration_text,
    in_words,
    population_name,
    recorded,
    sentence,
    shown_factor,
    wrapped,
)
from msim.storage.run_store import Run

NOTE = "Small dots: seeds; large markers and lines: mean over seeds"
_STEP, _WIDTH = 0.13, 0.8  # from one arm of a probe to the next, and of all arms, where the probes are 1 apart
_LEAST_SPAN = 0.2  # of the mean: a smaller change than this must not fill the axes


def probe_values(run: Run, quantity: str, ax: Axes | None = None) -> Axes:
    """Draw a probed quantity at every probe, the arms side by side.

    quantity: as recorded, such as 'pv.firing_rate'
    """
    variable = recorded(run.probes, quantity, run)
    drawn = new_axes() if ax is None else ax
    dress(drawn, probe_title(run, quantity), "time after the first dose", axis_label(variable))
    places = np.arange(run.probes.sizes["probe"], dtype=float)
    shifts = min(_STEP, _WIDTH / len(run.arms)) * (np.arange(len(run.arms)) - (len(run.arms) - 1) / 2)
    for shift, arm in zip(shifts, experiment_of(run).arms):
        values = variable.sel(arm=arm.name).transpose("seed", "probe").values * shown_factor(variable)
        style, marker = arm_style(run, arm.name), arm_marker(run, arm.name)
        drawn.plot(places + shift, values.mean(axis=0), marker=marker, markersize=6, markeredgecolor="white",
                   label=arm_label(arm), zorder=4, **{**style, "linewidth": 1.0})  # fmt: skip
        if len(values) > 1:
            drawn.plot(places + shift, values.T, linestyle="", marker=".", markersize=4, color=style["color"],
                       markeredgewidth=0, alpha=0.75, zorder=5)  # fmt: skip
    drawn.set_xticks(places, [duration_text(time) for time in run.probes["probe_time"].values])
    drawn.set_xlim(-0.5, places[-1] + 0.5)
    _widen(drawn)
    if ax is None:
        legend_below(drawn)
    return drawn


def probe_title(run: Run, quantity: str) -> str:
    """Return the title of a probed quantity's panel: its population, receptor and name."""
    address = experiment_of(run).quantities[quantity]
    name = {"E_I_balance": "E/I balance"}.get(address.name) or in_words(address.name)
    if not address.population:
        return sentence(f"{in_words(address.owner)} {name}")
    what = f"{address.receptor} {name}" if address.receptor else name
    return wrapped(sentence(f"{population_name(address.population)} cells: {what}"), TITLE_WIDTH)


def _widen(ax: Axes) -> None:
    low, high = ax.get_ylim()
    middle, least = (low + high) / 2, _LEAST_SPAN * abs(low + high) / 2
    if high - low < least:
        ax.set_ylim(middle - least / 2, middle + least / 2)
