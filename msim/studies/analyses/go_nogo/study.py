"""A study of a task in the scanner: contrast and behavior at several visits, and remission."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msim.base.errors import DefinitionError, nearest
from msim.brain.cohort import Visit as ScanVisit
from msim.brain.cohort import task_visits
from msim.brain.connectome import Connectome, connectome_of
from msim.brain.emulator_axes import brain_emulator
from msim.brain.files import start_brain, write_task
from msim.brain.go_nogo import TaskResult
from msim.brain.task import wiring_of
from msim.brain.task_table import BEHAVIOR, TaskCohort, contrast_in, task_table
from msim.definitions.brains.task import TaskDefinition, read_task
from msim.definitions.studies.study import StudyDefinition
from msim.imaging.group import Test, correlation, mixed_model
from msim.imaging.scan import Label
from msim.measures.scan_times import simulated_seconds
from msim.studies.analyses.go_nogo import TaskStudyEntry
from msim.studies.checks import check_entry
from msim.studies.cohort import Cohort, cohort_of, held_regions
from msim.studies.context import StudyContext
from msim.studies.outcome import Outcome


@dataclass(frozen=True)
class TaskDetails:
    """Data of the figure and files of a task study; results are in the order of the cohort's `seen`."""

    connectome: Connectome
    task: TaskDefinition
    results: tuple[TaskResult, ...]
    table: TaskCohort


def check(study: StudyDefinition) -> None:
    """Refuse a task, regions or states of health that the brain does not have, and scans too short for their TR."""
    options: TaskStudyEntry = study.options
    assert study.brain is not None
    connectome, task = connectome_of(study.brain), read_task(options.task)
    wiring_of(task, connectome.names)
    for health in study.population.health:
        held_regions(study.population, health, connectome)
    for index, name in enumerate(options.regions):
        if name not in connectome.names:
            hint = nearest(name, connectome.names)
            raise DefinitionError(study.place(f"regions.{index}"), f"the brain has no region '{name}'{hint}")
    Label(study.groups[0].participant(1), task.name.replace("_", ""))
    check_entry(study, "tr", lambda: simulated_seconds(task["duration"], study.seconds("tr")))


def statistics(study: StudyDefinition) -> Iterator[str]:
    """Yield the name of every row that the table may have."""
    options, patients = study.options, study.patients
    first, *later = options.visits
    yield "rating: time"
    contrasts = [f"NoGo > Go in {one}" for one in options.regions]
    yield from (f"{one}, {first}" for one in contrasts)
    for name in (*contrasts, *BEHAVIOR):
        yield from (f"{name}, {one} - {first}" for one in later)
        yield from (f"{name}, {patients} - {options.controls}", f"{name}, time", f"{name}, time x remission")
    yield from (f"{one}, {options.visits[-1]} - {first}, with improvement" for one in contrasts)


def run(study: StudyDefinition, context: StudyContext) -> Outcome:
    """Simulate all participants, scan them during the task, and run the study's statistics."""
    assert study.brain is not None
    options: TaskStudyEntry = study.options
    task = read_task(options.task)
    connectome = connectome_of(study.brain)
    wiring_of(task, connectome.names)
    cohort = cohort_of(study, context)
    health = {one.name: held_regions(study.population, one.health, connectome) for one in study.groups}
    visits = [
        ScanVisit(one.person.id, one.person.group, one.visit.name, one.regional(health[one.person.group]))
        for one in cohort.seen
    ]
    emulator = brain_emulator(
        study.brain, [state for one in visits for state in one.regional],
        lambda done, total: context.progress(f"the emulator of the brain's columns: {done} of {total} bursts"),
    )  # fmt: skip
    context.progress(f"{len(visits)} scans")
    results = task_visits(
        study.brain, connectome, emulator, task, visits, study.seconds("tr"), study.seed, study.coupling
    )
    patients = study.patients
    remitters = frozenset(
        one.person.id for one in cohort.at(options.remission_at, patients) if one.rating <= options.remission
    )
    table = TaskCohort(
        visits, results, patients, options.controls, tuple(options.visits), tuple(options.regions), remitters
    )
    rows = [*_ratings(cohort, options, patients), *task_table(table), *_with_ratings(cohort, table, options, patients)]
    details = TaskDetails(connectome, task, tuple(results), table)
    return Outcome(cohort, tuple(rows), _facts(study, cohort, table), details)


def write(folder: Path, found: Outcome) -> None:
    """Write scans, events and estimates of everybody."""
    study, details = found.cohort.study, found.details
    assert study.brain is not None
    into = start_brain(folder, study.brain.name, details.connectome, study.title)
    write_task(into, details.task, details.results)


def _ratings(cohort: Cohort, options: TaskStudyEntry, patients: str) -> list[Test]:
    """Return the statistics of the rating over visits."""
    columns: dict[str, list[object]] = {"y": [], "time": [], "subject": []}
    for visit in options.visits:
        for one in cohort.at(visit, patients):
            for key, value in zip(columns, (one.rating, visit, one.person.id), strict=True):
                columns[key].append(value)
    return mixed_model("y ~ C(time)", columns, {"rating: time": "C(time)"})


def _with_ratings(cohort: Cohort, table: TaskCohort, options: TaskStudyEntry, patients: str) -> list[Test]:
    """Correlate the contrast's change with the share of the rating that is gone, at the last visit (Pearson's r)."""
    first, last = options.visits[0], options.visits[-1]
    improved = {one.person.id: one.improved for one in cohort.at(last, patients)}
    rows = []
    for region in options.regions:
        measure = contrast_in(region)
        before, after = (table.values(measure, patients, visit) for visit in (first, last))
        both = [one for one in before if one in after and one in improved]
        change = np.array([after[one] - before[one] for one in both])
        share = np.array([improved[one] for one in both])
        rows.append(correlation(f"NoGo > Go in {region}, {last} - {first}, with improvement", change, share))
    return rows


def _facts(study: StudyDefinition, cohort: Cohort, table: TaskCohort) -> dict[str, str]:
    options: TaskStudyEntry = study.options
    rated = cohort.at(options.remission_at, table.patients)
    none = sum(one.estimates is None for one in table.results)
    return {
        "remission": f"{len(table.remitters)} of {len(rated)} at {options.remission_at}",
        "scans without a contrast": f"{none} of {len(table.results)}",
        "coupling of regions": f"{study.coupling if study.coupling is not None else 'as in the brain file'}",
        "change of AMPA conductance in affected regions": ", ".join(
            f"{visit} {np.mean([one.potentiation for one in cohort.at(visit, table.patients)]):+.3f}"
            for visit in options.visits
        ),
    }
