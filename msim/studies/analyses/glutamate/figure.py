"""Figure of a glutamate study: glutamate and synapses over time, and the scans of each group."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msim.plots.style import BLACK, BLUE, GRAY, SMALL, VERMILION, dress
from msim.studies.analyses.glutamate import ANALYSIS, GlutamateEntry
from msim.studies.analyses.glutamate.study import MEASURES, GlutamateDetails
from msim.studies.outcome import Outcome

COLORS = (VERMILION, BLUE)
HOUR = 3600.0


def draw(found: Outcome, figure: Figure) -> None:
    """Draw courses above and scans below, a column for each measure."""
    details: GlutamateDetails = found.details
    options: GlutamateEntry = found.cohort.study.options
    groups = [one.name for one in found.cohort.study.groups]
    width = 0.96 / len(MEASURES)
    for index, measure in enumerate(MEASURES):
        left = 0.05 + index * width
        _course(found, details, measure, groups, figure.add_axes((left, 0.57, width - 0.06, 0.32)))
        _scans(found, details, options, measure, groups, figure.add_axes((left, 0.09, width - 0.06, 0.32)))
    figure.axes[0].legend(fontsize=SMALL, frameon=False)


def _course(found: Outcome, details: GlutamateDetails, measure: str, groups: list[str], ax: Axes) -> None:
    dress(ax, measure, "time from the dose (h)", ANALYSIS.units[measure])
    for group, color in zip(groups, COLORS, strict=False):
        own = [details.readings[one.id] for one in found.cohort.people if one.group == group]
        times = own[0].times / HOUR
        values = np.array([one.values[measure] for one in own])
        mean, sd = values.mean(axis=0), values.std(axis=0)
        ax.plot(times, mean, color=color, label=group)
        ax.fill_between(times, mean - sd, mean + sd, color=color, alpha=0.15, linewidth=0)
    ax.axvspan(0, 40 / 60, color="#DDDDDD", linewidth=0, zorder=0)


def _scans(
    found: Outcome, details: GlutamateDetails, options: GlutamateEntry, measure: str, groups: list[str], ax: Axes
) -> None:
    dress(ax, f"{measure}: change of everybody", "", "% of baseline")
    visits = list(options.after)
    for place, visit in enumerate(visits):
        for shift, group, color in zip((-0.15, 0.15), groups, COLORS, strict=False):
            people = [one.id for one in found.cohort.people if one.group == group and visit in details.during[one.id]]
            values = np.array([
                100 * (details.during[one][visit][measure] / details.during[one][options.baseline][measure] - 1)
                for one in people
            ])  # fmt: skip
            spread = np.linspace(-0.09, 0.09, len(values))
            ax.plot(place + shift + spread, values, "o", color=color, markersize=3, alpha=0.6)
            ax.hlines(values.mean(), place + shift - 0.12, place + shift + 0.12, color=BLACK, linewidth=2, zorder=3)
    ax.axhline(0, color=GRAY, linewidth=0.8)
    ax.set_xticks(range(len(visits)), [one.replace("_", " ") for one in visits])
    ax.set_xlim(-0.6, len(visits) - 0.4)
