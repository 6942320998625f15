"""Checks of definitions that need the tables and files that these name: all before anything is run."""

from __future__ import annotations

from collections.abc import Callable

from msim.base.errors import DefinitionError, InputError, nearest
from msim.brain.connectome import connectome_of
from msim.definitions.brains.brain import BrainDefinition
from msim.definitions.evidence.rows import EvidenceRow
from msim.definitions.models.read_model import read_model
from msim.definitions.studies.schema import Group
from msim.definitions.studies.study import StudyDefinition
from msim.evidence.evidence import row_bounds
from msim.studies.analysis import study_module

ROWS_ARE_OF = "circuits/cortical_column"  # which knows the unit of what most rows read


def check_late(found: object) -> None:
    """Refuse a definition for errors that show only in its tables, or in the files that it names.

    raises: InputError that names file and key
    """
    if isinstance(found, BrainDefinition):
        connectome_of(found)
    elif isinstance(found, StudyDefinition):
        check_study(found)
    elif isinstance(found, list):
        _check_rows(found)


def check_study(study: StudyDefinition) -> None:
    """Refuse a study whose scans, regions, task or reported statistics do not fit each other or its brain.

    raises: InputError that names file and key
    """
    study_module(study).check(study)
    _check_reported(study)


def group_of(study: StudyDefinition, person: str) -> Group:
    """Return the group of a participant.

    raises: InputError where the study has no such participant
    """
    known = {group.participant(number): group for group in study.groups for number in range(1, group.n + 1)}
    if person not in known:
        raise InputError(f"{study.file}: has no participant '{person}'{nearest(person, known)}")
    return known[person]


def _check_rows(rows: list[EvidenceRow]) -> None:
    """Check margins against the unit of the readout, where the shipped column has the readout."""
    row_bounds(rows, rows, read_model(ROWS_ARE_OF))


def statistics_of(study: StudyDefinition) -> tuple[str, ...]:
    """Return the name of every row that a study's table may have; some need participants who respond differently."""
    return tuple(study_module(study).statistics(study))


def check_entry(study: StudyDefinition, key: str, check: Callable[[], object]) -> None:
    """Refuse an entry of the analysis for which a check raises an error.

    raises: DefinitionError that names file and key
    """
    try:
        check()
    except InputError as problem:
        raise DefinitionError(study.place(key), str(problem)) from None


def _check_reported(study: StudyDefinition) -> None:
    """Refuse a reported statistic that the study does not compute, or that is reported twice."""
    known, seen = statistics_of(study), set[str]()
    for index, one in enumerate(study.reported):
        place = f"{study.file}: reported.{index}.statistic"
        if one.statistic not in known:
            problem = f"the study computes no statistic '{one.statistic}'{nearest(one.statistic, known)}"
            raise DefinitionError(place, problem)
        if one.statistic in seen:
            raise DefinitionError(place, f"wants each statistic once, got '{one.statistic}' twice")
        seen.add(one.statistic)
