"""Checks that a study has the groups, visits and times that its analysis names, and its model the roles."""

from __future__ import annotations

from collections.abc import Sequence

from msim.base.errors import DefinitionError, InputError, nearest
from msim.definitions.models.roles import role
from msim.definitions.studies.analysis import Analysis
from msim.definitions.studies.study import StudyDefinition


def check_roles(study: StudyDefinition, analysis: Analysis) -> None:
    """Refuse a study that lacks a role of the model, a group, a visit or a time that its analysis needs.

    raises: DefinitionError that names file and key
    """
    for name in ("gain", *analysis.roles):
        try:
            role(study.population.model, name)
        except InputError as problem:
            raise DefinitionError(f"{study.file}: participants", str(problem)) from None
    groups, visits = {one.name for one in study.groups}, {one.name for one in study.visits}
    for key in analysis.visits:
        for name in _visits(study, key):
            _check_known(study, key, name, visits, "visit")
    if study.controls:
        _check_known(study, "controls", study.controls, groups, "group")
    for key in analysis.times:
        if study.seconds(key) <= 0:
            raise DefinitionError(study.place(key), f"wants more than 0 s, got {getattr(study.options, key)!r}")
    if groups == {study.controls}:
        raise DefinitionError(study.place("controls"), "wants a group beside the controls, got none")
    for key, kinds in analysis.visits.items():
        for group in groups_of(study, kinds):
            for name in _visits(study, key):
                if name not in {one.name for one in study.visits_of(group)}:
                    raise DefinitionError(study.place(key), f"wants a visit of group '{group}', got '{name}'")


def groups_of(study: StudyDefinition, kinds: Sequence[str]) -> list[str]:
    """Return the groups of some kinds, as `Analysis.visits` names these, each once."""
    everybody = [one.name for one in study.groups]
    known = {
        "all": everybody, "controls": [study.controls], "others": [one for one in everybody if one != study.controls],
        "patients": [study.patients], "treated": [one.name for one in study.groups if one.doses],
    }  # fmt: skip
    return list(dict.fromkeys(name for kind in kinds for name in known[kind]))


def _visits(study: StudyDefinition, key: str) -> list[str]:
    given = getattr(study.options, key)
    return [given] if isinstance(given, str) else list(given)


def _check_known(study: StudyDefinition, key: str, name: str, known: set[str], what: str) -> None:
    if name not in known:
        raise DefinitionError(study.place(key), f"unknown {what} '{name}'{nearest(name, known)}")
