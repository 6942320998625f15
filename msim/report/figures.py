"""Interactive figures: empty axes in msim's style, and the functions that draw arms on them.

Every part of an arm carries the tag `arm_tag(name)`, by which a page shows and hides it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.models import BasicTickFormatter, ColumnDataSource, DataRange1d, HoverTool, Range1d
from bokeh.plotting import figure

from msim.plots.style import numbered_style
from msim.report.time_axis import LABEL, ROOM, START, name_times, show_doses, time_hover

INK, GRID = "#333333", "#DDDDDD"
HEIGHT = 320  # px
TOOLS = "xpan,box_zoom,xwheel_zoom,zoom_in,zoom_out,undo,reset,save"
MOST_POINTS = 500  # of a line, spread evenly over its axis: more is not seen and makes a page heavy


@dataclass(frozen=True)
class Style:
    """Style of an arm's lines: color, width in px, and lengths of dashes and gaps in px (empty: a solid line)."""

    color: str
    width: float
    dash: tuple[int, ...]


def arm_styles(arms: Sequence[str]) -> dict[str, Style]:
    """Return color, width and dashes of each arm, in their order the same as in the PNG figures."""
    return {name: _style(number) for number, name in enumerate(arms)}


def _style(number: int) -> Style:
    drawn = numbered_style(number)
    width = float(drawn["linewidth"])
    pattern = drawn["linestyle"]
    dash = () if pattern == "-" else tuple(max(1, round(1.6 * length * width)) for length in pattern[1])
    return Style(drawn["color"], width, dash)


def arm_tag(name: str) -> str:
    """Return the tag of all parts of a figure that belong to an arm."""
    return f"arm:{name}"


def new_figure(x_label: str, y_label: str, *, height: int = HEIGHT, **options: Any) -> Any:
    """Return empty axes as wide as the page allows.

    options: of bokeh.plotting.figure
    """
    made = figure(**{
        "height": height, "sizing_mode": "stretch_width", "min_width": 240, "tools": TOOLS,
        "toolbar_location": "above", "min_border_right": 24, "x_axis_label": x_label, "y_axis_label": y_label,
        **options,
    })  # fmt: skip
    made.toolbar.logo = None
    made.toolbar.active_drag = None  # a finger that drags on a figure is to scroll the page
    made.outline_line_color = None
    for axis in made.axis:
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = axis.major_label_text_font_size = "13px"
        axis.axis_label_text_color = axis.major_label_text_color = INK
        axis.minor_tick_line_color = None
        if isinstance(axis.formatter, BasicTickFormatter):
            axis.formatter.power_limit_low = -5
    made.grid.grid_line_color = GRID
    if isinstance(made.y_range, DataRange1d):
        made.y_range.range_padding = 0.24  # room for the names of doses
        made.y_range.only_visible = True
    return made


def time_figure(
    y_label: str, end: float, *, doses: Sequence[tuple[float, float]] = (), is_log: bool = True, begin: float = START,
    x_range: Any = None, height: int = HEIGHT, **options: Any,
) -> Any:  # fmt: skip
    """Return empty axes over the time after the first dose.

    end: last time in s; doses: start and end of each in s
    is_log: logarithmic from `begin` (s) on, which shows minutes and weeks together
    x_range: range of another figure, so that both move together
    """
    span = Range1d(begin, max(end, 2 * abs(begin)) * ROOM) if x_range is None else x_range
    made = new_figure(
        LABEL, y_label, height=height, x_range=span, x_axis_type="log" if is_log else "linear", **options
    )
    name_times(made.xaxis[0], is_log)
    show_doses(made, doses, begin)
    return made


def thinned(times: np.ndarray, is_log: bool, most: int = MOST_POINTS) -> np.ndarray:
    """Return the indices of the samples to draw: all, or `most` of them, evenly over the axis, with the first and last.

    times: s, rising, above 0 where the axis is logarithmic
    returns: indices, rising
    """
    if len(times) <= most:
        return np.arange(len(times))
    at = np.log(times) if is_log else times
    wanted = np.linspace(at[0], at[-1], most)
    return np.unique(np.clip(np.searchsorted(at, wanted), 0, len(times) - 1))


def add_course(
    made: Any, times: np.ndarray, values: np.ndarray, name: str, style: Style, *, unit: str = "", legend: bool = False
) -> ColumnDataSource:  # fmt: skip
    """Draw an arm: the mean over seeds as a line, lowest to highest seed as a band.

    times: s, shape (samples,); values: shape (seeds, samples) or (samples,)
    returns: columns x, y, low and high, which may be replaced to redraw
    """
    own = np.atleast_2d(np.asarray(values, dtype=float))
    source = ColumnDataSource({"x": times, "y": own.mean(axis=0), "low": own.min(axis=0), "high": own.max(axis=0)})
    drawn: list[Any] = []
    if len(own) > 1:
        drawn.append(made.varea("x", "low", "high", source=source, fill_color=style.color, fill_alpha=0.18))
    labels = {"legend_label": name} if legend else {}
    line = made.line("x", "y", source=source, line_color=style.color, line_width=style.width,
                     line_dash=list(style.dash), **labels)  # fmt: skip
    for one in (*drawn, line):
        one.tags = [arm_tag(name)]
    seeds = [("seeds", "@low{0.000a} to @high{0.000a}")] if len(own) > 1 else []
    made.add_tools(HoverTool(
        renderers=[line], mode="mouse", line_policy="interp", visible=False, formatters={"$x": time_hover()},
        tooltips=[("arm", name), ("time", "$x{custom}"), ("mean" if seeds else "value", f"@y{{0.0000}} {unit}"),
                  *seeds],
    ))  # fmt: skip
    return source
