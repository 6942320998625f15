"""Functions that the modules of an analysis hold, and how these modules are found."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from msim.definitions.studies.analysis import analyses
from msim.definitions.studies.study import StudyDefinition
from msim.studies.context import StudyContext
from msim.studies.outcome import Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Progress = Callable[[str], None]


class StudyModule(Protocol):
    """Module that runs an analysis."""

    def check(self, study: StudyDefinition) -> None:
        """Refuse entries that do not fit each other, or the tables and files that they name.

        raises: InputError that names file and key
        """

    def statistics(self, study: StudyDefinition) -> Iterable[str]:
        """Return the name of every row that the table may have; some need participants who respond differently."""

    def run(self, study: StudyDefinition, context: StudyContext) -> Outcome:
        """Simulate all participants, look at them, and run the statistics; only checked studies come here."""

    def write(self, folder: Path, found: Outcome) -> None:
        """Make the folder, and write into it what only this analysis has, such as scans."""


class FigureModule(Protocol):
    """Module that draws an analysis."""

    def draw(self, found: Outcome, figure: Figure) -> None:
        """Draw the outcome below the title of an empty figure."""


def study_module(study: StudyDefinition) -> StudyModule:
    """Return the module that runs the analysis of a study."""
    return cast(StudyModule, importlib.import_module(analyses()[study.analysis].study))


def figure_module(study: StudyDefinition) -> FigureModule:
    """Return the module that draws the analysis of a study."""
    return cast(FigureModule, importlib.import_module(analyses()[study.analysis].figure))
