"""ExperimentDefinition: hypothesis, arms, recordings and predictions settled in advance."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from msim.base.errors import DefinitionError
from msim.base.quantities import parse_in, quantity_text, second
from msim.base.sources import check_source, read_sources
from msim.definitions.evidence.roles import known_roles
from msim.definitions.experiments.changes import changed_tables, of_model
from msim.definitions.experiments.definition import (
    Arm,
    ExperimentDefinition,
    checked_seeds,
    validate_named_once,
)
from msim.definitions.experiments.doses import regimen
from msim.definitions.experiments.effects import validate_effective
from msim.definitions.experiments.predictions import read_prediction
from msim.definitions.experiments.recordings import check_probe, check_shows, read_recording
from msim.definitions.experiments.schedule_section import read_schedule
from msim.definitions.files import schema as e
from msim.definitions.files.read import checked_entries, display_name, find, read_tables, read_text, shipped
from msim.definitions.models.hypotheses import crossed, under, validate_set_once
from msim.definitions.models.interventions import (
    KINDS,
    Intervention,
    changes_of,
    read_interventions,
    with_interventions,
)
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.preparations import check_routes, chosen_of, prepared, validate_one_setter, weight_of
from msim.definitions.models.read_model import read_model, read_model_beside, read_model_texts
from msim.definitions.models.values import apart, validate_not_kept, with_changes


def read_experiment(
    name: str | Path, changes: Mapping[str, str | int | float] | None = None, hypothesis: str = "",
    model: ModelDefinition | None = None,
) -> ExperimentDefinition:  # fmt: skip
    """Read an experiment file with its model, and check both whole.

    name: a path, or a shipped name such as 'ketamine_rapid_and_sustained'
    changes: values of the model to change in all arms, or entries of the experiment, by dotted path
    hypothesis: one that the model declares, for all arms
    model: in place of the one that the file names
    raises: DefinitionError or InputError that names file and key, or a change that changes nothing
    """
    path = find(str(name), "experiments")
    where, text = display_name(path), read_text(path)
    tables = read_tables(text, where)
    entry = _entry(tables, where, changes or {})
    if model is None:
        model = read_model_beside(path, entry.model, f"{where}: model")
    return _with_effect(tables, path.stem, where, text, model, changes or {}, hypothesis)


def experiment_from_tables(
    tables: Mapping[str, Any], changes: Mapping[str, str | int | float] | None = None, hypothesis: str = "",
    model: ModelDefinition | None = None, where: str = "experiment",
) -> ExperimentDefinition:  # fmt: skip
    """Build an experiment from the tables of its file, and from its model where that was read before.

    raises: DefinitionError or InputError that names `where` and key
    """
    entry = _entry(tables, where, changes or {})
    if model is None:
        model = read_model(entry.model)
    return _with_effect(copy.deepcopy(dict(tables)), where, where, "", model, changes or {}, hypothesis)


def experiment_from_texts(
    name: str, where: str, text: str, model_name: str, model_texts: Mapping[str, str], changes: Mapping[str, Any],
    hypothesis: str = "", roles: Mapping[str, str] | None = None,
) -> ExperimentDefinition:  # fmt: skip
    """Rebuild an experiment from the texts that a run has stored.

    roles: of the evidence rows that its predictions name, as they were when it ran
    """
    entry = _entry(read_tables(text, where), where, changes)
    model = read_model_texts(model_name, model_texts)
    return build_experiment(entry, name, where, text, model, dict(changes), hypothesis, roles)


def rebuilder(experiment: ExperimentDefinition) -> Callable[[Mapping[str, Any]], ExperimentDefinition]:
    """Return a function that builds an experiment with other changes, of the same arms, seeds and duration."""
    tables = read_tables(experiment.text, experiment.file)
    model = read_model_texts(experiment.model.name, experiment.model.files)

    def built(changes: Mapping[str, Any]) -> ExperimentDefinition:
        entry = _entry(tables, experiment.file, changes)
        whole = build_experiment(
            entry, experiment.name, experiment.file, experiment.text, model, dict(changes), experiment.under,
            experiment.roles,
        )  # fmt: skip
        until = experiment.end if experiment.end < whole.end else None
        return whole.narrowed([one.name for one in experiment.arms], experiment.seeds, until)

    return built


def validate_effective_changes(experiment: ExperimentDefinition) -> None:
    """Refuse a change that nothing depends on in the arms that are left of an experiment.

    raises: DefinitionError that names the change
    """
    if experiment.changes and experiment.text:
        validate_effective(experiment, read_tables(experiment.text, experiment.file), rebuilder(experiment))


def _with_effect(
    tables: dict[str, Any], name: str, where: str, text: str, model: ModelDefinition,
    changes: Mapping[str, str | int | float], hypothesis: str,
) -> ExperimentDefinition:  # fmt: skip
    """Build an experiment, and check that each of its changes has an effect."""

    def built(own: Mapping[str, Any]) -> ExperimentDefinition:
        return build_experiment(_entry(tables, where, own), name, where, text, model, dict(own), hypothesis)

    found = built(changes)
    validate_effective(found, tables, built)
    return found


def _entry(tables: Mapping[str, Any], where: str, changes: Mapping[str, Any]) -> e.ExperimentFile:
    return checked_entries(changed_tables(tables, changes, "--set"), where, e.ExperimentFile)


def build_experiment(
    entry: e.ExperimentFile, name: str, where: str, text: str, model: ModelDefinition,
    changes: dict[str, str | int | float], hypothesis: str = "", roles: Mapping[str, str] | None = None,
) -> ExperimentDefinition:  # fmt: skip
    """Turn entries into a checked ExperimentDefinition."""
    sources = read_sources(shipped("models") / "sources.bib")
    check_source(entry.source, entry.notes, sources, f"{where}: source")
    if not model.populations:
        wanted = f"wants a model with populations, got '{entry.model}' without any"
        raise DefinitionError(f"{where}: model", wanted)
    if entry.hypotheses is not None:
        # What is wrong is said of the file as it is, before its arms are multiplied.
        build_experiment(entry.model_copy(update={"hypotheses": None}), name, where, text, model, changes,
                         roles=roles)  # fmt: skip
    entry = crossed(entry, model, hypothesis, where)

    def base_of(arm: e.ArmEntry | None, place: str) -> ModelDefinition:
        """Apply variant, preparation and state to the model, then the experiment's `set`, hypothesis, command line."""
        one = declared
        for key in ("variant", "preparation", "state"):
            own = getattr(arm, key) if arm is not None else None
            place_of = f"{place}.{key}" if own is not None else f"{'--set' if key in changes else where}: {key}"
            one = prepared(one, f"{key}s", chosen_of(entry, arm, key), place_of)
        one = with_changes(one, set_here, f"{where}: set")
        name = (arm.hypothesis if arm is not None else None) or ""
        one = under(one, name, f"{place}.hypothesis")
        validate_set_once(model, name, entry.set, f"{where}: set")
        settled = {*entry.set, *(arm.set if arm is not None else ()), *given}
        both = {key: chosen_of(entry, arm, key) for key in ("variant", "preparation", "state")}
        validate_one_setter(model, {**both, "hypothesis": name}, settled, place or where)
        return with_changes(one, given, "--set")

    # What the model keeps apart, such as values of a hypothesis, is changed before it is put in the place of others.
    kept_here, set_here = apart(entry.set)
    kept, given = apart(of_model(changes))
    declared = with_changes(with_changes(model, kept_here, f"{where}: set"), kept, "--set")

    base = base_of(None, where)
    begin, end = _times(entry, where)
    arms = _arms(entry, base_of, (begin, end), where)
    in_baths = all(one.preparation and base.preparations[one.preparation].bath for one in arms)
    if entry.body_weight is not None and in_baths:
        raise DefinitionError(f"{where}: body_weight", "wants no body weight where every arm lies in a bath")
    recording, quantities = read_recording(entry.record, base, (begin, end), where)
    check_shows(entry.sweep, base, recording, quantities, where)
    schedule = read_schedule(entry.schedule, f"{where}: schedule")
    check_probe(schedule.probe, base, recording, f"{where}: schedule")
    names = [one.name for one in arms]
    named = [one.row for one in entry.predict if one.row]
    known = known_roles(roles or {}) if named else {}
    predictions = tuple(
        read_prediction(one, base, quantities, recording, names, sources, known, f"{where}: predict.{index}")
        for index, one in enumerate(entry.predict)
    )
    if entry.hypotheses is not None:
        under_which = {one.name: one.hypothesis for one in arms}
        predictions = tuple(replace(one, hypothesis=under_which[one.claim.left.arm]) for one in predictions)
    validate_named_once([one.id for one in predictions], f"{where}: predict", "id")
    return ExperimentDefinition(
        name, entry.title, entry.hypothesis, entry.source, where, text, base, arms, checked_seeds(entry.seeds, where),
        begin, end, arms[0].body_weight, schedule, recording, quantities,
        predictions, changes, _crossed_with(entry, arms), hypothesis,
        {row: known[row] for row in named},
    )  # fmt: skip


