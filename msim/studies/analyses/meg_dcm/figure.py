"""Figure of an MEG study: spectra and responses to touch of groups before and after, and fitted synapses."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from msim.meg.fields import BEFORE
from msim.meg.session import Session
from msim.plots.style import BLACK, BLUE, GRAY, SMALL, VERMILION, dress
from msim.plots.wording import population_name
from msim.studies.analyses.meg_dcm.study import MegDetails
from msim.studies.outcome import Outcome

COLORS, NAMES = (BLACK, VERMILION), ("before", "after")


def draw(found: Outcome, figure: Figure) -> None:
    """Draw a row of panels for each group."""
    details: MegDetails = found.details
    groups = [one.name for one in found.cohort.study.groups]
    output = found.cohort.study.population.model.roles.population
    height = 0.9 / len(groups)
    for row, group in enumerate(groups):
        people = [one.id for one in found.cohort.people if one.group == group]
        own = [details.sessions[one] for one in people if one in details.sessions]
        bottom = 0.97 - (row + 1) * height + 0.02
        left, middle, right = (
            figure.add_axes((x, bottom, 0.26, height - 0.15)) for x in (0.06, 0.39, 0.72)
        )
        _spectra(own, f"{group}, n = {len(own)}: ongoing activity", left)
        _evoked(own, f"{group}: answer to touch", middle)
        _changes(own, f"{group}: synapses of {population_name(output)} cells", right)


def _spectra(sessions: list[Session], title: str, ax: Axes) -> None:
    dress(ax, title, "frequency (Hz)", "dipole moment ((nA m)²/Hz)")
    for name, color, index in zip(NAMES, COLORS, (0, 1), strict=True):
        spectra = [(one.comparison.before, one.comparison.after)[index] for one in sessions]
        power = np.log(np.array([1e18 * one.autospectra[:, 0] for one in spectra]))
        mean, sd = power.mean(axis=0), power.std(axis=0)
        ax.plot(spectra[0].frequency, np.exp(mean), color=color, label=name)
        low, high = np.exp(mean - sd), np.exp(mean + sd)
        ax.fill_between(spectra[0].frequency, low, high, color=color, alpha=0.15, linewidth=0)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xticks([2, 5, 10, 20, 50, 90])
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.legend(fontsize=SMALL, frameon=False)


def _evoked(sessions: list[Session], title: str, ax: Axes) -> None:
    dress(ax, title, "time from the touch (ms)", "dipole moment (nA m)")
    for name, color, index in zip(NAMES, COLORS, (0, 1), strict=True):
        sources = [one.sources[index] for one in sessions]
        evoked = 1e9 * np.array([one.evoked for one in sources])
        times = 1e3 * (np.arange(evoked.shape[1]) / sources[0].rate_hz - BEFORE)
        mean, sd = evoked.mean(axis=0), evoked.std(axis=0)
        ax.plot(times, mean, color=color, label=name)
        ax.fill_between(times, mean - sd, mean + sd, color=color, alpha=0.15, linewidth=0)
    ax.axvline(0, color=GRAY, linewidth=0.8)
    ax.set_xlim(-50, 250)
    ax.legend(fontsize=SMALL, frameon=False)


def _changes(sessions: list[Session], title: str, ax: Axes) -> None:
    dress(ax, title, "", "logarithm of the factor")
    kinds = sessions[0].comparison.changing
    for place, kind in enumerate(kinds):
        fitted = np.array([one.comparison.change(kind)[0] for one in sessions])
        truth = np.array([one.comparison.truth[kind] for one in sessions])
        for shift, values, color, label in (
            (-0.15, fitted, BLUE, "by the fit"), (0.15, truth, VERMILION, "in the column")
        ):  # fmt: skip
            spread = np.linspace(-0.08, 0.08, len(values))
            ax.plot(place + shift + spread, values, "o", color=color, markersize=3, alpha=0.6,
                    label=label if not place else None)  # fmt: skip
            ax.hlines(values.mean(), place + shift - 0.11, place + shift + 0.11, color=BLACK, linewidth=2, zorder=3)
    ax.axhline(0, color=GRAY, linewidth=0.8)
    ax.set_xticks(range(len(kinds)), [one.upper() for one in kinds])
    ax.set_xlim(-0.6, len(kinds) - 0.4)
    ax.margins(y=0.2)
    ax.legend(fontsize=SMALL, frameon=False, loc="best")
