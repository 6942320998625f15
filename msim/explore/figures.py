"""Figures of the page, drawn once and filled anew with every result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, HoverTool, Range1d, Span

from msim.explore.state import BEFORE, Choices, Courses, State
from msim.plots.style import GRAY, population_colors
from msim.plots.wording import short_name
from msim.report.figures import arm_styles, time_figure
from msim.report.time_axis import ROOM, time_hover

MOST_DOSES = 10
HEIGHT = 300  # px
CONCENTRATION = "concentration"
FADED = 0.25


class Figures:
    """All figures of a page, with the sources of their data; times in s."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._span = Range1d(BEFORE, 86400.0 * ROOM)
        self._doses: list[Span] = []
        self._lines: list[Any] = []
        self.sources: dict[str, ColumnDataSource] = {}
        self.drawn = {
            "concentration": self._figure("drug at the receptors (µM)", {CONCENTRATION: "drug"}),
            "block": self._figure("receptors blocked (%)",
                                  {one: _owner(one).removeprefix("block_") for one in choices.pools}),
            "cascade": self._figure("amount, see above",
                                    {one: short_name(one, meaning).replace("_", "-")
                                     for one, meaning in choices.cascade.items()}),
            "rates": self._figure("spikes per cell (Hz)", {one: _owner(one) for one in choices.rates}, True),
            "bold": self._figure("BOLD signal change (%)", {choices.bold: "BOLD"} if choices.bold else {}),
        }  # fmt: skip

    def _figure(self, label: str, lines: dict[str, str], dots: bool = False) -> Any:
        made = time_figure(label, self._span.end, is_log=False, begin=BEFORE, x_range=self._span, height=HEIGHT)
        made.y_range.range_padding = 0.1
        made.min_border_left = 70
        self._mark_doses(made)
        styles = arm_styles(list(lines.values()))
        colors = population_colors(list(lines.values())) if dots else {}
        nothing = np.array([])
        for quantity, name in lines.items():
            style = styles[name]
            source = ColumnDataSource({"x": nothing, "y": nothing}, name=quantity)
            options = {"legend_label": name} if len(lines) > 1 else {}
            color = colors.get(name, style.color)
            line = made.line("x", "y", source=source, line_color=color, line_width=2, line_dash=list(style.dash),
                             **options)  # fmt: skip
            if dots:
                self._lines.append(made.scatter("x", "y", source=source, color=color, size=7, **options))
            told = [("", name), ("time", "$x{custom}"), ("value", "@y{0.0000}")]
            made.add_tools(HoverTool(renderers=[line], mode="mouse", line_policy="interp", visible=False,
                                     formatters={"$x": time_hover()}, tooltips=told))  # fmt: skip
            self._lines.append(line)
            self.sources[quantity] = source
        if len(lines) > 1:
            _hide_by_legend(made)
        return made

    def _mark_doses(self, made: Any) -> None:
        for _ in range(MOST_DOSES):
            mark = Span(location=0, dimension="height", line_color=GRAY, line_dash=[4, 4], level="underlay",
                        visible=False)  # fmt: skip
            made.add_layout(mark)
            self._doses.append(mark)

    def show(self, found: Courses, state: State) -> None:
        """Put results into the figures."""
        times = found.samples["time"].values
        for quantity, source in self.sources.items():
            if quantity in self._choices.rates:
                x, y = found.probes["probe_time"].values, found.probes[quantity].values
            elif quantity == CONCENTRATION:
                x, y = times, 1e3 * found.samples[f"{state.drug}.C_e"].values
            else:
                x, y = times, (100.0 if quantity in self._choices.pools else 1.0) * found.samples[quantity].values
            source.data = {"x": x, "y": y}
        self._span.update(start=BEFORE, end=state.length * ROOM)
        self._show_doses(state.dose_times())
        self.fade(1.0)

    def _show_doses(self, starts: Sequence[float]) -> None:
        for number, mark in enumerate(self._doses):
            at = number % MOST_DOSES
            mark.update(visible=at < len(starts), location=starts[at] if at < len(starts) else 0)

    def fade(self, alpha: float = FADED) -> None:
        """Draw the present curves paler, because they belong to an earlier setting."""
        for one in self._lines:
            one.glyph.line_alpha = alpha
            if hasattr(one.glyph, "fill_alpha"):
                one.glyph.fill_alpha = alpha


def _owner(quantity: str) -> str:
    return quantity.split(".")[0]


def _hide_by_legend(made: Any) -> None:
    """Place the names of lines above the axes; a click on one hides or shows its line."""
    made.add_layout(made.legend[0], "above")
    made.legend.click_policy = "hide"
    made.legend.orientation = "horizontal"
    made.legend.ncols = 3  # as many as a telephone has room for
    made.legend.padding = made.legend.margin = 0
    made.legend.spacing = 10
    made.legend.glyph_height = 16
    made.legend.border_line_color = None
    made.legend.label_text_font_size = "13px"
