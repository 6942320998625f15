"""Run of a study, from its file to its table."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from msim.backends.cpp.cache import cache_folder
from msim.backends.mpi import SERIAL
from msim.base.made import make_shared
from msim.definitions.studies.study import StudyDefinition
from msim.emulator.library import Emulators
from msim.executors.executor import Executor
from msim.executors.shared import SharedExecutor
from msim.studies.analysis import Progress, study_module
from msim.studies.checks import check_study, statistics_of
from msim.studies.columns import cohort_emulators
from msim.studies.context import StudyContext
from msim.studies.outcome import Outcome


def run_study(
    study: StudyDefinition, progress: Progress = lambda text: None, executor: Executor | None = None
) -> Outcome:
    """Recruit participants, treat, scan and analyze them as the study states.

    progress: called with a text on the present step; executor: runs participants, this process if left out. What it
        computed of each of them is kept in msim's cache, and not computed again
    raises: InputError where the study and its brain do not fit, SimulationError where a region leaves rest
    """
    check_study(study)
    emulators = emulators_for(study, progress)
    context = StudyContext(emulators, executor or SharedExecutor(SERIAL), kept_participants(), progress)
    found = study_module(study).run(study, context)
    assert {one.name for one in found.rows} <= set(statistics_of(study)), "a row that statistics_of does not know"
    return found


def kept_participants() -> Path:
    """Return the folder that keeps what was computed of participants."""
    folder = cache_folder() / "participants"
    with suppress(OSError):  # writing says what is wrong
        make_shared(folder)
    return folder


def emulators_for(study: StudyDefinition, progress: Progress) -> Emulators:
    """Return the emulator of the columns of a study's cohort."""
    return cohort_emulators(
        study.population,
        lambda done, total: progress(f"the emulator of the cohort's columns: {done} of {total} bursts"),
    )
