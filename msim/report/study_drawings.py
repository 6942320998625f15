"""Figures of a study: effects of its statistics, all participants over visits, and the data of its analysis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bokeh.models import (
    BasicTicker,
    ColorBar,
    ColumnDataSource,
    FixedTicker,
    HoverTool,
    Label,
    LinearColorMapper,
    Node,
    Span,
)
from bokeh.palettes import RdBu11

from msim.base.errors import StorageError
from msim.definitions.studies.analysis import analyses
from msim.plots.style import BLUE, GRAY
from msim.report.blocks import Cell, Drawing, Drawings, Sign, Table
from msim.report.figures import INK, Style, add_course, arm_tag, new_figure, time_figure
from msim.report.study_files import PEOPLE, Rows, number_of, read_matrix, read_rows
from msim.report.texts import mean_text, plain_number, told_times

LINE = 40  # px, of a statistic
LONGEST_NAME = 60
MEASURES = {
    "rating": ("Rating of depression", "rating"),
    "potentiation": ("Potentiation of affected regions", "change of AMPA conductance (share)"),
}


def study_drawings(folder: Path, rows: Rows, study: Mapping[str, Any], styles: Mapping[str, Style]) -> list[Drawings]:
    """Draw the figures of a study from the files in its folder."""
    found = [Drawings("", (_effects(rows),))]
    people = read_rows(folder / PEOPLE, ("participant_id", "group"))
    seen = tuple(one for name in MEASURES if (one := _everybody(people, name, study, styles)) is not None)
    found += [Drawings("People over visits", seen)] if seen else []
    analysis = analyses().get(study["analysis"])
    readings = _readings(folder, people, styles, analysis.units if analysis else {})
    found += [Drawings("Readings over time", readings)] if readings else []
    matrices = tuple(_matrix(path) for path in sorted(folder.glob("sub-group*/**/*_relmat.tsv")))
    found += [Drawings("Connectivity of groups", matrices)] if matrices else []
    return found


def _effects(rows: Rows) -> Drawing:
    """Draw effect sizes of all statistics, the first above."""
    known = [row for row in rows if np.isfinite(number_of(row["effect"]))]
    places = np.arange(len(known))[::-1].astype(float)
    made = new_figure("effect size (Cohen's d, or r)", "", height=max(200, LINE * len(known) + 90),
                      y_range=(-0.7, max(len(known), 1) - 0.3))  # fmt: skip
    names = [_short(row["statistic"]) for row in known]
    made.yaxis[0].visible = made.ygrid[0].visible = False
    made.add_layout(Span(location=0, dimension="height", line_color=GRAY, level="underlay"))
    source = ColumnDataSource({
        "x": [number_of(row["effect"]) for row in known], "at": places - 0.18, "zero": np.zeros(len(known)),
        "name": names, "p": [row["p"] for row in known],
    })  # fmt: skip
    made.segment("zero", "at", "x", "at", source=source, line_color=BLUE, line_width=2)
    dots = made.scatter("x", "at", source=source, size=9, color=BLUE)
    for place, name in zip(places, names, strict=True):
        made.add_layout(Label(x=Node.frame.left, y=place, x_offset=4, text=name, text_color=INK, text_font_size="12px"))
    tips = [("statistic", "@name"), ("effect", "@x{0.00}"), ("p", "@p")]
    made.add_tools(HoverTool(renderers=[dots], tooltips=tips, visible=False))
    table = [(row["statistic"], plain_number(number_of(row["effect"])), row["n"]) for row in known]
    about = "Each line leads from no effect to the effect of a statistic, in the order of the table above."
    return Drawing("Effects", made, about,
                   Table("Effects", ("statistic", "effect", "n"), table, numbers=("effect", "n")))  # fmt: skip


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def _everybody(people: Rows, measure: str, study: Mapping[str, Any], styles: Mapping[str, Style]) -> Drawing | None:
    known = people[0] if people else {}
    names = dict.fromkeys(one["name"] for one in study["visits"])
    visits = [one for one in names if f"{measure}_{one}" in known]
    title, label = MEASURES[measure]
    if not visits:
        return None
    made = new_figure("visit", label, x_range=(-0.6, len(visits) - 0.4))
    made.xaxis[0].ticker = FixedTicker(ticks=list(range(len(visits))))
    made.xaxis[0].major_label_overrides = dict(enumerate(visits))
    rows: list[Sequence[Cell]] = []
    for number, (group, style) in enumerate(styles.items()):
        own = [one for one in people if one["group"] == group]
        values = np.array([[number_of(one[f"{measure}_{visit}"]) for visit in visits] for one in own])
        if values.size:
            shift = 0.22 * (number - (len(styles) - 1) / 2)
            _people(made, values, [one["participant_id"] for one in own], shift, group, style)
            rows.append((Sign(group, style), *(_spread(values[:, place]) for place in range(len(visits)))))
    columns = ("group", *visits)
    table = Table(f"{label}: mean, and lowest to highest", columns, rows, numbers=columns[1:])
    return Drawing(title, made, "Lines join a person's visits; large dots: mean of a group.", table)


def _people(made: Any, values: np.ndarray, names: Sequence[str], shift: float, group: str, style: Style) -> None:
    places = np.arange(values.shape[1]) + shift
    lines = made.multi_line([places] * len(values), list(values), line_color=style.color, line_alpha=0.25)
    source = ColumnDataSource({"x": np.tile(places, len(values)), "y": values.ravel(),
                               "name": np.repeat(names, values.shape[1])})  # fmt: skip
    dots = made.scatter("x", "y", source=source, size=4, color=style.color, alpha=0.6)
    known = np.isfinite(values).any(axis=0)
    means = made.scatter(places[known], np.nanmean(values[:, known], axis=0), size=10, fill_color=style.color,
                         line_color="#ffffff")  # fmt: skip
    made.add_tools(HoverTool(renderers=[dots], visible=False, tooltips=[("person", "@name"), ("value", "@y{0.000}")]))
    for one in (lines, dots, means):
        one.tags = [arm_tag(group)]


def _spread(values: np.ndarray) -> str:
    return mean_text(values[np.isfinite(values)])


def _readings(
    folder: Path, people: Rows, styles: Mapping[str, Style], units: Mapping[str, str]
) -> tuple[Drawing, ...]:
    """Draw the readings of participants over time, as means of groups."""
    read: dict[str, list[Rows]] = {}
    for one in people:
        path = folder / one["participant_id"] / f"{one['participant_id']}_readings.tsv"
        if "/" not in one["participant_id"] and ".." not in one["participant_id"] and path.is_file():
            read.setdefault(one["group"], []).append(read_rows(path, ("time_s",)))
    if not read:
        return ()
    first = next(iter(read.values()))[0]
    times = np.array([number_of(row["time_s"]) for row in first])
    names = {name: f"{name} ({units[name]})" if name in units else name for name in first[0] if name != "time_s"}
    return tuple(_reading(name, label, times, read, styles) for name, label in names.items())


def _reading(
    name: str, label: str, times: np.ndarray, read: Mapping[str, list[Rows]], styles: Mapping[str, Style]
) -> Drawing:
    made = time_figure(label, float(times[-1]), is_log=False, begin=float(times[0]))
    told = told_times(times)
    rows: list[Sequence[Cell]] = []
    for group, everybody in read.items():
        values = np.array([[number_of(row[name]) for row in own] for own in everybody])
        if values.shape[1] != len(times):
            raise StorageError(f"readings of '{group}' are of different lengths")
        add_course(made, times, values, group, styles[group])
        rows.append((Sign(group, styles[group]), *(mean_text(values[:, one]) for one in told)))
    columns = ("group", *(f"{times[one] / 3600:g} h" for one in told))
    about = "Lines: mean of a group; bands: lowest to highest person."
    return Drawing(name, made, about, Table(label, columns, rows, numbers=columns[1:]))


def _matrix(path: Path) -> Drawing:
    names, values = read_matrix(path)
    shown = np.where(np.eye(len(names), dtype=bool), np.nan, values)
    reach = float(np.nanmax(np.abs(shown))) if np.isfinite(shown).any() else 1.0
    title = path.name.split("_seg-")[0].replace("sub-group", "").replace("_", ", ")
    made = new_figure("", "", height=440, x_range=names, y_range=names[::-1])
    colors = LinearColorMapper(list(RdBu11), low=-reach, high=reach, nan_color="#dddddd")
    source = ColumnDataSource({"x": names * len(names), "y": np.repeat(names, len(names)), "z": shown.ravel()})
    drawn = made.rect("x", "y", 1, 1, source=source, fill_color={"field": "z", "transform": colors}, line_color=None)
    made.add_tools(HoverTool(renderers=[drawn], visible=False,
                             tooltips=[("regions", "@x, @y"), ("Fisher z", "@z{0.000}")]))  # fmt: skip
    bar = ColorBar(color_mapper=colors, ticker=BasicTicker(desired_num_ticks=5), width=10, title="z")
    made.add_layout(bar, "right")
    made.xaxis[0].major_label_orientation = 1.2
    for axis in made.axis:
        axis.major_label_text_font_size = "10px"
    rows = [(name, *(plain_number(float(one)) for one in row)) for name, row in zip(names, shown, strict=True)]
    return Drawing(title, made, "Fisher z of the correlation between regions, mean of a group.",
                   Table("Fisher z", ("region", *names), rows, numbers=tuple(names)))  # fmt: skip
