"""Refusal of changes that nothing depends on: a result would be taken for one in which they were tried."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, NoReturn

from msim.base.errors import DefinitionError, InputError
from msim.base.quantities import parse_quantity
from msim.definitions.experiments.changes import Place, is_of_experiment, places_at
from msim.definitions.experiments.definition import Arm, ExperimentDefinition
from msim.definitions.models.drug_binding import with_given_drugs
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.values import is_kept, with_changes


def validate_effective(
    experiment: ExperimentDefinition, tables: Mapping[str, Any],
    built: Callable[[Mapping[str, Any]], ExperimentDefinition],
) -> None:  # fmt: skip
    """Refuse a change that an arm overrides, or without which every arm would be the same.

    tables: of the experiment's file, without the changes; built: builds the experiment with other changes
    raises: DefinitionError that names the change
    """
    validate_not_overridden(experiment, tables, dict.fromkeys(experiment.changes, "--set"))
    for path, given in experiment.changes.items():
        try:
            before = built({one: value for one, value in experiment.changes.items() if one != path})
        except DefinitionError:
            continue  # the change mends what would be refused without it
        if same_trials(before, experiment) and not _is_so(before, experiment, path, given, tables):
            raise_idle(path, experiment, "--set")


def raise_idle(path: str, experiment: ExperimentDefinition, where: str) -> NoReturn:
    """Refuse a change that nothing depends on in the arms of an experiment."""
    arms = [one.name for one in experiment.arms]
    named = ", ".join(arms[:4]) + (", ..." if len(arms) > 4 else "")
    raise DefinitionError(where, f"wants a change that something depends on: '{path}' changes nothing in {named}")


def validate_not_overridden(
    experiment: ExperimentDefinition, tables: Mapping[str, Any], paths: Mapping[str, str]
) -> None:
    """Refuse changes of values that an arm sets by itself, which would come after them.

    paths: each with the option or key that gives it
    """
    for index, arm in enumerate(tables["arms"]):
        for path in arm.get("set", {}) if is_run(str(arm["name"]), experiment) else ():
            if path in paths:
                came = f"one of all arms and {experiment.file}: arms.{index}.set"
                raise DefinitionError(paths[path], f"wants one change of '{path}', got {came}")


def validate_decisive(
    model: ModelDefinition, changes: Mapping[str, Any], decides: Callable[[dict[str, Any]], Any], what: str,
    where: str = "--set",
) -> None:  # fmt: skip
    """Refuse a change of a model that leaves everything which decides on a result as it is.

    decides: returns what decides on the result, under changes; what: names the result
    raises: DefinitionError that names the change; one that sets the value that holds without it is no mistake
    """
    if not changes:
        return
    after, whole = with_changes(model, changes, where), decides(dict(changes))
    for path in changes:
        fewer = {one: value for one, value in changes.items() if one != path}
        try:
            before = with_changes(model, fewer, where)
            idle = before.resolved(path).si != after.resolved(path).si and decides(fewer) == whole
        except InputError:
            continue  # the change mends what would be refused without it
        if idle:
            wanted = "wants a change that something depends on"
            raise DefinitionError(where, f"{wanted}: '{path}' changes nothing in {what}")


def is_run(name: str, experiment: ExperimentDefinition) -> bool:
    """Return whether an arm of the file is among those of an experiment, under any hypothesis."""
    names: Collection[str] = {one.name for one in experiment.arms}
    return name in names or any(f"{name}_{one}" in names for one in experiment.hypotheses)


def same_trials(one: ExperimentDefinition, other: ExperimentDefinition) -> bool:
    """Return whether everything that decides on the recorded values is the same in two experiments."""
    return deciding(one) == deciding(other)


def deciding(experiment: ExperimentDefinition) -> tuple[Any, ...]:
    """Return everything that decides on the recorded values of an experiment."""
    arms = [
        (one.preparation, one.state, one.variant, deciding_in_arm(one, experiment.end)) for one in experiment.arms
    ]  # fmt: skip
    return experiment.begin, experiment.end, experiment.schedule, experiment.recording, arms


def deciding_in_arm(arm: Arm, end: float) -> tuple[Any, ...]:
    """Return all that decides on the trials of one arm up to a time (s), whatever names are given to it.

    Body weight counts only where a dose is given.
    """
    doses = [one for one in arm.doses if one.start_s < end]
    given = frozenset(one.drug for one in doses)
    changes = [
        (one.time, deciding_values(one.model, given), dict(one.pulses)) for one in arm.changes if one.time < end
    ]
    return doses, arm.body_weight if doses else None, deciding_values(arm.model, given), changes


def deciding_values(model: ModelDefinition, given: Collection[str]) -> dict[str, float]:
    """Return the values that an arm depends on, without those of drugs that it is not given and of `is_kept` paths."""
    open_to = with_given_drugs(model, given)
    apart = {one.name for one in model.on_scale("binding")}
    apart |= {one.name for one in model.on_scale("drug") if one.name not in given}
    return {
        path: open_to.resolved(path).si
        for path in open_to.values if path.partition(".")[0] not in apart and not is_kept(path)
    }  # fmt: skip


def deciding_in_bath(model: ModelDefinition, drug: str) -> dict[str, float]:
    """Return the values that cells in a bath of a drug depend on: without those of its way through a body."""
    ways = {one.name for one in model.on_scale("drug")}
    return {path: si for path, si in deciding_values(model, {drug}).items() if path.partition(".")[0] not in ways}


def _is_so(
    before: ExperimentDefinition, after: ExperimentDefinition, path: str, given: Any, tables: Mapping[str, Any]
) -> bool:
    """Return whether a change sets the value that holds without it, which is no mistake."""
    if not is_of_experiment(path):
        return before.model.resolved(path).si == after.model.resolved(path).si
    if path == "body_weight":
        weight = float(parse_quantity(given, path))
        return any(one.body_weight == weight for one in before.arms if one.doses)
    found = [one for one in places_at(path, tables, "--set") if not one.arm or is_run(one.arm, after)]
    return bool(found) and all(_stands(one, given, tables) for one in found)


def _stands(place: Place, given: Any, tables: Mapping[str, Any]) -> bool:
    """Return whether the file, or its default where it leaves the entry out, gives the same value."""
    old = place.given(tables)
    if place.takes is None or old is None:
        return old == given or place.way == ("schedule",)
    return place.takes.si(old, place.name) == place.takes.si(given, place.name)
