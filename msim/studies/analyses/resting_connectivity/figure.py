"""Figure of a resting study: matrices, systems of all participants, and a glass brain of the changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msim.brain.connectome import Connectome
from msim.imaging.connectivity import mean_connectivity
from msim.imaging.optional_imports import library
from msim.plots.style import BLACK, GRAY, GREEN, SMALL, TITLE, VERMILION, dress
from msim.studies.analyses.resting_connectivity import RestingEntry
from msim.studies.analyses.resting_connectivity.study import RestingDetails
from msim.studies.outcome import Outcome

STRONGEST = 12  # changes of connections that the glass brain shows


def draw(found: Outcome, figure: Figure) -> None:
    """Draw three matrices above, and systems and a glass brain below."""
    details: RestingDetails = found.details
    options: RestingEntry = found.cohort.study.options
    patients = found.cohort.study.patients
    before = mean_connectivity([details.matrices[patients, one] for one in options.before])
    after = details.matrices[patients, options.after]
    reach = float(np.abs(np.stack([before, after])).max())
    change = float(np.abs(after - before).max())
    order, systems = _by_system(details.connectome)
    names = [details.connectome.names[one] for one in order]
    for left, matrix, title, limit, has_bar in (
        (0.045, before, f"{patients}, before", reach, False),
        (0.34, after, f"{patients}, {options.after}", reach, True),
        (0.69, after - before, f"{options.after} less before", change, True),
    ):  # fmt: skip
        _matrix(figure, left, matrix[np.ix_(order, order)], title, limit, names, systems, has_bar)
    _systems(found, details, options, patients, figure.add_axes((0.06, 0.06, 0.47, 0.32)))
    _glass_brain(after - before, details.connectome, figure)


def _by_system(connectome: Connectome) -> tuple[list[int], list[str]]:
    """Return the numbers of regions sorted by the last system that they belong to, and these systems in this order."""
    systems = [one.system.split("/")[-1] for one in connectome.regions]
    known = list(dict.fromkeys(systems))
    order = sorted(range(len(systems)), key=lambda index: known.index(systems[index]))
    return order, [systems[index] for index in order]


def _matrix(
    figure: Figure, left: float, matrix: np.ndarray, title: str, limit: float, names: Sequence[str],
    systems: Sequence[str], has_bar: bool,
) -> None:  # fmt: skip
    ax = figure.add_axes((left, 0.5, 0.235, 0.37))
    shown = np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)
    image = ax.imshow(shown, cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set_facecolor("#dddddd")
    ax.set_xticks(range(len(names)), names, rotation=90, fontsize=6.5)
    ax.set_yticks(range(len(names)), names, fontsize=6.5)
    for name in dict.fromkeys(systems):
        places = [k for k, own in enumerate(systems) if own == name]
        if places[0]:
            ax.axhline(places[0] - 0.5, color=BLACK, linewidth=0.7)
            ax.axvline(places[0] - 0.5, color=BLACK, linewidth=0.7)
        ax.text(float(np.mean(places)), -0.7, name, rotation=35, ha="left", va="bottom", fontsize=6.5, color=GRAY)
    ax.set_title(title, loc="left", fontsize=TITLE, pad=34)
    if has_bar:
        bar = figure.colorbar(image, cax=figure.add_axes((left + 0.24, 0.52, 0.008, 0.33)))
        bar.ax.tick_params(labelsize=6.5)
        bar.set_label("Fisher z", fontsize=SMALL)


def _systems(
    found: Outcome, details: RestingDetails, options: RestingEntry, patients: str, ax: Axes
) -> None:
    dress(ax, "Mean connectivity of everybody; lines join a patient, bars are means", "", "Fisher z")
    groups = {one.id: one.group for one in found.cohort.people}
    responded = {one.person.id for one in found.cohort.at(options.response_at) if one.improved >= options.response}
    labels = []
    for place, (name, values) in enumerate(details.systems.items()):
        controls = [value for (person, _), value in values.items() if groups[person] == options.controls]
        _dots(ax, 4 * place, controls, GRAY)
        pairs = {}
        for person in (one.id for one in found.cohort.people if one.group == patients):
            before = [values[person, visit] for visit in options.before if (person, visit) in values]
            if before and (person, options.after) in values:
                pairs[person] = (float(np.mean(before)), values[person, options.after])
        for person, pair in pairs.items():
            color = GREEN if person in responded else VERMILION
            ax.plot([4 * place + 1, 4 * place + 2], pair, color=color, linewidth=0.8, alpha=0.6, marker="o",
                    markersize=2.5)  # fmt: skip
        for at, index in ((1, 0), (2, 1)):
            ax.hlines(np.mean([one[index] for one in pairs.values()]), 4 * place + at - 0.25, 4 * place + at + 0.25,
                      color=BLACK, linewidth=2.5, zorder=3)  # fmt: skip
        labels.append(name + (" (control)" if _is_control(options, name) else ""))
    ax.set_xticks([4 * k + 1 for k in range(len(labels))], labels)
    for color, text in ((GRAY, options.controls), (GREEN, f"{patients}, responded"), (VERMILION, "did not respond")):
        ax.plot([], [], "o", color=color, markersize=4, label=text)
    ax.legend(fontsize=SMALL, frameon=False, ncols=3, loc="upper right", bbox_to_anchor=(1, 1.02))
    ax.margins(y=0.15)


def _is_control(options: RestingEntry, name: str) -> bool:
    return next(one.is_control for one in options.systems if one.name == name)


def _dots(ax: Axes, place: float, values: Sequence[float], color: str) -> None:
    spread = np.linspace(-0.2, 0.2, len(values))
    ax.plot(place + spread, values, "o", color=color, markersize=2.5, alpha=0.7)
    ax.hlines(np.mean(values), place - 0.25, place + 0.25, color=BLACK, linewidth=2.5, zorder=3)


def _glass_brain(change: np.ndarray, connectome: Connectome, figure: Figure) -> None:
    """Draw the mean change of every region's connectivity, and the connections that change most."""
    places = np.array([one.center_mm for one in connectome.regions])
    upper = np.abs(np.triu(change, 1)).ravel()
    kept = np.abs(change) >= np.sort(upper)[-STRONGEST]
    mean = change.sum(axis=1) / (len(change) - 1)
    reach = float(np.abs(change).max())
    plotting = library("nilearn.plotting")
    ax = figure.add_axes((0.57, 0.02, 0.41, 0.36))
    shades = library("matplotlib.cm").ScalarMappable(library("matplotlib.colors").Normalize(-reach, reach), "RdBu_r")
    plotting.plot_connectome(
        np.where(kept, change, 0.0), places, node_color=shades.to_rgba(mean * reach / np.abs(mean).max()), node_size=45,
        edge_cmap="RdBu_r", edge_vmin=-reach, edge_vmax=reach, display_mode="xz", axes=ax, colorbar=False,
        edge_kwargs={"linewidth": 2},
    )  # fmt: skip
    ax.set_title(f"The {STRONGEST} connections that change most, and how much each region's do on average\n"
                 "(the left half stands for both)", loc="left", fontsize=TITLE)  # fmt: skip
