"""Power spectrum of the field at a probe, every arm a line."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter

from msim.measures.lfp_band import LFP_BAND
from msim.plots.experiment import experiment_of
from msim.plots.style import BAND, GRAY, SMALL, arm_style, dress, legend_below, new_axes
from msim.plots.time_axis import dose_spans, when
from msim.plots.wording import arm_label, recorded, sentence, shown_factor, shown_unit
from msim.storage.run_store import Run

QUANTITY = "lfp_power"
_TICKS = (1, 2, 5, 10, 20, 50, 100, 200)
HIGHEST = 200.0  # Hz


def spectrum(run: Run, probe: int, ax: Axes | None = None) -> Axes:
    """Draw the power spectrum of one probe, log-log, with the recorded bands shaded.

    probe: its number, from 0
    """
    variable = recorded(run.spectra, QUANTITY, run)
    drawn = new_axes() if ax is None else ax
    frequency = run.spectra["frequency"].values
    shown = (frequency > 0) & (frequency <= HIGHEST)
    title = sentence(when(float(run.spectra["probe_time"].values[probe]), dose_spans(run)))
    dress(drawn, title, "frequency (Hz)", f"power ({shown_unit(variable)})")
    for order, arm in enumerate(experiment_of(run).arms):
        values = variable.sel(arm=arm.name).isel(probe=probe).transpose("seed", "frequency").values[:, shown]
        values, style = values * shown_factor(variable), arm_style(run, arm.name, 0.6)
        drawn.plot(frequency[shown], values.mean(axis=0), label=arm_label(arm), zorder=3 + order, **style)
        if len(values) > 1:
            low, high = values.min(axis=0), values.max(axis=0)
            drawn.fill_between(frequency[shown], low, high, color=style["color"], alpha=0.18, linewidth=0, zorder=2)
    _frequency_axis(drawn, frequency[shown])
    _show_bands(drawn, run)
    if ax is None:
        legend_below(drawn)
    return drawn


def _frequency_axis(ax: Axes, frequency: np.ndarray) -> None:
    ax.set_xscale("log")
    ax.set_yscale("log")
    ticks = [one for one in _TICKS if frequency[0] <= one <= frequency[-1]]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_major_formatter(FixedFormatter([str(one) for one in ticks]))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlim(frequency[0], frequency[-1])


def bands_of(run: Run) -> list[tuple[str, float, float]]:
    """Return name, lowest and highest frequency (Hz) of every band that a run recorded."""
    experiment = experiment_of(run)
    model, known = experiment.model, {name.split(".")[0] for name in experiment.quantities}
    return [
        (one.name, model[f"{one.name}.low"], model[f"{one.name}.high"])
        for one in model.on_scale("readout") if one.mechanism.name == LFP_BAND.name and one.name in known
    ]  # fmt: skip


def _show_bands(ax: Axes, run: Run) -> None:
    for name, low, high in bands_of(run):
        ax.axvspan(low, high, color=BAND, linewidth=0, zorder=0)
        ax.annotate(
            name, (np.sqrt(low * high), 0.0), xycoords=ax.get_xaxis_transform(), xytext=(0, 3),
            textcoords="offset points", ha="center", va="bottom", fontsize=SMALL, color=GRAY,
        )  # fmt: skip