def _crossed_with(entry: e.ExperimentFile, arms: Sequence[Arm]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.hypothesis for one in arms)) if entry.hypotheses is not None else ()


def _time(text: Any, where: str) -> float:
    return float(parse_in(text, second, where))


def _times(entry: e.ExperimentFile, where: str) -> tuple[float, float]:
    begin, duration = _time(entry.begin, f"{where}: begin"), _time(entry.duration, f"{where}: duration")
    if not -e.LONGEST_TIME <= begin <= 0:
        wanted = f"wants a time at or before 0, and after {quantity_text(-e.LONGEST_TIME * second)}"
        raise DefinitionError(f"{where}: begin", f"{wanted}, got {entry.begin!r}")
    if not 0 < duration <= e.LONGEST_TIME:
        wanted = f"wants more than 0 and at most {quantity_text(e.LONGEST_TIME * second)}"
        raise DefinitionError(f"{where}: duration", f"{wanted}, got {entry.duration!r}")
    return begin, duration


def _arms(
    entry: e.ExperimentFile, base_of: Callable[[e.ArmEntry, str], ModelDefinition], span: tuple[float, float],
    where: str,
) -> tuple[Arm, ...]:  # fmt: skip
    arms = []
    for index, one in enumerate(entry.arms):
        place = f"{where}: arms.{index}"
        hypothesis = one.hypothesis or ""
        base = base_of(one, place)
        preparation = chosen_of(entry, one, "preparation")
        weight = weight_of(base, preparation, entry.body_weight, where, f"{place}.preparation")
        check_routes(base, preparation, one.doses, f"{place}.doses")
        validate_set_once(base, hypothesis, one.set, f"{place}.set")
        masses = {drug.name: base[f"{drug.name}.molar_mass"] for drug in base.on_scale("drug")}
        doses = regimen(one.doses, weight, masses, f"{place}.doses", span[1])
        model, interventions = _arm_model(one, base, span, place)
        at_rest, changes = with_interventions(model, interventions, -math.inf), changes_of(
            model, interventions, span[1]
        )
        state, variant = chosen_of(entry, one, "state"), chosen_of(entry, one, "variant")
        arms.append(
            Arm(one.name, one.meaning, doses, at_rest, interventions, changes, hypothesis, weight, preparation, state,
                variant)
        )  # fmt: skip
    validate_named_once([one.name for one in arms], f"{where}: arms", "name")
    return tuple(arms)


def _arm_model(
    arm: e.ArmEntry, base: ModelDefinition, span: tuple[float, float], place: str
) -> tuple[ModelDefinition, tuple[Intervention, ...]]:
    """Return the model of an arm before its interventions, and the interventions."""
    validate_not_kept(arm.set, f"{place}.set")
    model = with_changes(base, arm.set, f"{place}.set")
    interventions = read_interventions({kind: getattr(arm, kind) for kind in KINDS}, model, span, place)
    for intervention in interventions:
        for path in intervention.values:
            if path in arm.set:
                came = f"'set' after {intervention.kind} '{intervention.name}'"
                raise DefinitionError(f"{place}.set", f"wants one change of '{path}', got {came}")
    return model, interventions
