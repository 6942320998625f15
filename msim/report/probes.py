"""Figures of probes: values at each of them, and spectra of the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bokeh.models import BoxAnnotation, ColumnDataSource, FixedTicker, HoverTool, Label, Node, Range1d

from msim.plots.experiment import experiment_of
from msim.plots.pages import MOST_PANELS, shown_probes
from msim.plots.probe_values import probe_title
from msim.plots.spectra import HIGHEST, QUANTITY, bands_of
from msim.plots.style import BAND, GRAY
from msim.plots.time_axis import dose_spans, when
from msim.plots.wording import axis_label, duration_text, sentence, shown_factor, shown_unit
from msim.report.blocks import Cell, Drawing, Drawings, Sign, Table
from msim.report.figures import Style, arm_tag, new_figure
from msim.report.texts import mean_text
from msim.storage.run_store import Run

STEP, WIDTH = 0.13, 0.8  # from one arm of a probe to the next, and of all arms, where probes are 1 apart
FREQUENCIES = (2, 5, 10, 20, 40, 80, 160)


def probe_drawings(run: Run, styles: Mapping[str, Style]) -> list[Drawings]:
    """Draw the quantities that only probes record, the arms side by side at each probe."""
    known = experiment_of(run).recording.probed
    chosen = [one for one in known if one in run.probes and one not in run.samples][:MOST_PANELS]
    if not chosen or not run.probes.sizes.get("probe"):
        return []
    return [Drawings("Activity of the cells at the probes", tuple(_values(run, one, styles) for one in chosen))]


def _values(run: Run, quantity: str, styles: Mapping[str, Style]) -> Drawing:
    variable = run.probes[quantity]
    times = [duration_text(float(one)) for one in run.probes["probe_time"].values]
    made = new_figure("time after the first dose", axis_label(variable), x_range=Range1d(-0.5, len(times) - 0.5))
    made.xaxis[0].ticker = FixedTicker(ticks=list(range(len(times))))
    made.xaxis[0].major_label_overrides = dict(enumerate(times))
    shifts = min(STEP, WIDTH / len(run.arms)) * (np.arange(len(run.arms)) - (len(run.arms) - 1) / 2)
    rows: list[Sequence[Cell]] = []
    for shift, arm in zip(shifts, run.arms, strict=True):
        values = variable.sel(arm=arm).transpose("seed", "probe").values * shown_factor(variable)
        _arm(made, np.arange(len(times)) + shift, values, times, arm, styles[arm])
        rows.append((Sign(arm, styles[arm]), *(mean_text(values[:, one]) for one in range(len(times)))))
    columns = ("arm", *times)
    about = f"{quantity}. Large dots and lines: mean over seeds; small dots: seeds."
    return Drawing(probe_title(run, quantity), made, about,
                   Table(axis_label(variable), columns, rows, numbers=columns[1:]))  # fmt: skip


def _arm(made: Any, places: np.ndarray, values: np.ndarray, times: Sequence[str], arm: str, style: Style) -> None:
    mean = ColumnDataSource({"x": places, "y": values.mean(axis=0), "at": list(times)})
    line = made.line("x", "y", source=mean, line_color=style.color, line_width=1.2, line_dash=list(style.dash))
    dots = made.scatter("x", "y", source=mean, size=9, fill_color=style.color, line_color="#ffffff")
    seeds = made.scatter(np.tile(places, len(values)), values.ravel(), size=4, color=style.color, alpha=0.75)
    for one in (line, dots, seeds):
        one.tags = [arm_tag(arm)]
    tips = [("arm", arm), ("time", "@at"), ("mean", "@y{0.0000}")]
    made.add_tools(HoverTool(renderers=[dots], tooltips=tips, visible=False))


def spectrum_drawings(run: Run, styles: Mapping[str, Style]) -> list[Drawings]:
    """Draw the spectrum of the field at every probe, on shared axes."""
    if QUANTITY not in run.spectra or not np.isfinite(run.spectra[QUANTITY]).any():
        return []
    frequency = run.spectra["frequency"].values
    shown = (frequency > 0) & (frequency <= HIGHEST)
    shared = Range1d(float(frequency[shown][0]), float(frequency[shown][-1]))
    drawings = tuple(_spectrum(run, probe, shown, styles, shared) for probe in shown_probes(run.spectra.sizes["probe"]))
    return [Drawings("Power spectrum of the local field", drawings)]


def _spectrum(run: Run, probe: int, shown: np.ndarray, styles: Mapping[str, Style], shared: Any) -> Drawing:
    variable = run.spectra[QUANTITY]
    frequency = run.spectra["frequency"].values[shown]
    title = sentence(when(float(run.spectra["probe_time"].values[probe]), dose_spans(run)))
    unit = shown_unit(variable)
    made = new_figure("frequency (Hz)", f"power ({unit})", x_range=shared, x_axis_type="log", y_axis_type="log")
    made.xaxis[0].ticker = FixedTicker(ticks=[1, 2, 5, 10, 20, 50, 100, 200])
    for name, low, high in bands_of(run):
        made.add_layout(BoxAnnotation(left=low, right=high, fill_color=BAND, fill_alpha=1.0, line_color=None,
                                      level="underlay", propagate_hover=True))  # fmt: skip
        made.add_layout(Label(x=low, y=Node.frame.bottom, x_offset=3, y_offset=-2, text=name, text_color=GRAY,
                              text_baseline="bottom", text_font_size="12px"))  # fmt: skip
    told = [int(np.argmin(np.abs(frequency - one))) for one in FREQUENCIES if one <= frequency[-1]]
    rows: list[Sequence[Cell]] = []
    for arm in run.arms:
        values = variable.sel(arm=arm).isel(probe=probe).transpose("seed", "frequency").values[:, shown]
        values = values * shown_factor(variable)
        _line(made, frequency, values, arm, styles[arm], unit)
        rows.append((Sign(arm, styles[arm]), *(mean_text(values[:, one]) for one in told)))
    columns = ("arm", *(f"{frequency[one]:g} Hz" for one in told))
    bands = "Lines: mean over seeds; bands: lowest to highest seed." if len(run.seeds) > 1 else "One seed."
    return Drawing(title, made, bands, Table(f"power ({unit})", columns, rows, numbers=columns[1:]))


def _line(made: Any, frequency: np.ndarray, values: np.ndarray, arm: str, style: Style, unit: str) -> None:
    source = ColumnDataSource(
        {"x": frequency, "y": values.mean(axis=0), "low": values.min(axis=0), "high": values.max(axis=0)}
    )
    drawn = [made.line("x", "y", source=source, line_color=style.color, line_width=0.7 * style.width,
                       line_dash=list(style.dash))]  # fmt: skip
    tips = [("arm", arm), ("frequency", "@x{0.0} Hz"), ("power", f"@y{{0.000e+0}} {unit}")]
    made.add_tools(HoverTool(renderers=list(drawn), tooltips=tips, visible=False))
    if len(values) > 1:
        drawn.append(made.varea("x", "low", "high", source=source, fill_color=style.color, fill_alpha=0.18))
    for one in drawn:
        one.tags = [arm_tag(arm)]
