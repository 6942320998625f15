"""Figures of a sweep: lines over one axis, maps over two, otherwise dots over each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bokeh.models import BasicTicker, ColorBar, ColumnDataSource, FixedTicker, HoverTool, LinearColorMapper

from msim.base.intervals import mean_and_reach
from msim.definitions.experiments.axes import Axis
from msim.plots.sweep_pages import axis_positions, axis_ticks, is_log, sweep_label
from msim.plots.sweep_values import Shown, SweepValues
from msim.plots.wording import axis_label, duration_text, sentence
from msim.report.blocks import Cell, Drawing, Drawings, Sign, Table
from msim.report.figures import Style, arm_tag, new_figure
from msim.report.texts import DASH, plain_number

SEEDS = "Dots: one seed each; lines: mean over seeds; bands: 95 % interval of the mean (Student's t)."


def sweep_drawings(values: SweepValues, styles: Mapping[str, Style]) -> list[Drawings]:
    """Draw all quantities that the sweep shows."""
    grid, count = values.plan.design.sample == "grid", len(values.axes)
    if grid and count == 1:
        return [Drawings("", tuple(_lines(values, one, styles) for one in values.shown))] if values.shown else []
    if grid and count == 2:
        return [Drawings(_title(one), tuple(_map(values, one, arm) for arm in values.arms)) for one in values.shown]
    return [
        Drawings(_title(one), tuple(_dots(values, one, axis, styles) for axis in values.axes)) for one in values.shown
    ]


def _title(shown: Shown) -> str:
    """Return the title of a quantity: its meaning and time."""
    return f"{sentence(str(shown.values.attrs['long_name']))}, at {duration_text(shown.time)}"


def _axes(axis: Axis, y_label: str, **options: Any) -> Any:
    made = new_figure(sweep_label(axis), y_label, x_axis_type="log" if is_log(axis) else "linear", **options)
    at, texts = axis_positions(axis), axis_ticks(axis)
    made.xaxis[0].ticker = FixedTicker(ticks=list(at))
    made.xaxis[0].major_label_overrides = dict(zip(map(float, at), texts, strict=True))
    return made


def _lines(values: SweepValues, shown: Shown, styles: Mapping[str, Style]) -> Drawing:
    axis = values.axes[0]
    at, label = axis_positions(axis), axis_label(shown.values)
    made = _axes(axis, label)
    rows: list[Sequence[Cell]] = []
    for arm in values.arms:
        own = shown.values.sel(arm=arm).transpose(axis.name, "seed").values
        mean, reach = mean_and_reach(own)
        _line(made, at, own, mean, reach, arm, styles[arm])
        rows.append((Sign(arm, styles[arm]), *(_told(*one) for one in zip(mean, reach, strict=True))))
    columns = ("arm", *axis_ticks(axis))
    caption = f"{label} over {sweep_label(axis)}"
    table = Table(caption, columns, rows, numbers=columns[1:], note="Mean, and 95 % interval.")
    return Drawing(_title(shown), made, f"{shown.name}. {SEEDS}", table)


def _line(
    made: Any, at: np.ndarray, own: np.ndarray, mean: np.ndarray, reach: np.ndarray, arm: str, style: Style
) -> None:
    source = ColumnDataSource({"x": at, "y": mean, "low": mean - reach, "high": mean + reach})
    drawn = [made.varea("x", "low", "high", source=source, fill_color=style.color, fill_alpha=0.18)]
    drawn.append(made.line("x", "y", source=source, line_color=style.color, line_width=style.width,
                           line_dash=list(style.dash)))  # fmt: skip
    drawn.append(made.scatter("x", "y", source=source, size=7, fill_color=style.color, line_color="#ffffff"))
    tips = [("arm", arm), ("value", "@x"), ("mean", "@y{0.0000}"), ("interval", "@low{0.0000} to @high{0.0000}")]
    made.add_tools(HoverTool(renderers=[drawn[-1]], tooltips=tips, visible=False))
    places = np.repeat(at, own.shape[1])
    drawn.append(made.scatter(places, own.ravel(), size=4, color=style.color, alpha=0.7))
    for one in drawn:
        one.tags = [arm_tag(arm)]


def _told(mean: float, reach: float) -> str:
    if not np.isfinite(mean):
        return DASH
    interval = f"\n{plain_number(mean - reach)} to {plain_number(mean + reach)}" if np.isfinite(reach) else ""
    return plain_number(mean) + interval


def _map(values: SweepValues, shown: Shown, arm: str) -> Drawing:
    down, across = values.axes
    every = [mean_and_reach(shown.values.sel(arm=one).transpose(down.name, across.name, "seed").values)[0]
             for one in values.arms]  # fmt: skip
    finite = np.concatenate([one[np.isfinite(one)] for one in every])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    mean = every[list(values.arms).index(arm)]
    label = axis_label(shown.values)
    names = _names(across), _names(down)
    made = new_figure(sweep_label(across), sweep_label(down), x_range=names[0], y_range=names[1])
    places = [(x, y) for y in names[1] for x in names[0]]
    source = ColumnDataSource({"x": [x for x, _ in places], "y": [y for _, y in places], "mean": mean.ravel()})
    colors = LinearColorMapper("Cividis256", low=low, high=high if high > low else low + 1, nan_color="#d9d9d9")
    drawn = made.rect("x", "y", 1, 1, source=source, fill_color={"field": "mean", "transform": colors}, line_color=None)
    tips = [(across.name, "@x"), (down.name, "@y"), ("mean", "@mean{0.0000}")]
    made.add_tools(HoverTool(renderers=[drawn], tooltips=tips, visible=False))
    made.add_layout(ColorBar(color_mapper=colors, ticker=BasicTicker(desired_num_ticks=5), width=10), "right")
    made.xaxis[0].major_label_orientation = 0.8
    columns = (f"{down.name} by {across.name}", *axis_ticks(across))
    rows = [(name, *(plain_number(float(one)) for one in row)) for name, row in zip(names[1], mean, strict=True)]
    about = f"{shown.name}, arm {arm}: {label}, mean over seeds. Gray: no trial is done."
    return Drawing(arm, made, about, Table(label, columns, rows, numbers=columns[1:]))


def _names(axis: Axis) -> list[str]:
    """Return the values of an axis as texts that differ."""
    texts = axis_ticks(axis)
    return [f"{text} ({place + 1})" if texts.count(text) > 1 else text for place, text in enumerate(texts)]


def _dots(values: SweepValues, shown: Shown, axis: Axis, styles: Mapping[str, Style]) -> Drawing:
    label = axis_label(shown.values)
    made = _axes(axis, label)
    if values.plan.design.sample != "grid":
        made.xaxis[0].ticker = BasicTicker()
    along = axis.name if values.plan.design.sample == "grid" else "point"
    rows: list[Sequence[Cell]] = []
    for arm in values.arms:
        own = shown.values.sel(arm=arm)
        others = [str(one) for one in own.dims if one not in (along, "seed")]
        mean, _ = mean_and_reach(own.transpose(along, *others, "seed").values)
        flat = mean.reshape(len(mean), -1)
        at = np.repeat(axis_positions(axis), flat.shape[1])
        drawn = made.scatter(at, flat.ravel(), size=6, color=styles[arm].color, alpha=0.7)
        drawn.tags = [arm_tag(arm)]
        tips = [("arm", arm), (axis.name, "$x"), ("mean", "$y{0.0000}")]
        made.add_tools(HoverTool(renderers=[drawn], tooltips=tips, visible=False))
        rows.append((Sign(arm, styles[arm]), *_summary(flat)))
    about = f"{shown.name}. Each dot: a point of the sweep, mean over its seeds."
    table = Table(f"{label}, over all points", ("arm", "lowest", "median", "highest", "points"), rows,
                  numbers=("lowest", "median", "highest", "points"))  # fmt: skip
    return Drawing(f"Over {axis.name}", made, about, table)


def _summary(flat: np.ndarray) -> tuple[str, ...]:
    known = flat[np.isfinite(flat)]
    if not known.size:
        return (DASH, DASH, DASH, "0")
    return (*(plain_number(float(one)) for one in (known.min(), np.median(known), known.max())), str(known.size))
