"""Checks of definitions that need the tables and files that these name: all before anything is run."""

from __future__ import annotations

from collections.abc import Callable

from msim.base.errors import DefinitionError, InputError, nearest
from msim.brain.connectome import connectome_of
from msim.brain.scans import validate_short_scan
from msim.brain.task import wiring_of
from msim.definitions.brains.brain import BrainDefinition
from msim.definitions.brains.task import read_task
from msim.definitions.evidence.rows import EvidenceRow
from msim.definitions.models.read_model import read_model
from msim.definitions.studies.schema import RestingEntry, TaskStudyEntry
from msim.definitions.studies.study import Group, StudyDefinition
from msim.evidence.evidence import row_bounds
from msim.imaging.connectivity import Band
from msim.imaging.scan import Label
from msim.measures.scan_times import simulated_seconds
from msim.meg.fields import SHORTEST
from msim.studies.cohort import held_regions
from msim.studies.resting import TASK, pairs_of
from msim.studies.statistics import check_reported

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
    _ANALYSES[study.analysis](study)
    check_reported(study)


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


def _resting(study: StudyDefinition) -> None:
    options: RestingEntry = study.options
    assert study.brain is not None
    connectome = connectome_of(study.brain)
    pairs_of(options, connectome, f"{study.file}: {study.analysis}.systems")
    for health in study.population.health:
        held_regions(study.population, health, connectome)
    band = Band(study.hertz("low"), study.hertz("high"))
    label = Label(study.groups[0].participant(1), TASK)
    _at(study, "tr", lambda: validate_short_scan(study.seconds("duration"), study.seconds("tr"), label, band))


def _task(study: StudyDefinition) -> None:
    options: TaskStudyEntry = study.options
    assert study.brain is not None
    connectome, task = connectome_of(study.brain), read_task(options.task)
    wiring_of(task, connectome.names)
    for health in study.population.health:
        held_regions(study.population, health, connectome)
    for index, name in enumerate(options.regions):
        if name not in connectome.names:
            hint = nearest(name, connectome.names)
            where = f"{study.file}: {study.analysis}.regions.{index}"
            raise DefinitionError(where, f"the brain has no region '{name}'{hint}")
    Label(study.groups[0].participant(1), task.name.replace("_", ""))
    _at(study, "tr", lambda: simulated_seconds(task["duration"], study.seconds("tr")))


def _meg(study: StudyDefinition) -> None:
    if not study.seconds("seconds") >= SHORTEST:
        raise DefinitionError(f"{study.file}: meg_dcm.seconds", f"wants at least {SHORTEST:g} s of ongoing activity, "
                                                                f"got {study.seconds('seconds'):g} s")


def _glutamate(study: StudyDefinition) -> None:
    scan, every = study.seconds("scan"), study.seconds("every")
    if not 0 < every <= scan:
        raise DefinitionError(f"{study.file}: glutamate.every", f"wants more than 0 s and at most scan ({scan:g} s), "
                                                                f"got {every:g} s")


def _at(study: StudyDefinition, key: str, check: Callable[[], object]) -> None:
    try:
        check()
    except InputError as problem:
        raise DefinitionError(f"{study.file}: {study.analysis}.{key}", str(problem)) from None


_ANALYSES: dict[str, Callable[[StudyDefinition], None]] = {
    "resting_connectivity": _resting, "go_nogo": _task, "meg_dcm": _meg, "glutamate": _glutamate,
}  # fmt: skip
