"""Recorded quantities over time as figures of a run's page, and as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from bokeh.models import Range1d, Span

from msim.plots.experiment import experiment_of, roles_of
from msim.plots.style import GRAY
from msim.plots.time_axis import AXIS_START, dose_spans
from msim.plots.traces import after_dose, is_drawable, trace_title
from msim.plots.wording import axis_label, duration_text, shown_factor, shown_unit
from msim.report.blocks import Cell, Drawing, Drawings, Sign, Table
from msim.report.figures import Style, add_course, thinned, time_figure
from msim.report.texts import mean_text, told_times
from msim.report.time_axis import ROOM
from msim.storage.run_store import Run

GROUP = "courses"
HOUR, DAY = 3600.0, 86400.0
TITLES = {
    "gain": "AMPA conductance", "dose": "Drug, and the NMDA receptors it blocks", "cascade": "Signaling cascade",
    "bold": "BOLD signal", "other": "Other quantities over time",
}  # fmt: skip


def course_drawings(run: Run, styles: Mapping[str, Style]) -> list[Drawings]:
    """Draw every sampled quantity over logarithmic time, the outcome first; all figures zoom together."""
    if not is_drawable(run):
        return []
    end = float(run.samples["time"].max())
    shared = Range1d(AXIS_START, end * ROOM, tags=[f"span:{GROUP}"])
    found: list[Drawings] = []
    for kind, quantities in _placed(run).items():
        drawings = tuple(_drawing(run, one, styles, shared) for one in quantities)
        if drawings:
            found.append(Drawings(TITLES[kind], drawings, spans=() if found else _spans(end), group=GROUP))
    return found


def _spans(end: float) -> tuple[tuple[str, float, float], ...]:
    named = (("first 2 h", AXIS_START, 2 * HOUR), ("first day", AXIS_START, DAY), ("2 h to 1 d", 2 * HOUR, DAY),
             ("after 1 d", DAY, end * ROOM))  # fmt: skip
    kept = [(name, start, last) for name, start, last in named if last <= end * ROOM and start < end]
    return (("whole run", AXIS_START, end * ROOM), *kept) if kept else ()


def _placed(run: Run) -> dict[str, list[str]]:
    """Sort sampled quantities by the part of the page where they stand, as in the PNG figures."""
    known = {name: one for name, one in experiment_of(run).quantities.items() if name in run.samples}
    roles, placed = roles_of(run), {kind: list[str]() for kind in TITLES}
    for name, address in known.items():
        kind = ("dose" if address.kind == "drug" or name in roles.pools else "cascade" if name in roles.cascade
                else "gain" if name == roles.gain else "bold" if name == roles.bold else "other")  # fmt: skip
        placed[kind].append(name)
    return placed


def _drawing(run: Run, quantity: str, styles: Mapping[str, Style], shared: Any) -> Drawing:
    variable, experiment = run.samples[quantity], experiment_of(run)
    title = " ".join(trace_title(experiment, variable).split())
    made = time_figure(axis_label(variable), float(run.samples["time"].max()), doses=dose_spans(run), x_range=shared)
    count = 0
    for arm in run.arms:
        times, values = after_dose(run, variable, arm)
        kept = thinned(times, is_log=True)
        count = len(kept)
        add_course(made, times[kept], values[:, kept], arm, styles[arm], unit=_unit(variable))
    rest = _rest(run, variable)
    if rest is not None:
        made.add_layout(Span(location=rest, dimension="width", line_color=GRAY, line_dash="dotted", level="underlay"))
    thin = f"{count} of {len(times)} samples are drawn." if count < len(times) else ""
    bands = "Lines: mean over seeds; bands: lowest to highest seed." if len(run.seeds) > 1 else "One seed."
    dots = "Dotted: mean before the first dose." if rest is not None else ""
    about = " ".join(part for part in (f"{quantity}.", bands, dots, thin) if part)
    return Drawing(title, made, about, course_table(run, variable, styles))


def _unit(variable: xr.DataArray) -> str:
    unit = shown_unit(variable)
    return unit if unit in ("%", "µM", "mV", "pA", "Hz") else ""


def _rest(run: Run, variable: xr.DataArray) -> float | None:
    """Return the mean before the first dose, where all arms share it."""
    before = run.samples["time"].values <= 0
    if not before.any():
        return None
    means = (variable.isel(time=before).mean(["seed", "time"]) * shown_factor(variable)).values
    spread = float(np.ptp(variable.values) * shown_factor(variable))
    return float(means.mean()) if np.ptp(means) <= 0.03 * spread else None


def course_table(run: Run, variable: xr.DataArray, styles: Mapping[str, Style]) -> Table:
    """Return a sampled quantity of every arm at times with common names, as a table."""
    times = run.samples["time"].values
    told = told_times(times)
    columns = ("arm", *(duration_text(float(times[one])) for one in told))
    rows: list[Sequence[Cell]] = []
    for arm in run.arms:
        values = variable.sel(arm=arm).transpose("seed", "time").values * shown_factor(variable)
        rows.append((Sign(arm, styles[arm]), *(mean_text(values[:, one]) for one in told)))
    note = "Mean over seeds; below it lowest to highest seed." if len(run.seeds) > 1 else ""
    return Table(axis_label(variable), columns, rows, numbers=columns[1:], note=note)
