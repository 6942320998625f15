"""Pages of figures from one run; a page of which the run has recorded nothing is None."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from msim.plots import probe_values as probed
from msim.plots.dose import concentration
from msim.plots.experiment import experiment_of, roles_of
from msim.plots.layout import letter, line_handles, marker_handles, outer_labels_only, page, panels
from msim.plots.rasters import population_rates, raster, shown_arm
from msim.plots.spectra import QUANTITY as SPECTRUM
from msim.plots.spectra import spectrum
from msim.plots.style import population_colors
from msim.plots.traces import REST_NOTE, SEEDS_NOTE, is_drawable, trace
from msim.plots.wording import TITLE_WIDTH, population_name, sentence, wrapped
from msim.storage.run_store import Run

MOST_PANELS = 12
MOST_PROBES = 4
_PANEL = (3.1, 2.35)  # inches
_LARGE_PANEL = (6.6, 3.6)


def dose_page(run: Run) -> Figure | None:
    """Draw concentrations, and the block of every pool of receptors that follows from them."""
    quantities = _drugs(run) + _sampled_of(run, roles_of(run).pools)
    return _trace_page(run, "Drug concentration, and the NMDA receptors it blocks", quantities)


def cascade_page(run: Run) -> Figure | None:
    """Draw the signals between receptor block and synapse."""
    return _trace_page(run, "Signaling cascade", _sampled_of(run, roles_of(run).cascade))


def gain_page(run: Run) -> Figure | None:
    """Draw AMPA conductance, the outcome that rapid and sustained effects are read from."""
    return _trace_page(run, "AMPA conductance", _sampled_of(run, [roles_of(run).gain]))


def bold_page(run: Run) -> Figure | None:
    """Draw the BOLD signal."""
    return _trace_page(run, "BOLD signal", _sampled_of(run, [roles_of(run).bold]))


def other_page(run: Run) -> Figure | None:
    """Draw sampled quantities that have no place on another page."""
    roles = roles_of(run)
    placed = {*_drugs(run), *roles.pools, *roles.cascade, roles.gain, roles.bold}
    quantities = [one for one in _sampled(run) if one not in placed]
    return _trace_page(run, "Other sampled quantities", quantities[:MOST_PANELS])


def probe_page(run: Run) -> Figure | None:
    """Draw rates, E/I balance and other quantities that only the probes record."""
    known = experiment_of(run).recording.probed
    quantities = [one for one in known if one in run.probes and one not in run.samples][:MOST_PANELS]
    if not quantities:
        return None
    notes, handles = _seeds_notes(run, probed.NOTE), marker_handles(run)
    figure, axes = _grid(run, "Activity of the cells at the probes", notes, handles, len(quantities))
    for ax, quantity in zip(axes, quantities):
        probed.probe_values(run, quantity, ax)
    _finish(axes)
    return figure


def spectrum_page(run: Run) -> Figure | None:
    """Draw the spectrum of the field at every probe, on shared axes."""
    if SPECTRUM not in run.spectra or not np.isfinite(run.spectra[SPECTRUM]).any():
        return None
    chosen = shown_probes(run.spectra.sizes["probe"])
    notes = [sentence(str(run.spectra[SPECTRUM].attrs["long_name"])), *_seeds_notes(run, SEEDS_NOTE)]
    figure, axes = _grid(run, "Power spectrum of the local field", notes, line_handles(run), len(chosen), share="all")
    for ax, index in zip(axes, chosen):
        spectrum(run, index, ax)
    _finish(axes)
    for place, ax in enumerate(axes):
        if place % _columns(len(axes)):
            ax.set_ylabel("")
    return figure


def raster_page(run: Run) -> Figure | None:
    """Draw spikes of one trial before, during and after the dose, and the rates of the populations."""
    if not run.probes.sizes.get("probe"):
        return None
    arm, chosen = shown_arm(run), shown_probes(run.probes.sizes["probe"])
    if not run.trial(arm, run.seeds[0], "spikes").sizes["spike"]:
        return None
    colors = population_colors(list(experiment_of(run).model.populations))
    handles = [Line2D([], [], color=color, label=population_name(name)) for name, color in colors.items()]
    notes = [f"One trial (arm {arm}, seed {run.seeds[0]}), first second of each probe",
             "Rates smoothed over 8 ms"]  # fmt: skip
    columns = len(chosen)
    figure = page(run, f"Spikes of the arm '{arm}'", notes, handles, 2.6 * columns + 0.6, 4.6)
    axes = panels(figure, 2, columns, 2 * columns, height_ratios=(2.6, 1), sharex="col", sharey="row", squeeze=False)
    for above, below, index in zip(axes[:columns], axes[columns:], chosen):
        raster(run, index, arm, ax=above).set_xlabel("")
        population_rates(run, index, arm, ax=below)
    for ax in [*axes[1:columns], *axes[columns + 1 :]]:
        ax.set_ylabel("")
    letter(axes[:columns])
    return figure


def shown_probes(count: int) -> list[int]:
    """Return the probes to show: all, or the first, the last and some between."""
    return sorted(set(np.linspace(0, count - 1, min(count, MOST_PROBES)).round().astype(int).tolist()))


def _sampled(run: Run) -> list[str]:
    """Return sampled quantities that a page over time can show, in the order of the experiment."""
    return [one for one in experiment_of(run).quantities if one in run.samples] if is_drawable(run) else []


def _sampled_of(run: Run, wanted: Sequence[str]) -> list[str]:
    known = _sampled(run)
    return [one for one in wanted if one in known]


def _drugs(run: Run) -> list[str]:
    quantities = experiment_of(run).quantities
    return [one for one in _sampled(run) if quantities[one].kind == "drug"]


def _seeds_notes(run: Run, meaning: str) -> list[str]:
    """Return notes on the number of seeds, and on how a figure shows several.

    meaning: how it shows them
    """
    return [f"n = {len(run.seeds)} seeds", meaning] if len(run.seeds) > 1 else ["n = 1 seed"]


def _trace_page(run: Run, title: str, quantities: Sequence[str]) -> Figure | None:
    if not quantities:
        return None
    if len(quantities) == 1 and quantities[0] not in roles_of(run).pools:
        title = sentence(str(run.samples[quantities[0]].attrs["long_name"]))
    figure, axes = _grid(run, title, [*_seeds_notes(run, SEEDS_NOTE), REST_NOTE], line_handles(run), len(quantities))
    known = experiment_of(run).quantities
    for ax, quantity in zip(axes, quantities):
        draw = concentration if known[quantity].kind == "drug" else trace
        draw(run, quantity, ax)
        if wrapped(title, TITLE_WIDTH) == ax.get_title(loc="left"):
            ax.set_title("", loc="left")
    _share_height([ax for ax, quantity in zip(axes, quantities) if quantity in roles_of(run).pools])
    _finish(axes)
    return figure


def _grid(
    run: Run, title: str, notes: Sequence[str], handles: Sequence[Line2D], count: int, share: str | bool = False
) -> tuple[Figure, list[Axes]]:
    columns = _columns(count)
    rows = -(-count // columns)
    width, height = _LARGE_PANEL if count == 1 else (_PANEL[0] * columns, _PANEL[1] * rows)
    figure = page(run, title, notes, handles, width, height)
    return figure, panels(figure, rows, columns, count, sharex=share, sharey=share)


def _columns(count: int) -> int:
    return 1 if count == 1 else 2 if count in (2, 4) else 3


def _share_height(axes: Sequence[Axes]) -> None:
    """Give panels that compare the same quantity the same range."""
    if axes:
        limits = [ax.get_ylim() for ax in axes]
        for ax in axes:
            ax.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))


def _finish(axes: Sequence[Axes]) -> None:
    outer_labels_only(axes, _columns(len(axes)))
    letter(axes)
