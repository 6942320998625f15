"""Figures of a run as PNG files, as many as its recorded quantities allow."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import matplotlib.style
from matplotlib.figure import Figure

from msim.base.errors import StorageError
from msim.base.paths import given_folder
from msim.plots.pages import (
    bold_page,
    cascade_page,
    dose_page,
    gain_page,
    other_page,
    probe_page,
    raster_page,
    spectrum_page,
)
from msim.storage.run_store import Run

DPI = 200
PAGES: dict[str, Callable[[Run], Figure | None]] = {
    "1_dose": dose_page,
    "2_cascade": cascade_page,
    "3_ampa_gain": gain_page,
    "4_rasters": raster_page,
    "5_rates": probe_page,
    "6_spectra": spectrum_page,
    "7_bold": bold_page,
    "8_other": other_page,
}


def write_figures(run: Run, folder: str | Path) -> list[Path]:
    """Write the figures of a run, without those that need a quantity which the run lacks.

    returns: the PNG files, in order
    raises: StorageError where the folder cannot be written
    """
    written, into = [], given_folder(folder, "--out")
    try:
        into.mkdir(parents=True, exist_ok=True)
        # The reader's own settings must not change a figure that is to be the same wherever it is made.
        with matplotlib.style.context("default"):
            for name, page in PAGES.items():
                figure = page(run)
                if figure is not None:
                    written.append(write_figure(figure, into / f"{name}.png"))
    except OSError as problem:
        raise StorageError(f"{into}: cannot be written: {problem.strerror}") from None
    return written


def write_figure(figure: Figure, path: Path) -> Path:
    """Write a figure; the file appears in one step, when it is complete."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        figure.savefig(partial, format="png", dpi=DPI)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
        figure.clear()
    return path
