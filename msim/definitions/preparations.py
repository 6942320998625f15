"""[preparations] and [states] of a model: what it stands for, from a person to a silent slice, healthy or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msim.base.errors import DefinitionError, nearest
from msim.base.mechanism import Parameter
from msim.base.units import kilogram
from msim.definitions import entries as e
from msim.definitions.hypotheses import with_kept
from msim.definitions.manipulations import form_of
from msim.definitions.model import ModelDefinition, Preparation
from msim.definitions.values import Values
from msim.pharmacology.regimen import BATH

BODY_WEIGHT = Parameter("body_weight", kilogram, "weight of the animal or person", 0, 1000, False)


def read_preparation(
    table: str, name: str, entry: e.PreparationEntry | e.StateEntry, file: str, values: Values
) -> Preparation:
    """One [preparations.NAME] or [states.NAME] table; the values that it gives are kept with those of the model.

    raises: DefinitionError that names file and key
    """
    place, kept = f"{file}: {table}.{name}", f"{table}.{name}"
    changes = {}
    for path, given in entry.set.items():
        changes[path] = f"{kept}.{path}"
        values.take(changes[path], given, form_of(path, values, f"{place}.set"), f"{place}.set.{path}", file)
    weight, bath = "", False
    if isinstance(entry, e.PreparationEntry):
        bath = entry.bath
        if entry.body_weight is not None:
            if bath:
                raise DefinitionError(f"{place}.body_weight", "wants no body weight of what lies in a bath")
            weight = f"{kept}.body_weight"
            values.take(weight, entry.body_weight, BODY_WEIGHT, f"{place}.body_weight", file)
    return Preparation(name, entry.meaning, changes, weight, bath, file)


def declared_preparation(model: ModelDefinition, table: str, name: str, where: str) -> Preparation:
    """The preparation or state of that name."""
    known: Mapping[str, Preparation] = getattr(model, table)
    if name not in known:
        hint = nearest(name, known) if known else "; it declares none"
        raise DefinitionError(where, f"the model declares no {table.removesuffix('s')} '{name}'{hint}")
    return known[name]


def prepared(model: ModelDefinition, table: str, name: str, where: str) -> ModelDefinition:
    """The model as a preparation or a state has it; as it stands where `name` is ''."""
    return with_kept(model, declared_preparation(model, table, name, where).changes) if name else model


def weight_of(model: ModelDefinition, name: str, given: float | None, is_own: bool, where: str) -> float:
    """The body weight (kg) in a preparation.

    given: that of the experiment, if it says one; is_own: whether the preparation is an arm's own, whose weight counts
    """
    one = model.preparations.get(name)
    own = model[one.body_weight] if one is not None and one.body_weight else None
    weight = own if is_own and own is not None else given if given is not None else own
    if weight is not None:
        return weight
    if one is not None and one.bath:
        return 1.0  # nothing is given by weight, and no body clears it
    raise DefinitionError(where, "missing key 'body_weight', or a preparation that has one")


def check_routes(model: ModelDefinition, name: str, doses: Sequence[e.DoseEntry], where: str) -> None:
    """Refuse a bath around a body, and a dose to a slice."""
    check_bath(doses, bool(name) and model.preparations[name].bath, where)


def check_bath(doses: Sequence[e.DoseEntry], bath: bool, where: str) -> None:
    """Refuse a bath among doses to a body, and the other way round."""
    for index, one in enumerate(doses):
        if (one.route == BATH) != bath:
            wanted = "'bath' in a slice" if bath else "no bath without a preparation that has one"
            raise DefinitionError(f"{where}.{index}.route", f"wants {wanted}, got '{one.route}'")
