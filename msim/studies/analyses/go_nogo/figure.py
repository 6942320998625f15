"""Figure of a task study: contrast of regions, behavior and rating over visits, and a glass brain before treatment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msim.base.intervals import mean_and_reach
from msim.brain.go_nogo import TaskResult
from msim.brain.task_table import BEHAVIOR, contrast_in
from msim.imaging.optional_imports import library
from msim.plots.style import BLACK, GRAY, GREEN, SMALL, TITLE, VERMILION, dress
from msim.studies.analyses.go_nogo.study import TaskDetails
from msim.studies.outcome import Outcome


def draw(found: Outcome, figure: Figure) -> None:
    """Draw contrast above, and behavior, rating and brain below."""
    details: TaskDetails = found.details
    table = details.table
    regions = table.regions
    for index, region in enumerate(regions):
        width = 0.95 / len(regions)
        ax = figure.add_axes((0.05 + index * width, 0.56, width - 0.045, 0.34))
        _course(details, contrast_in(region), ax)
        dress(ax, region, "", "NoGo > Go (%)" if not index else "")
        ax.axhline(0, color=GRAY, linewidth=0.8)
    for index, (name, measure) in enumerate(BEHAVIOR.items()):
        ax = figure.add_axes((0.05 + index * 0.16, 0.09, 0.115, 0.33))
        _course(details, measure, ax)
        dress(ax, name + (" (s)" if "reaction" in name else ""), "", "")
    ax = figure.add_axes((0.55, 0.09, 0.13, 0.33))
    _rating(found, details, ax)
    for color, text in ((GREEN, "remitted"), (VERMILION, "did not"), (GRAY, table.controls)):
        figure.axes[0].plot([], [], "o-", color=color, markersize=4, label=text)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), fontsize=SMALL, frameon=False, ncols=3,
                  loc="upper right", bbox_to_anchor=(0.99, 0.985))  # fmt: skip
    _glass_brain(details, figure)


def _course(details: TaskDetails, measure: Callable[[TaskResult], float], ax: Axes) -> None:
    """Draw mean and 95 % interval at every visit, separately for participants who remitted."""
    table = details.table
    for shift, color, wanted in ((-0.06, GREEN, True), (0.06, VERMILION, False)):
        places, means, errors = [], [], []
        for place, visit in enumerate(table.time_points):
            values = [
                value for person, value in table.values(measure, table.patients, visit).items()
                if (person in table.remitters) == wanted and np.isfinite(value)
            ]  # fmt: skip
            if values:
                places.append(place + shift)
                means.append(float(np.mean(values)))
                errors.append(_interval(np.array(values)))
        ax.errorbar(places, means, errors, fmt="o-", color=color, markersize=4, linewidth=1.4, capsize=2)
    controls = np.array(list(table.values(measure, table.controls, table.time_points[0]).values()))
    controls = controls[np.isfinite(controls)]
    if controls.size:
        ax.errorbar([-0.35], [controls.mean()], [_interval(controls)], fmt="s", color=GRAY, markersize=4, capsize=2)
    ax.set_xticks(range(len(table.time_points)), table.time_points)
    ax.set_xlim(-0.6, len(table.time_points) - 0.6)


def _interval(values: np.ndarray) -> float:
    return float(mean_and_reach(values)[1]) if values.size > 1 else 0.0


def _rating(found: Outcome, details: TaskDetails, ax: Axes) -> None:
    table = details.table
    dress(ax, "Rating", "", "")
    people = {one.id for one in found.cohort.people if one.group == table.patients}
    for person in people:
        seen = [one for one in found.cohort.seen if one.person.id == person]
        own = sorted((one.visit.time, one.visit.name, one.rating) for one in seen)
        color = GREEN if person in table.remitters else VERMILION
        ax.plot([table.time_points.index(name) for _, name, _ in own], [value for *_, value in own], color=color,
                linewidth=0.6, alpha=0.5)  # fmt: skip
    means = [np.mean([one.rating for one in found.cohort.at(visit, table.patients)]) for visit in table.time_points]
    ax.plot(range(len(means)), means, "o-", color=BLACK, linewidth=2, markersize=4)
    ax.axhline(found.cohort.study.options.remission, color=GRAY, linewidth=0.8, linestyle="--")
    ax.set_xticks(range(len(means)), table.time_points)
    ax.set_ylim(bottom=0)


def _glass_brain(details: TaskDetails, figure: Figure) -> None:
    table = details.table
    first = [
        one.estimates.contrast for visit, one in zip(table.visits, table.results, strict=True)
        if one.estimates and (visit.group, visit.time_point) == (table.patients, table.time_points[0])
    ]  # fmt: skip
    if not first:
        return
    values = np.mean(first, axis=0)
    left = np.array([one.center_mm for one in details.connectome.regions])
    places, reach = np.concatenate([left, left * [-1, 1, 1]]), float(np.abs(values).max())
    ax = figure.add_axes((0.71, 0.07, 0.24, 0.34))
    library("nilearn.plotting").plot_markers(
        np.concatenate([values, values]), places, node_size=45, node_cmap="RdBu_r", node_vmin=-reach, node_vmax=reach,
        display_mode="x", axes=ax, annotate=True, colorbar=False,
    )  # fmt: skip
    ax.set_title(f"NoGo > Go, {table.patients} at {table.time_points[0]}", loc="left", fontsize=TITLE)
    shades = library("matplotlib.cm").ScalarMappable(library("matplotlib.colors").Normalize(-reach, reach), "RdBu_r")
    figure.colorbar(shades, cax=figure.add_axes((0.955, 0.12, 0.008, 0.24))).set_label("BOLD (%)", fontsize=SMALL)
