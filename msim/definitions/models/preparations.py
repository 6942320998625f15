"""[preparations], [states] and [variants] of a model: the subject that it represents, and whose numbers it takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msim.base.errors import DefinitionError, nearest
from msim.base.mechanism import Parameter
from msim.base.quantities import quantity_text
from msim.base.units import kilogram
from msim.definitions.files import schema as e
from msim.definitions.models.hypotheses import with_kept
from msim.definitions.models.manipulations import form_of
from msim.definitions.models.model import Hypothesis, ModelDefinition, Preparation
from msim.definitions.models.values import Values
from msim.pharmacology.regimen import BATH, ROUTES

WEIGHTS = (
    Parameter("body_weight", kilogram, "weight of the animal or person", 0, e.HEAVIEST_BODY, False),
    Parameter("lightest", kilogram, "weight below which it is no such animal or person", 0, e.HEAVIEST_BODY, False),
    Parameter("heaviest", kilogram, "weight above which it is none", 0, e.HEAVIEST_BODY, False),
)


def read_preparation(
    table: str, name: str, entry: e.PreparationEntry | e.StateEntry | e.VariantEntry, file: str, values: Values
) -> Preparation:
    """Read one [preparations.NAME], [states.NAME] or [variants.NAME] table; keep its values with those of the model.

    raises: DefinitionError that names file and key
    """
    place, kept = f"{file}: {table}.{name}", f"{table}.{name}"
    changes = {}
    for path, given in entry.set.items():
        changes[path] = f"{kept}.{path}"
        values.take(changes[path], given, form_of(path, values, f"{place}.set"), f"{place}.set.{path}", file)
    weight, bath = "", False
    if isinstance(entry, e.PreparationEntry):
        bath, weight = entry.bath, _read_weight(entry, kept, place, file, values)
    return Preparation(name, entry.meaning, changes, weight, bath, file)


def _read_weight(entry: e.PreparationEntry, kept: str, place: str, file: str, values: Values) -> str:
    """Read the weights of a preparation, and return the path of its body weight; '' where it has none."""
    for form in WEIGHTS:
        given = getattr(entry, form.name)
        if given is None:
            if entry.body_weight is not None:
                raise DefinitionError(f"{place}.{form.name}", f"missing value of '{form.name}' ({form.meaning})")
            continue
        if entry.bath or entry.body_weight is None:
            what = "of what lies in a bath" if entry.bath else "without 'body_weight'"
            raise DefinitionError(f"{place}.{form.name}", f"wants no body weight {what}")
        values.take(f"{kept}.{form.name}", given, form, f"{place}.{form.name}", file)
    return f"{kept}.body_weight" if entry.body_weight is not None else ""


def check_weights(model: ModelDefinition) -> None:
    """Refuse a preparation whose own body weight is outside its limits."""
    for name, one in model.preparations.items():
        if one.body_weight:
            _validate_weight(model, name, model[one.body_weight], f"{one.file}: preparations.{name}.body_weight")


def declared_preparation(model: ModelDefinition, table: str, name: str, where: str) -> Preparation:
    """Return the preparation, state or variant with this name."""
    known: Mapping[str, Preparation] = getattr(model, table)
    if name not in known:
        hint = nearest(name, known) if known else "; it declares none"
        raise DefinitionError(where, f"the model declares no {table.removesuffix('s')} '{name}'{hint}")
    return known[name]


def prepared(model: ModelDefinition, table: str, name: str, where: str) -> ModelDefinition:
    """Return the model in a preparation, a state or a variant, or unchanged where `name` is ''."""
    return with_kept(model, declared_preparation(model, table, name, where).changes) if name else model


def chosen_of(entry: e.ExperimentFile, arm: e.ArmEntry | None, key: str) -> str:
    """Return the preparation, state or variant of an arm: its own, or that of the experiment."""
    own = getattr(arm, key) if arm is not None else None
    found: str = getattr(entry, key) if own is None else own
    return found


def validate_one_setter(
    model: ModelDefinition, chosen: Mapping[str, str], settled: Collection[str], where: str
) -> None:
    """Refuse a value that two of these set: the order in which they are taken would decide which holds.

    chosen: names of variant, preparation, state and hypothesis, or ''
    settled: values that the experiment, the arm or the command line sets after them
    """
    known: dict[str, Mapping[str, Preparation | Hypothesis]] = {
        "variant": model.variants, "preparation": model.preparations, "state": model.states,
        "hypothesis": model.hypotheses,
    }  # fmt: skip
    found: dict[str, str] = {}
    for kind, name in chosen.items():
        for path in known[kind][name].changes if name else ():
            if path in found and path not in settled:
                came = f"{found[path]} and {kind} '{name}'; 'set' may say which"
                raise DefinitionError(where, f"wants one change of '{path}', got {came}")
            found[path] = f"{kind} '{name}'"


def weight_of(model: ModelDefinition, name: str, given: float | None, where: str, place: str) -> float:
    """Return the body weight (kg) in a preparation: of the experiment, if it gives one, else the preparation's own.

    given: weight that the experiment gives; where: file of the experiment; place: key that names the preparation
    raises: DefinitionError where there is no weight, or it is not one that such a body can have
    returns: 1 for a slice in a bath
    """
    one = model.preparations.get(name)
    if one is not None and one.bath:
        return 1.0  # nothing is given by weight, and no body clears it
    if one is None or not one.body_weight:
        if given is None:
            raise DefinitionError(where, "missing key 'body_weight', or a preparation that has one")
        return given
    weight = model[one.body_weight] if given is None else given
    _validate_weight(model, name, weight, f"{where}: body_weight" if given is not None else place)
    return weight


def _validate_weight(model: ModelDefinition, name: str, weight: float, where: str) -> None:
    low, high = (model[f"preparations.{name}.{one}"] for one in ("lightest", "heaviest"))
    if not low <= weight <= high:
        span = f"{quantity_text(low * kilogram)} to {quantity_text(high * kilogram)}"
        came = quantity_text(weight * kilogram)
        raise DefinitionError(where, f"wants a body of {span} for preparation '{name}', got {came}")


def check_routes(model: ModelDefinition, name: str, doses: Sequence[e.DoseEntry], where: str) -> None:
    """Refuse a bath where the model has a body, a dose other than by the bath to a slice, and routes a drug lacks."""
    check_bath(doses, bool(name) and model.preparations[name].bath, where)
    inputs = {one.name: one.mechanism.inputs for one in model.on_scale("drug")}
    for index, one in enumerate(doses):
        known = [port.name.removeprefix("dose_") for port in inputs.get(one.drug, ()) if port.name.startswith("dose_")]
        if known and one.route in ROUTES and one.route not in known:
            wanted = f"wants a route that '{one.drug}' has parameters of ({', '.join(known)}), got '{one.route}'"
            raise DefinitionError(f"{where}.{index}.route", wanted)


def check_bath(doses: Sequence[e.DoseEntry], bath: bool, where: str) -> None:
    """Refuse a bath among doses to a body, and the other way round."""
    for index, one in enumerate(doses):
        if (one.route == BATH) != bath:
            wanted = "'bath' in a slice" if bath else "no bath without a preparation that has one"
            raise DefinitionError(f"{where}.{index}.route", f"wants {wanted}, got '{one.route}'")
