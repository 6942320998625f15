"""Figures of a stored run show what is stored, say what it is, and leave out what is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import matplotlib.style
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text
from plotted_run import CELLS, store_run

from msim.base.errors import InputError, StorageError
from msim.plots import concentration, population_rates, probe_values, raster, spectrum, trace, write_figures
from msim.plots.figures import DPI, PAGES
from msim.plots.rasters import shown_arm
from msim.plots.style import arm_style
from msim.plots.time_axis import AXIS_START, when
from msim.plots.wording import shown_factor
from msim.storage.run_store import Run

DRAW: dict[str, Callable[..., Axes]] = {
    "trace": lambda run, **ax: trace(run, "ampar_scaling.AMPAR_scale", **ax),
    "concentration": lambda run, **ax: concentration(run, "ketamine.C_plasma", **ax),
    "probe_values": lambda run, **ax: probe_values(run, "pyramidal.firing_rate", **ax),
    "spectrum": lambda run, **ax: spectrum(run, 1, **ax),
    "raster": lambda run, **ax: raster(run, 1, **ax),
    "population_rates": lambda run, **ax: population_rates(run, 1, **ax),
}


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Four arms, three seeds, stored with made-up values."""
    return store_run(tmp_path_factory.mktemp("plots") / "run")


@pytest.fixture(scope="session")
def written(run: Run, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The figures of the run."""
    return write_figures(run, tmp_path_factory.mktemp("written") / "figures")


def test_every_figure_is_written_whole_and_in_its_size(run: Run, written: list[Path]) -> None:
    """All but the one for other quantities, of which there are none; nothing half-written stays behind."""
    assert [path.stem for path in written] == [name for name in PAGES if name != "8_other"]
    assert sorted(written) == sorted(written[0].parent.iterdir())
    for path in written:
        figure = PAGES[path.stem](run)
        assert figure is not None
        pixels = imread(path)[:, :, :3]
        assert pixels.shape[:2] == tuple((figure.get_size_inches()[::-1] * DPI).round())
        assert 0.02 < (pixels.min(axis=2) < 0.9).mean() < 0.5


@pytest.mark.parametrize("name", [name for name in PAGES if name != "8_other"])
def test_no_words_are_cut_off_or_run_into_each_other(run: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every text that is drawn lies within the figure, and none over another."""
    drawn: list[Text] = []
    draw = Text.draw
    with matplotlib.style.context("default"):
        figure = PAGES[name](run)
        assert figure is not None
        monkeypatch.setattr(Text, "draw", lambda text, renderer: (drawn.append(text), draw(text, renderer)))
        FigureCanvasAgg(figure).draw()
    boxes = [(one.get_text(), one.get_window_extent()) for one in drawn if one.get_visible() and one.get_text().strip()]
    assert len(boxes) > 10
    for text, box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1, text
    assert [(a, b) for (a, one), (b, two) in combinations(boxes, 2) if one.overlaps(two)] == []


@pytest.mark.parametrize("name", DRAW)
def test_a_function_draws_on_the_axes_it_is_given_and_names_both(run: Run, name: str) -> None:
    """It returns those axes, with a label on each axis that has a unit or names its ticks."""
    ax = Figure().add_subplot()
    assert DRAW[name](run, ax=ax) is ax
    assert DRAW[name](run).figure is not ax.figure
    assert "(" in ax.get_ylabel() and ax.has_data()
    named_ticks = any(label.get_text().endswith((" h", " d")) for label in ax.get_xticklabels())
    assert ax.get_xlabel().endswith(("(s)", "(Hz)")) or ("time after" in ax.get_xlabel() and named_ticks)


def test_the_reader_s_own_figures_and_settings_are_left_alone(run: Run, tmp_path: Path) -> None:
    """A notebook must not find its figures, backend or styles changed."""
    plt.switch_backend("agg")
    plt.figure()
    before = plt.get_fignums(), dict(plt.rcParams)
    write_figures(replace(run, samples=run.samples[["ampar_scaling.AMPAR_scale"]]), tmp_path)
    for draw in DRAW.values():
        draw(run)
    assert (plt.get_fignums(), dict(plt.rcParams)) == before
    plt.close("all")


def test_a_trace_shows_the_mean_and_the_range_of_the_seeds(run: Run) -> None:
    """The line of every arm is the mean of what is stored, its band reaches from the lowest to the highest seed."""
    ax = trace(run, "ampar_scaling.AMPAR_scale")
    times = run.samples["time"].values
    after = times[times >= AXIS_START]
    for arm, line, band in zip(run.arms, ax.lines, ax.collections):
        stored = run.samples["ampar_scaling.AMPAR_scale"].sel(arm=arm, time=after).transpose("seed", "time").values
        assert np.array_equal(line.get_xdata(), after)
        assert line.get_ydata() == pytest.approx(stored.mean(axis=0), rel=1e-12)
        edge = band.get_paths()[0].vertices
        for index in (0, 5, after.size - 1):
            reach = edge[edge[:, 0] == after[index], 1]
            assert (reach.min(), reach.max()) == pytest.approx((stored[:, index].min(), stored[:, index].max()))


def test_concentrations_are_shown_in_two_units_that_agree(run: Run) -> None:
    """1 mM is 1000 uM; the mass axis on the right is the molar mass away."""
    ax = concentration(run, "ketamine.C_plasma")
    stored = run.samples["ketamine.C_plasma"].sel(arm=run.arms[1]).mean("seed").values
    assert max(ax.lines[1].get_ydata()) == pytest.approx(1000 * stored.max())
    FigureCanvasAgg(ax.figure).draw()
    right = ax.child_axes[0]
    assert right.get_ylim()[1] / ax.get_ylim()[1] == pytest.approx(237.7, abs=0.5)
    assert "ng/ml" in right.get_ylabel()


def test_probes_and_spectra_show_what_is_stored(run: Run) -> None:
    """Every seed is a dot, every line a mean; band power keeps its scale."""
    ax = probe_values(run, "gamma.power")
    lines = {str(line.get_label()).split(":")[0]: line for line in ax.lines}
    curves = {str(line.get_label()).split(":")[0]: line for line in spectrum(run, 2).lines}
    for arm in run.arms:
        stored = run.probes["gamma.power"].sel(arm=arm)
        assert lines[arm].get_ydata() == pytest.approx(stored.mean("seed").values * 1e24)
        power = run.spectra["lfp_power"].sel(arm=arm).isel(probe=2).mean("seed")
        shown = power.sel(frequency=curves[arm].get_xdata())
        assert curves[arm].get_ydata() == pytest.approx(shown.values * shown_factor(run.spectra["lfp_power"]))
    dots = [line for line in ax.lines if line.get_marker() == "."]
    assert sorted(y for dot in dots for y in dot.get_ydata()) == pytest.approx(
        np.sort(run.probes["gamma.power"].values.ravel()) * 1e24
    )


def test_a_raster_shows_every_spike_of_its_window_when_all_cells_fit(run: Run) -> None:
    """By default those of the first seed of the first arm that gets a drug."""
    arm = shown_arm(run)
    assert arm == run.arms[1]
    ax = raster(run, 2)
    for population, line in zip(reversed(CELLS), ax.lines):
        times, _ = run.spikes(arm, run.seeds[0], 2, population)
        assert np.array_equal(np.sort(line.get_xdata()), np.sort(times[times < 1.0]))
    assert ax.get_title(loc="left") == when(run.probes["probe_time"].values[2], [(0.0, 2400.0)])


def test_what_is_not_recorded_is_left_out(run: Run, tmp_path: Path) -> None:
    """Nothing recorded gives no figure; a quantity without a page of its own still gets one."""
    nothing = replace(run, samples=run.samples[[]], probes=xr.Dataset(), spectra=xr.Dataset())
    assert write_figures(nothing, tmp_path) == []
    only_bold = replace(nothing, samples=run.samples[["bold.percent_signal_change"]])
    assert [path.name for path in write_figures(only_bold, tmp_path)] == ["7_bold.png"]
    with pytest.raises(InputError, match="nearest known: 'bold.percent_signal_change'"):
        trace(only_bold, "bold.percent_signal_chang")


def test_an_arm_without_values_is_named(run: Run) -> None:
    """A gap in the stored values is a gap in the line, and is said."""
    samples = run.samples[["bold.percent_signal_change"]].copy(deep=True)
    samples["bold.percent_signal_change"].loc[{"arm": run.arms[1], "seed": run.seeds[0]}] = np.nan
    ax = trace(replace(run, samples=samples), "bold.percent_signal_change")
    assert np.isnan(ax.lines[1].get_ydata()).all()
    assert any(text.get_text() == f"no value at some times: {run.arms[1]}" for text in ax.texts)


def test_a_folder_that_cannot_be_written_is_refused(run: Run, tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        write_figures(run, tmp_path / "taken")


def test_every_arm_has_a_look_of_its_own(run: Run) -> None:
    """Color and line both differ, so that arms are told apart without color as well."""
    styles = [arm_style(run, arm) for arm in run.arms]
    assert len({style["color"] for style in styles}) == len(run.arms)
    assert len({(str(style["linestyle"]), style["linewidth"]) for style in styles}) == len(run.arms)
