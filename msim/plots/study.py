"""Figure of a study, in the form that is usual in its field."""

from __future__ import annotations

from pathlib import Path

import matplotlib.style
from matplotlib.figure import Figure

from msim.plots.figures import write_figure
from msim.plots.study_glutamate import glutamate_panels
from msim.plots.study_meg import meg_panels
from msim.plots.study_resting import resting_panels
from msim.plots.study_task import task_panels
from msim.studies.glutamate import GlutamateDetails
from msim.studies.meg import MegDetails
from msim.studies.outcome import Outcome
from msim.studies.resting import RestingDetails


def write_study_figure(found: Outcome, path: Path) -> Path:
    """Draw the outcome of a study as a PNG file."""
    with matplotlib.style.context("default"):
        figure = Figure(figsize=(13, 8.2), facecolor="white")
        figure.text(0.012, 0.985, found.cohort.study.title, ha="left", va="top", fontsize=13, fontweight="bold")
        if isinstance(found.details, RestingDetails):
            resting_panels(found, found.details, figure)
        elif isinstance(found.details, MegDetails):
            meg_panels(found, found.details, figure)
        elif isinstance(found.details, GlutamateDetails):
            glutamate_panels(found, found.details, figure)
        else:
            task_panels(found, found.details, figure)
        return write_figure(figure, path)
