"""[hypotheses] of a model: rival accounts, each a set of values; and an experiment crossed with several of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from msim.base.errors import DefinitionError, nearest
from msim.definitions.experiments.claims import renamed_claim
from msim.definitions.files import schema as e
from msim.definitions.models.manipulations import form_of
from msim.definitions.models.model import Hypothesis, ModelDefinition
from msim.definitions.models.values import Values, check_values


def read_hypothesis(name: str, entry: e.HypothesisEntry, file: str, values: Values) -> Hypothesis:
    """Read one [hypotheses.NAME] table, and keep its values with the values of the model.

    raises: DefinitionError that names file and key
    """
    place = f"{file}: hypotheses.{name}.set"
    changes = {}
    for path, given in entry.set.items():
        changes[path] = f"hypotheses.{name}.{path}"
        values.take(changes[path], given, form_of(path, values, place), f"{place}.{path}", file)
    return Hypothesis(name, entry.meaning, changes, file)


def declared_hypothesis(model: ModelDefinition, name: str, where: str) -> Hypothesis:
    """Return the hypothesis with this name."""
    if name not in model.hypotheses:
        hint = nearest(name, model.hypotheses) if model.hypotheses else "; it declares none"
        raise DefinitionError(where, f"the model declares no hypothesis '{name}'{hint}")
    return model.hypotheses[name]


def under(model: ModelDefinition, name: str, where: str) -> ModelDefinition:
    """Return the model under a hypothesis, or unchanged where `name` is ''.

    raises: DefinitionError where the model does not declare it
    """
    if not name:
        return model
    return with_kept(model, declared_hypothesis(model, name, where).changes)


def with_kept(model: ModelDefinition, changes: Mapping[str, str]) -> ModelDefinition:
    """Return the model with values replaced by other values that it keeps.

    changes: path to the path of the value that it takes
    """
    values = dict(model.values)
    for path, kept in changes.items():
        new = model.resolved(kept)
        values[path] = replace(values[path], si=new.si, text=new.text, source=new.source, note=new.note)
    changed = replace(model, values=values)
    check_values(changed)
    return changed


def crossed(entry: e.ExperimentFile, model: ModelDefinition, only: str, where: str) -> e.ExperimentFile:
    """Return the entries of an experiment with every arm and prediction under each of its hypotheses.

    only: the one hypothesis chosen on the command line, or ''
    returns: arms and predictions named NAME_HYPOTHESIS; without `hypotheses`, all arms under `only`
    """
    if entry.hypotheses is None:
        return entry if not only else _all_under(entry, model, only, where)
    names = _names(entry, model, where)
    if only:
        if only not in names:
            wanted = f"wants one of the hypotheses of the experiment ({', '.join(names)}), got '{only}'"
            raise DefinitionError("--hypothesis", wanted + nearest(only, names))
        names = [only]
    arms = [
        one.model_copy(update={"name": f"{one.name}_{name}", "hypothesis": name})
        for name in names for one in entry.arms
    ]  # fmt: skip
    predict = [
        one.model_copy(update={"id": f"{one.id}_{name}", "claim": renamed_claim(one.claim, f"_{name}")})
        for name in names for one in entry.predict
    ]  # fmt: skip
    return entry.model_copy(update={"arms": arms, "predict": predict})


def _all_under(entry: e.ExperimentFile, model: ModelDefinition, only: str, where: str) -> e.ExperimentFile:
    declared_hypothesis(model, only, "--hypothesis")
    for index, one in enumerate(entry.arms):
        if one.hypothesis is not None and one.hypothesis != only:
            wanted = f"the arm has its own: wants no --hypothesis {only}, got '{one.hypothesis}'"
            raise DefinitionError(f"{where}: arms.{index}.hypothesis", wanted)
    return entry.model_copy(update={"arms": [one.model_copy(update={"hypothesis": only}) for one in entry.arms]})


def _names(entry: e.ExperimentFile, model: ModelDefinition, where: str) -> list[str]:
    names = list(entry.hypotheses or ())
    for index, name in enumerate(names):
        place = f"{where}: hypotheses.{index}"
        declared_hypothesis(model, name, place)
        if name in names[:index]:
            raise DefinitionError(place, f"wants each hypothesis once, got '{name}' twice")
    for index, one in enumerate(entry.arms):
        if one.hypothesis is not None:
            wanted = "wants none in an arm where the experiment lists hypotheses for all"
            raise DefinitionError(f"{where}: arms.{index}.hypothesis", f"{wanted}, got '{one.hypothesis}'")
    return names


def validate_set_once(model: ModelDefinition, name: str, given: Mapping[str, object], where: str) -> None:
    """Refuse a change of a value that a hypothesis sets too, since the result would depend on their order."""
    for path in model.hypotheses[name].changes if name else ():
        if path in given:
            raise DefinitionError(where, f"wants one change of '{path}', got 'set' and hypothesis '{name}'")
