"""Figure on one axis from a week to a fraction of a millisecond: the gain of synapses, and the spikes below it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from bokeh.models import HoverTool, Label, Node, Range1d

from msim.plots.experiment import experiment_of, roles_of
from msim.plots.rasters import shown_arm
from msim.plots.style import population_colors
from msim.plots.time_axis import dose_spans
from msim.plots.wording import axis_label, duration_text, population_name, shown_factor
from msim.report.blocks import Drawing, Drawings, Table
from msim.report.courses import course_table
from msim.report.figures import INK, Style, add_course, thinned, time_figure
from msim.report.texts import counted
from msim.report.time_axis import ROOM, time_hover
from msim.storage.run_store import Run

GROUP = "zoom"
MOST_CELLS = 60  # of a population: so many rasters of a page can be read, and carried
MOST_PROBES = 6
STEP = 1e-4  # s, of the spikes
LEFT = 76  # px, so that both figures begin at the same place


def zoom_drawings(run: Run, styles: Mapping[str, Style]) -> list[Drawings]:
    """Draw the gain of synapses and the spikes at the probes, over the same linear time."""
    if not run.probes.sizes.get("probe") or "time" not in run.samples:
        return []
    arm, seed = shown_arm(run), run.seeds[0]
    spikes = {name: _spikes(run, arm, seed, name) for name in experiment_of(run).model.populations}
    if not sum(len(times) for times, _ in spikes.values()):
        return []
    ends = float(run.samples["time"].min()), float(run.samples["time"].max()) * ROOM
    shared = Range1d(*ends, tags=[f"span:{GROUP}"])
    gain = roles_of(run).gain
    above = [_gain(run, gain, styles, shared)] if gain in run.samples else []
    drawings = (*above, _raster(run, arm, seed, spikes, shared))
    return [Drawings("From the whole run to a tenth of a millisecond", drawings, _spans(run, ends), GROUP)]


def _spans(run: Run, ends: tuple[float, float]) -> tuple[tuple[str, float, float], ...]:
    spans = [("whole run", *ends)]
    for time in run.probes["probe_time"].values[:MOST_PROBES]:
        name = duration_text(float(time))
        start = float(time)
        spans += [(f"1 s at {name}", start, start + 1.0), (f"50 ms at {name}", start, start + 0.05)]
    return tuple(spans)


def _gain(run: Run, name: object, styles: Mapping[str, Style], shared: Range1d) -> Drawing:
    variable = run.samples[name]
    times = run.samples["time"].values
    made = time_figure(axis_label(variable), float(times[-1]), doses=dose_spans(run), is_log=False,
                       begin=float(times[0]), x_range=shared, height=240, min_border_left=LEFT)  # fmt: skip
    # The start, where most happens, lies close together on a linear axis: it keeps its samples.
    from_start = thinned(times - times[0] + 60.0, is_log=True)
    # What the slow scale hands down is held while a probe listens, at the end of a run too.
    held = np.append(times[from_start], times[-1] + max(run.trial(run.arms[0], run.seeds[0], "spikes").probe_seconds))
    for arm in run.arms:
        values = variable.sel(arm=arm).transpose("seed", "time").values * shown_factor(variable)
        add_course(made, held, values[:, np.append(from_start, len(times) - 1)], arm, styles[arm])
    about = "The slow scale on a linear axis. Press a time above: this figure and the next move together."
    return Drawing("AMPA conductance", made, about, course_table(run, variable, styles), is_wide=True)


def _spikes(run: Run, arm: str, seed: int, population: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the spikes of some cells of a population at all probes: times in s after the first dose, and cells."""
    starts = run.probes["probe_time"].values[:MOST_PROBES]
    found = [run.spikes(arm, seed, probe, population) for probe in range(len(starts))]
    times = np.concatenate([start + own for start, (own, _) in zip(starts, found, strict=True)])
    cells = np.concatenate([own for _, own in found])
    kept = cells < MOST_CELLS
    return times[kept], cells[kept]


def _raster(
    run: Run, arm: str, seed: int, spikes: Mapping[str, tuple[np.ndarray, np.ndarray]], shared: Range1d
) -> Drawing:
    colors = population_colors(list(spikes))
    made = time_figure("cell", float(run.samples["time"].max()), is_log=False, begin=0.0, x_range=shared,
                       y_range=Range1d(-1, len(spikes) * (MOST_CELLS + 4)), min_border_left=LEFT)  # fmt: skip
    made.yaxis[0].ticker = []
    made.ygrid[0].visible = False
    rows = []
    seconds = run.trial(arm, seed, "spikes").attrs["probe_seconds"]
    for place, (name, (times, cells)) in enumerate(spikes.items()):
        base = place * (MOST_CELLS + 4)
        drawn = made.scatter(times, base + cells, marker="dash", angle=np.pi / 2, size=6, color=colors[name])
        made.add_tools(HoverTool(renderers=[drawn], formatters={"$x": time_hover(STEP)}, visible=False,
                                 tooltips=[("cell of", population_name(name)), ("time", "$x{custom}")]))  # fmt: skip
        made.add_layout(Label(x=Node.frame.left, y=base + MOST_CELLS, x_offset=4, text=population_name(name),
                              text_baseline="top", text_color=INK, text_font_style="bold",
                              background_fill_color="#ffffff", background_fill_alpha=0.8,
                              text_font_size="13px"))  # fmt: skip
        rows.append(_counts(run, name, times, cells, seconds))
    times = run.probes["probe_time"].values[:MOST_PROBES]
    columns = ("population", *(f"{duration_text(float(one))}" for one in times))
    table = Table("Spikes drawn at each probe", columns, rows, numbers=columns[1:])
    about = (
        f"Arm {arm}, seed {seed}: up to {MOST_CELLS} cells of each population. Spikes are simulated in bursts and kept "
        f"at the probes ({counted(len(times), 'probe')} of {max(seconds):g} s); between them only the slow scale "
        "moves, so that the whole run shows each probe as a stripe."
    )
    return Drawing("Spikes", made, about, table, is_wide=True)


def _counts(run: Run, name: str, times: np.ndarray, cells: np.ndarray, seconds: list[float]) -> tuple[str, ...]:
    starts = run.probes["probe_time"].values[:MOST_PROBES]
    drawn = len(np.unique(cells))
    counts = [
        int(np.sum((times >= start) & (times < start + length)))
        for start, length in zip(starts, seconds[: len(starts)], strict=True)
    ]
    return (f"{population_name(name)}, {counted(drawn, 'cell')}", *(str(one) for one in counts))
