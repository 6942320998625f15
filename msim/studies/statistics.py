"""Names of the rows of a study's table, known before participants are recruited."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msim.base.errors import DefinitionError, nearest
from msim.brain.task_table import BEHAVIOR
from msim.definitions.studies.study import StudyDefinition
from msim.meg.fit import CHANGING
from msim.meg.table import BANDS
from msim.studies.glutamate import MEASURES, PET

ANSWERS = ("change of the largest answer to touch", "change of the largest late answer",
           "variance explained by the fit")  # fmt: skip


def statistics_of(study: StudyDefinition) -> tuple[str, ...]:
    """Return the name of every row that a study's table may have; some need participants who respond differently."""
    return tuple(STATISTICS[study.analysis](study))


def check_reported(study: StudyDefinition) -> None:
    """Refuse a reported statistic that the study does not compute, or that is reported twice.

    raises: DefinitionError that names file and key
    """
    known, seen = statistics_of(study), set[str]()
    for index, one in enumerate(study.reported):
        place = f"{study.file}: reported.{index}.statistic"
        if one.statistic not in known:
            problem = f"the study computes no statistic '{one.statistic}'{nearest(one.statistic, known)}"
            raise DefinitionError(place, problem)
        if one.statistic in seen:
            raise DefinitionError(place, f"wants each statistic once, got '{one.statistic}' twice")
        seen.add(one.statistic)


def _resting(study: StudyDefinition) -> Iterator[str]:
    for one in study.options.systems:
        yield f"{one.name}: patients - controls, before"
        yield from (f"{one.name}: time", f"{one.name}: time x response")


def _task(study: StudyDefinition) -> Iterator[str]:
    options, patients = study.options, study.patients
    first, *later = options.visits
    yield "rating: time"
    contrasts = [f"NoGo > Go in {one}" for one in options.regions]
    yield from (f"{one}, {first}" for one in contrasts)
    for name in (*contrasts, *BEHAVIOR):
        yield from (f"{name}, {one} - {first}" for one in later)
        yield from (f"{name}, {patients} - {options.controls}", f"{name}, time", f"{name}, time x remission")
    yield from (f"{one}, {options.visits[-1]} - {first}, with improvement" for one in contrasts)


def _meg(study: StudyDefinition) -> Iterator[str]:
    names = [one.name for one in study.groups]
    for group in names:
        for kind in CHANGING:
            yield from (f"{group}: change of {kind} {how}" for how in ("by the fit", "in the column"))
            yield f"{group}: share of 90 % intervals that hold the change of {kind}"
        yield from (f"{group}: change of {one} power" for one in BANDS)
        yield from (f"{group}: {one}" for one in ANSWERS)
    for first, second in zip(names, names[1:], strict=False):
        yield from (f"change of {kind} by the fit: {first} - {second}" for kind in CHANGING)


def _glutamate(study: StudyDefinition) -> Iterator[str]:
    options, patients = study.options, study.patients
    for measure in MEASURES:
        if measure != PET:
            yield f"{measure}: {patients} - {options.controls}, {options.baseline}"
    for group in study.groups:
        for visit in options.after if group.doses else ():
            yield from (f"{measure}, {visit}, {group.name}: change in %" for measure in MEASURES)
    yield f"SV2A change by {options.after[-1]}, {patients}, with binding before"


STATISTICS: dict[str, Callable[[StudyDefinition], Iterator[str] | Sequence[str]]] = {
    "resting_connectivity": _resting, "go_nogo": _task, "meg_dcm": _meg, "glutamate": _glutamate,
}  # fmt: skip
