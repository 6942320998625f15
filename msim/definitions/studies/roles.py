"""Checks that all groups of an analysis have its visits, and that its times are possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msim.base.errors import DefinitionError

if TYPE_CHECKING:
    from msim.definitions.studies.study import StudyDefinition

LEAST = 3  # participants of a group, for a spread that means anything
ABOVE_ZERO = ("tr", "seconds", "scan", "every")  # times
SHORTEST_MEG = 1.0  # s; what spectra are taken of at a time


def check_roles(study: StudyDefinition) -> None:
    """Refuse a study that lacks a group, a visit, a time or participants that its table needs.

    raises: DefinitionError that names file and key
    """
    where = f"{study.file}: {study.analysis}"
    _check_times(study, where)
    if not [one for one in study.groups if one.name != getattr(study.options, "controls", "")]:
        raise DefinitionError(f"{where}.controls", "wants a group beside the controls, got none")
    for key, visit, groups in _seen(study):
        for group in groups:
            if visit not in {one.name for one in study.visits_of(group)}:
                raise DefinitionError(f"{where}.{key}", f"wants a visit of group '{group}', got '{visit}'")


def _check_times(study: StudyDefinition, where: str) -> None:
    for key in ABOVE_ZERO:
        if hasattr(study.options, key) and study.seconds(key) <= 0:
            raise DefinitionError(f"{where}.{key}", f"wants more than 0 s, got {getattr(study.options, key)!r}")
    if study.analysis == "glutamate" and study.seconds("every") > study.seconds("scan"):
        scan = study.options.scan
        raise DefinitionError(f"{where}.every", f"wants at most scan ({scan}), got {study.options.every!r}")
    if study.analysis == "meg_dcm" and study.seconds("seconds") < SHORTEST_MEG:
        wanted = f"wants at least {SHORTEST_MEG:g} s, of which a spectrum is taken"
        raise DefinitionError(f"{where}.seconds", f"{wanted}, got {study.options.seconds!r}")
    analysed = getattr(study.options, "analysed", None)
    if analysed is not None and analysed < LEAST:
        raise DefinitionError(f"{where}.analysed", f"wants at least {LEAST} participants, as fewer have no spread, "
                                                   f"got {analysed}")


def _seen(study: StudyDefinition) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Yield each key that names a visit, the visit, and the groups that need that visit."""
    options, patients = study.options, study.patients
    everybody, controls = [one.name for one in study.groups], getattr(options, "controls", "")
    others = [name for name in everybody if name != controls]
    treated = [one.name for one in study.groups if one.doses]
    wanted: Mapping[str, Sequence[str]] = {
        "resting_connectivity": {"before": others, "after": others, "response_at": others},
        "go_nogo": {"visits": [patients], "remission_at": [patients]},
        "meg_dcm": {"before": everybody, "after": everybody},
        "glutamate": {"baseline": list(dict.fromkeys([patients, controls, *treated])),
                      "after": list(dict.fromkeys([patients, *treated]))},
    }[study.analysis]  # fmt: skip
    for key, groups in wanted.items():
        given = getattr(options, key)
        for visit in [given] if isinstance(given, str) else given:
            yield key, visit, groups
