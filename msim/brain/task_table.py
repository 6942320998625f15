"""The statistics of a Go/NoGo study: behavior and contrast of regions at time points, their changes, and groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from msim.base.errors import InputError, nearest
from msim.brain.cohort import Visit
from msim.brain.go_nogo import TaskResult
from msim.imaging.group import Test, against_zero, mixed_model, paired, unpaired


@dataclass(frozen=True)
class TaskCohort:
    """Visits and their results, in one order.

    patients, controls: names of groups; time_points: of patients, in order; regions: those with a contrast in the table
    remitters: subjects
    """

    visits: Sequence[Visit]
    results: Sequence[TaskResult]
    patients: str
    controls: str
    time_points: tuple[str, ...]
    regions: tuple[str, ...]
    remitters: frozenset[str] = frozenset()

    def values(self, measure: Callable[[TaskResult], float], group: str, time_point: str) -> Mapping[str, float]:
        """Return a measure at a time point by subject."""
        return {
            visit.subject: measure(result)
            for visit, result in zip(self.visits, self.results, strict=True)
            if (visit.group, visit.time_point) == (group, time_point)
        }


def contrast_in(region: str) -> Callable[[TaskResult], float]:
    """Return a function that gives the contrast of a region, NaN where there is none."""

    def measure(result: TaskResult) -> float:
        if region not in result.scan.regions:
            raise InputError(f"regions: the brain has none '{region}'{nearest(region, result.scan.regions)}")
        if result.estimates is None:
            return float("nan")
        return float(result.estimates.contrast[result.scan.regions.index(region)])

    return measure


BEHAVIOR: Mapping[str, Callable[[TaskResult], float]] = {
    "right to Go": lambda one: one.behavior.go,
    "right to NoGo": lambda one: one.behavior.nogo,
    "reaction to Go": lambda one: one.behavior.reaction,
}


def task_table(cohort: TaskCohort) -> list[Test]:
    """Return all rows: contrast at the first time point, its changes, groups, and time by remission.

    Changes are paired t tests from the first time point to each later one; groups are compared at the first.
    """
    rows = []
    measures = {f"NoGo > Go in {one}": contrast_in(one) for one in cohort.regions}
    first = cohort.time_points[0]
    for name, measure in measures.items():
        at_first = cohort.values(measure, cohort.patients, first)
        rows.append(against_zero(f"{name}, {first}", np.array(list(at_first.values()))))
    for name, measure in {**measures, **BEHAVIOR}.items():
        rows += _changes(cohort, name, measure)
        rows += _groups(cohort, name, measure)
        rows += _by_remission(cohort, name, measure)
    return rows


def _changes(cohort: TaskCohort, name: str, measure: Callable[[TaskResult], float]) -> list[Test]:
    first, *later = cohort.time_points
    before = cohort.values(measure, cohort.patients, first)
    rows = []
    for time_point in later:
        after = cohort.values(measure, cohort.patients, time_point)
        both = [one for one in before if one in after]
        pair = [np.array([values[one] for one in both]) for values in (before, after)]
        rows.append(paired(f"{name}, {time_point} - {first}", *pair))
    return rows


def _groups(cohort: TaskCohort, name: str, measure: Callable[[TaskResult], float]) -> list[Test]:
    first = cohort.time_points[0]
    patients, controls = (
        np.array(list(cohort.values(measure, one, first).values())) for one in (cohort.patients, cohort.controls)
    )
    return [unpaired(f"{name}, {cohort.patients} - {cohort.controls}", patients, controls)] if controls.size else []


def _by_remission(cohort: TaskCohort, name: str, measure: Callable[[TaskResult], float]) -> list[Test]:
    if not cohort.remitters or len(cohort.time_points) < 2:
        return []
    table: dict[str, list[object]] = {"y": [], "time": [], "remission": [], "subject": []}
    for time_point in cohort.time_points:
        for subject, value in cohort.values(measure, cohort.patients, time_point).items():
            for key, one in zip(table, (value, time_point, subject in cohort.remitters, subject), strict=True):
                table[key].append(one)
    if len(set(table["remission"])) < 2 or not _tells_apart(table):
        return []
    terms = {f"{name}, time": "C(time)", f"{name}, time x remission": "C(time):C(remission)"}
    return mixed_model("y ~ C(time) * C(remission)", table, terms)


def _tells_apart(table: Mapping[str, Sequence[object]]) -> bool:
    """Return whether a model can be fitted: values differ, and every combination of time and remission has some."""
    known = [
        (float(str(y)), time, remission)
        for y, time, remission in zip(table["y"], table["time"], table["remission"], strict=True)
        if np.isfinite(float(str(y)))
    ]
    wanted = len(set(table["time"])) * len(set(table["remission"]))
    return len({y for y, _, _ in known}) > 1 and len({(time, remission) for _, time, remission in known}) == wanted
