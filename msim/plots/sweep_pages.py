"""Figures of a sweep: lines over one axis, heat maps over two, dots over each axis of a sample."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from msim.base.errors import InputError, StorageError
from msim.base.intervals import mean_and_reach
from msim.base.paths import given_folder
from msim.definitions.experiments.axes import Axis
from msim.plots.figures import write_figure
from msim.plots.style import GRAY, LABEL, SHADE, SMALL, TICK, TITLE, dress, numbered_style
from msim.plots.sweep_values import Shown, SweepValues, sweep_values
from msim.plots.wording import TITLE_WIDTH, axis_label, duration_text, wrapped

_PANEL = (3.3, 2.7)  # inches
_WIDE = 10.0  # largest value over smallest, from which an axis is logarithmic


def write_sweep_figures(
    path: str | Path, folder: str | Path, quantity: str | None = None, time: float | None = None
) -> list[Path]:
    """Write the figures of a sweep, finished or not, as PNG.

    quantity, time (s): in place of those in the experiment's file
    raises: InputError where there are more than two axes; StorageError where the folder cannot be written
    """
    into, values = given_folder(folder, "--out"), sweep_values(path, quantity, time)
    count = len(values.axes)
    if values.plan.design.sample == "grid" and count > 2:
        raise InputError(f"{path}: figures show one or two axes, the sweep has {count}; msim table has all of them")
    with matplotlib.style.context("default"):
        if values.plan.design.sample != "grid":
            pages = {"sweep": _dots_page(values)}
        elif count == 1:
            pages = {"sweep": _lines_page(values)}
        else:
            pages = {f"sweep_{number + 1}": _maps_page(values, one) for number, one in enumerate(values.shown)}
        try:
            into.mkdir(parents=True, exist_ok=True)
            return [write_figure(figure, into / f"{name}.png") for name, figure in pages.items()]
        except OSError as problem:
            raise StorageError(f"{into}: cannot be written: {problem.strerror}") from None


def _lines_page(values: SweepValues) -> Figure:
    columns = min(2, len(values.shown))
    note = "Dots: one seed each; lines: mean over seeds; bands: 95 % interval of the mean (Student's t)"
    figure, axes = _page(values, len(values.shown), columns, note)
    for ax, shown in zip(axes, values.shown, strict=True):
        _lines(ax, values, shown)
    _legend(axes[0])
    return figure


def _lines(ax: Axes, values: SweepValues, shown: Shown) -> None:
    axis = values.axes[0]
    at = axis_positions(axis)
    for number, (arm, meaning) in enumerate(values.arms.items()):
        own = shown.values.sel(arm=arm).transpose(axis.name, "seed").values
        style = numbered_style(number)
        mean, reach = mean_and_reach(own)
        style["linewidth"] *= 0.8
        ax.plot(at, mean, label=f"{arm}: {meaning}" if meaning else arm, **style)
        ax.fill_between(at, mean - reach, mean + reach, color=style["color"], alpha=0.18, linewidth=0)
        places = np.repeat(at, own.shape[1])
        ax.plot(places, own.ravel(), linestyle="", marker="o", markersize=2.6, color=style["color"], alpha=0.7)
    dress(ax, _title(shown), sweep_label(axis), axis_label(shown.values))
    _scale(ax, axis)


def _maps_page(values: SweepValues, shown: Shown) -> Figure:
    arms = list(values.arms)
    note = f"{' '.join(_title(shown).split())}: mean over seeds. Hatched: no trial is done"
    figure, axes = _page(values, len(arms), min(3, len(arms)), note, widest=0.6)
    down, across = values.axes
    means = [
        mean_and_reach(shown.values.sel(arm=arm).transpose(down.name, across.name, "seed").values)[0] for arm in arms
    ]
    finite = np.concatenate([one[np.isfinite(one)] for one in means])
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    image = None
    for ax, arm, mean in zip(axes, arms, means, strict=True):
        ax.set_facecolor(SHADE)
        ax.patch.set_hatch("////")
        ax.patch.set_edgecolor("#BBBBBB")
        image = ax.imshow(mean, origin="lower", aspect="auto", cmap="cividis", vmin=low, vmax=high)
        ax.set_title(arm, loc="left", fontsize=TITLE)
        ax.set_xticks(range(len(across.values)), axis_ticks(across), fontsize=TICK, rotation=45, ha="right")
        ax.set_yticks(range(len(down.values)), axis_ticks(down), fontsize=TICK)
        ax.set_xlabel(sweep_label(across), fontsize=LABEL)
        ax.set_ylabel(sweep_label(down), fontsize=LABEL)
    if image is not None:
        bar = figure.colorbar(image, ax=axes, shrink=0.85, pad=0.02)
        bar.set_label(axis_label(shown.values), fontsize=LABEL)
        bar.ax.tick_params(labelsize=TICK)
    return figure


def _dots_page(values: SweepValues) -> Figure:
    axes_count = len(values.axes)
    note = "Each dot: a point of the sample, mean over its seeds"
    figure, panels = _page(values, len(values.shown) * axes_count, axes_count, note)
    for index, ax in enumerate(panels):
        shown, axis = values.shown[index // axes_count], values.axes[index % axes_count]
        for number, arm in enumerate(values.arms):
            mean, _ = mean_and_reach(shown.values.sel(arm=arm).transpose("point", "seed").values)
            color, at = numbered_style(number)["color"], axis_positions(axis)
            ax.plot(at, mean, linestyle="", marker="o", markersize=3, color=color, alpha=0.7, label=arm)
        dress(ax, _title(shown), sweep_label(axis), axis_label(shown.values))
    _legend(panels[0])
    return figure


def _page(values: SweepValues, count: int, columns: int, note: str, widest: float = 0.0) -> tuple[Figure, list[Axes]]:
    """Return axes in a grid under the title of the experiment, with a caption below."""
    if not count:
        raise InputError("there is nothing to show: the experiment probes nothing, and its [sweep] has no 'show'")
    rows = -(-count // columns)
    width = max(_PANEL[0] * columns + widest, 4.6)
    figure = Figure(figsize=(width, _PANEL[1] * rows + 1.2), facecolor="white", layout="constrained")
    about = values.plan.about
    figure.suptitle(textwrap.fill(values.title, int(width * 11)), x=0.02, ha="left", fontsize=11, fontweight="bold")
    counts = {state: int((values.status == state).sum()) for state in ("done", "failed", "pending")}
    told = ", ".join(f"{number} {state}" for state, number in counts.items() if number or state == "done")
    seeds = len(about["seeds"])
    caption = f"{note}. n = {seeds} seed{'s' if seeds > 1 else ''}; trials: {told}. Experiment " \
              f"{about['experiment']['name']}, model {about['model']['name']}."  # fmt: skip
    figure.supxlabel(textwrap.fill(caption, int(width * 17)), x=0.02, ha="left", fontsize=SMALL, color=GRAY)
    axes = list(np.atleast_1d(figure.subplots(rows, columns)).flat)
    for unused in axes[count:]:
        unused.remove()
    return figure, axes[:count]


def _legend(ax: Axes) -> None:
    if len(ax.get_legend_handles_labels()[1]) > 1:
        ax.legend(loc="best", fontsize=SMALL, frameon=False)


def _title(shown: Shown) -> str:
    """Return the title of a quantity: its owner, meaning and time."""
    owner = shown.name.rsplit(".", 1)[0]
    meaning = wrapped(f"{owner}: {shown.values.attrs['long_name']}", TITLE_WIDTH)
    return f"{meaning}\nat {duration_text(shown.time)}"


def axis_positions(axis: Axis) -> np.ndarray:
    """Return the positions of the values of an axis along it; words are numbered."""
    return np.array(axis.numbers) if axis.numbers else np.arange(len(axis.values), dtype=float)


def sweep_label(axis: Axis) -> str:
    """Return name and unit of an axis of a sweep."""
    units = "" if axis.units.startswith("1 ") or not axis.units else f" ({axis.units})"
    return f"{axis.name}{units}"


def axis_ticks(axis: Axis) -> list[str]:
    """Return the values of an axis as texts."""
    return [f"{one:.4g}" for one in axis.numbers] if axis.numbers else [str(one) for one in axis.values]


def is_log(axis: Axis) -> bool:
    """Return whether values span a factor of ten, so that a log scale shows them best."""
    at = axis_positions(axis)
    return bool(axis.numbers) and min(at) > 0 and bool(max(at) / min(at) >= _WIDE)


def _scale(ax: Axes, axis: Axis) -> None:
    """Set ticks at the values themselves, and a log scale where that shows them best."""
    at: Sequence[float] = list(axis_positions(axis))
    if is_log(axis):
        ax.set_xscale("log")
    ax.set_xticks(at, axis_ticks(axis), minor=False)
    ax.xaxis.set_minor_locator(NullLocator())
