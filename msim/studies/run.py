"""Run of a study, from its file to its table."""

from __future__ import annotations

from msim.definitions.studies.study import StudyDefinition
from msim.emulator.library import Emulators
from msim.studies.analysis import Progress, study_module
from msim.studies.checks import check_study, statistics_of
from msim.studies.columns import cohort_emulators
from msim.studies.outcome import Outcome


def run_study(study: StudyDefinition, progress: Progress = lambda text: None) -> Outcome:
    """Recruit participants, treat, scan and analyze them as the study states.

    progress: called with a text on the present step
    raises: InputError where the study and its brain do not fit, SimulationError where a region leaves rest
    """
    check_study(study)
    found = study_module(study).run(study, emulators_for(study, progress), progress)
    assert {one.name for one in found.rows} <= set(statistics_of(study)), "a row that statistics_of does not know"
    return found


def emulators_for(study: StudyDefinition, progress: Progress) -> Emulators:
    """Return the emulator of the columns of a study's cohort."""
    return cohort_emulators(
        study.population,
        lambda done, total: progress(f"the emulator of the cohort's columns: {done} of {total} bursts"),
    )
