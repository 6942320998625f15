"""Figure of a study, in the form that is usual in its field."""

from __future__ import annotations

from pathlib import Path

import matplotlib.style
from matplotlib.figure import Figure

from msim.plots.figures import write_figure
from msim.studies.analysis import figure_module
from msim.studies.outcome import Outcome


def write_study_figure(found: Outcome, path: Path) -> Path:
    """Draw the outcome of a study as a PNG file."""
    study = found.cohort.study
    with matplotlib.style.context("default"):
        figure = Figure(figsize=(13, 8.2), facecolor="white")
        figure.text(0.012, 0.985, study.title, ha="left", va="top", fontsize=13, fontweight="bold")
        figure_module(study).draw(found, figure)
        return write_figure(figure, path)
