"""A sampled quantity over minutes to weeks: one line an arm, and the range over seeds as a band."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from msim.definitions.experiments.definition import ExperimentDefinition
from msim.plots.experiment import experiment_of
from msim.plots.style import GRAY, SMALL, arm_style, dress, legend_below, new_axes
from msim.plots.time_axis import AXIS_START, X_LABEL, dose_spans, log_time_axis, show_doses
from msim.plots.wording import (
    arm_label,
    axis_label,
    population_name,
    recorded,
    sentence,
    shown_factor,
    title_of,
)
from msim.storage.run_store import Run

SEEDS_NOTE = "Lines: mean over seeds; bands: lowest to highest seed"
REST_NOTE = "Thin dotted lines: mean before the first dose"
_HEADROOM = 0.12  # share of the axes kept free for the name of the infusion


def is_drawable(run: Run) -> bool:
    """Return whether the run reaches far enough past the first dose to be drawn over time."""
    return "time" in run.samples and bool(np.any(run.samples["time"].values >= AXIS_START))


def trace(run: Run, quantity: str, ax: Axes | None = None) -> Axes:
    """Draw a sampled quantity over logarithmic time, every arm a line.

    quantity: as recorded, such as 'eef2k.p_eEF2'
    """
    variable = recorded(run.samples, quantity, run)
    drawn = new_axes() if ax is None else ax
    experiment = experiment_of(run)
    dress(drawn, trace_title(experiment, variable), X_LABEL, axis_label(variable))
    log_time_axis(drawn, float(run.samples["time"].max()))
    show_doses(drawn, dose_spans(run))
    _draw_arms(drawn, run, experiment, variable)
    _draw_rest(drawn, run, variable)
    _leave_headroom(drawn)
    if ax is None:
        legend_below(drawn)
    return drawn


def trace_title(experiment: ExperimentDefinition, variable: xr.DataArray) -> str:
    """Return the meaning of a sampled quantity; for the block of a pool of receptors, the pool's cells and name."""
    quantity = str(variable.name)
    address = experiment.quantities[quantity]
    if quantity not in experiment.model.roles.pools or not address.population:
        return title_of(variable)
    pool = address.owner.removeprefix("block_")
    cells = sentence(f"{population_name(address.population)} cells")
    return cells if pool == address.population else f"{cells}, {pool} pool"


def after_dose(run: Run, variable: xr.DataArray, arm: str) -> tuple[np.ndarray, np.ndarray]:
    """Return times on the axis in s, shape (samples,), and the values shown there, shape (seeds, samples)."""
    chosen = variable.sel(arm=arm).transpose("seed", "time")
    times = run.samples["time"].values
    on_axis = times >= AXIS_START
    return times[on_axis], np.asarray(chosen.values[:, on_axis], dtype=float) * shown_factor(variable)


def _draw_arms(ax: Axes, run: Run, experiment: ExperimentDefinition, variable: xr.DataArray) -> None:
    silent = []
    for order, arm in enumerate(experiment.arms):
        style = arm_style(run, arm.name)
        times, values = after_dose(run, variable, arm.name)
        # A seed without a value leaves a gap: a mean over the others would be one of other trials.
        ax.plot(times, values.mean(axis=0), label=arm_label(arm), zorder=3 + order, **style)
        if len(values) > 1:
            low, high = values.min(axis=0), values.max(axis=0)
            ax.fill_between(times, low, high, color=style["color"], alpha=0.18, linewidth=0, zorder=2)
        if np.isnan(values).any():
            silent.append(arm.name)
    if silent:
        ax.text(0.99, 0.02, "no value at some times: " + ", ".join(silent), transform=ax.transAxes, ha="right",
                va="bottom", fontsize=SMALL, color=GRAY)  # fmt: skip


def _draw_rest(ax: Axes, run: Run, variable: xr.DataArray) -> None:
    """Draw a dotted line at the mean before the dose: gray where all arms share it, otherwise in the color of each."""
    before = run.samples["time"].values <= 0
    if not before.any():
        return
    means = variable.isel(time=before).mean(["seed", "time"]) * shown_factor(variable)
    values = {arm: float(means.sel(arm=arm)) for arm in run.arms}
    low, high = ax.get_ylim()
    shared = np.ptp(list(values.values())) < 0.03 * (high - low)
    for arm in run.arms[:1] if shared else run.arms:
        color = GRAY if shared else arm_style(run, arm)["color"]
        ax.axhline(values[arm], color=color, linestyle=":", linewidth=0.9, zorder=1)


def _leave_headroom(ax: Axes) -> None:
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + _HEADROOM * (high - low))
