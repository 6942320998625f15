"""Whether a definition fits the tables, regions and statistics that only a run would otherwise come upon."""

from __future__ import annotations

from typing import Any

from msim.base.errors import DefinitionError, nearest
from msim.brain.connectome import Connectome, read_connectome
from msim.brain.task import wiring_of
from msim.definitions.brain import BrainDefinition
from msim.definitions.evidence import EvidenceRow
from msim.definitions.participants import Population
from msim.definitions.read_model import read_model
from msim.definitions.study import StudyDefinition
from msim.definitions.study_entries import RestingEntry, TaskStudyEntry
from msim.definitions.task import read_task
from msim.study.evidence import row_bounds
from msim.virtual.cohort import held_regions
from msim.virtual.resting import pairs_of
from msim.virtual.statistics import check_reported

ROWS_ARE_OF = "circuits/cortical_column"  # which knows the unit of what most rows read


def check_fit(found: Any) -> None:
    """Refuse what could be found wrong before anything is run, of whatever kind of definition.

    raises: InputError that names file and key
    """
    if isinstance(found, StudyDefinition):
        check_study(found)
    elif isinstance(found, BrainDefinition):
        read_connectome(found.connectome, found.weights)
    elif isinstance(found, list):
        _check_rows(found)


def check_study(study: StudyDefinition) -> None:
    """Refuse systems, regions and statistics that a study names and its brain and analysis do not have."""
    if study.brain is not None:
        _check_regions(study, study.brain)
    check_reported(study)


def _check_regions(study: StudyDefinition, brain: BrainDefinition) -> None:
    connectome = read_connectome(brain.connectome, brain.weights)
    _check_health(study.population, connectome)
    where = f"{study.file}: {study.analysis}"
    if isinstance(study.options, RestingEntry):
        pairs_of(study.options, connectome, f"{where}.systems")
    if isinstance(study.options, TaskStudyEntry):
        wiring_of(read_task(study.options.task), connectome.names)
        for index, name in enumerate(study.options.regions):
            if name not in connectome.names:
                hint = nearest(name, connectome.names)
                raise DefinitionError(f"{where}.regions.{index}", f"the brain has no region '{name}'{hint}")


def _check_health(population: Population, connectome: Connectome) -> None:
    for health in population.health:
        held_regions(population, health, connectome)


def _check_rows(rows: list[EvidenceRow]) -> None:
    """Hold margins against the unit of what is read, where the shipped column has it."""
    row_bounds(rows, rows, read_model(ROWS_ARE_OF))
