"""Axis of time with common names at its ticks, at any zoom over ten orders: from 0.1 ms to weeks."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bokeh.models import (
    BoxAnnotation,
    CustomJSHover,
    CustomJSTicker,
    CustomJSTickFormatter,
    Label,
    Node,
    NoOverlap,
    Span,
)

from msim.plots.style import GRAY, SHADE

LABEL = "time after the first dose"
START = 300.0  # s, where an axis of the whole run begins: runs are sampled every few minutes
ROOM = 1.08  # share of the last time at which the axis ends


@functools.cache
def script() -> str:
    """Return the JavaScript that names times."""
    return Path(__file__).with_name("times.js").read_text(encoding="utf-8")


def name_times(axis: Any, is_log: bool) -> None:
    """Give an axis over s ticks at round times with names such as '10 min' and '7 d'."""
    ticks = f"return ticksOf(cb_data.start, cb_data.end, {str(is_log).lower()});"
    axis.ticker = CustomJSTicker(major_code=f"{script()}\n{ticks}", minor_code="return [];")
    axis.formatter = CustomJSTickFormatter(code=f"{script()}\nreturn tickText(tick, ticks);")
    axis.major_label_policy = NoOverlap(min_distance=8)


def time_hover(step: float = 1.0) -> CustomJSHover:
    """Return a formatter of the time in s beside the pointer, by its name, to multiples of a step in s."""
    return CustomJSHover(code=f"{script()}\nreturn named(Math.round(value / {step}) * {step});")


def show_doses(figure: Any, spans: Sequence[tuple[float, float]], first: float) -> None:
    """Shade every infusion, mark every other dose, and name the first of each kind.

    spans: start and end of each in s, equal where it takes no time; first: s, where the axis begins
    """
    named: set[str] = set()
    for start, end in spans:
        kind, left = ("infusion" if end > start else "dose"), max(start, first)
        if end > start and end > first:
            figure.add_layout(BoxAnnotation(left=left, right=end, fill_color=SHADE, fill_alpha=1.0, level="underlay",
                                            line_color=None, propagate_hover=True))  # fmt: skip
        elif start >= first:
            figure.add_layout(Span(location=start, dimension="height", line_color=GRAY, level="underlay"))
        if max(start, end) > first and kind not in named:
            named.add(kind)
            figure.add_layout(Label(x=left, y=Node.frame.top, x_offset=4, y_offset=-1, text=kind,
                                    text_baseline="top", text_color=GRAY, text_font_size="12px"))  # fmt: skip
