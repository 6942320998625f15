"""Values of a model: collected with their sources, checked against bounds and against each other, and changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msim.base.errors import DefinitionError, nearest
from msim.base.mechanism import Parameter
from msim.base.sources import Source, check_source
from msim.definitions.files import schema as e
from msim.definitions.models.constants import check_constants
from msim.definitions.models.model import MechanismInstance, ModelDefinition, Value, checked_value

WHOLE = ("column.n_cells", "column.reference_cells")
# Values that are kept beside those of the model, to be put in their place.
KEPT = ("manipulations", "hypotheses", "preparations", "states", "variants")


class Values:
    """Collector of the values of a model; it refuses values without unit or source, or out of bounds."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self.found: dict[str, Value] = {}
        self.places: dict[str, str] = {}
        self.sources = sources

    def take(self, path: str, entry: e.ValueEntry, form: Parameter, where: str, file: str) -> None:
        """Keep one value, or the path of the value that it follows."""
        if not entry.same_as:
            check_source(entry.source, entry.note, self.sources, where)
        blank = Value(
            path, 0.0, form.unit, str(entry.value), entry.source, entry.note, file,
            form.low, form.high, form.low_is_allowed, entry.same_as, form.meaning,
        )  # fmt: skip
        self.found[path] = blank if entry.same_as else checked_value(blank, entry.value, where)
        self.places[path] = where

    def take_all(
        self, owner: str, given: Mapping[str, e.ValueEntry], forms: tuple[Parameter, ...], where: str, file: str
    ) -> None:
        """Keep the values of all parameters of an owner; none may be missing."""
        for form in forms:
            if form.name not in given:
                raise DefinitionError(f"{where}.{form.name}", f"missing value of '{form.name}' ({form.meaning})")
            self.take(f"{owner}.{form.name}", given[form.name], form, f"{where}.{form.name}", file)

    def follow(self) -> None:
        """Check every value that follows another one against its own unit and bounds."""
        for path, value in self.found.items():
            if not value.same_as:
                continue
            where = f"{self.places[path]}.same_as"
            if value.same_as not in self.found:
                hint = nearest(value.same_as, self.found)
                raise DefinitionError(where, f"wants the path of a value of the model, got '{value.same_as}'{hint}")
            leader = self.found[value.same_as]
            if leader.same_as:
                wanted = "wants a value that follows no other"
                raise DefinitionError(where, f"{wanted}, got '{leader.path}', which follows '{leader.same_as}'")
            checked_value(value, leader.given, where)


def with_changes(model: ModelDefinition, changes: Mapping[str, str | int | float], where: str) -> ModelDefinition:
    """Return the model with other values, by dotted path, checked against each other again."""
    for path, text in changes.items():
        model = model.with_value(path, text, where)
    if changes:
        check_values(model)
    return model


def is_kept(path: str) -> bool:
    """Return whether a path is of a value kept beside those of the model, such as one that a hypothesis sets."""
    return path.split(".")[0] in KEPT


def apart(changes: Mapping[str, str | int | float]) -> tuple[dict[str, str | int | float], dict[str, Any]]:
    """Split changes into those of values kept beside the model's, and those of the model's values."""
    kept = {path: value for path, value in changes.items() if is_kept(path)}
    return kept, {path: value for path, value in changes.items() if path not in kept}


def validate_not_kept(paths: Iterable[str], where: str) -> None:
    """Refuse, in one arm, a change of values kept beside the model's, except manipulations, which are applied later."""
    for path in paths:
        if is_kept(path) and not path.startswith("manipulations."):
            raise DefinitionError(where, f"wants a value of the model itself in one arm, got '{path}'")


def is_whole(model: ModelDefinition, path: str) -> bool:
    """Return whether a value is a count, that is a whole number."""
    owner, _, name = path.rpartition(".")
    return path in WHOLE or (owner in model.projections and name == "in_degree")


def check_values(model: ModelDefinition) -> None:
    """Refuse values that contradict each other; call this again after every change of a value."""
    _check_column(model)
    for name in model.populations:
        _check_highest_rate(model, name)
    for one in model.projections.values():
        _check_in_degree(model, one.name)
        low, high = model.resolved(f"{one.name}.delay_low"), model.resolved(f"{one.name}.delay_high")
        if low.si > high.si:
            place = f"{one.file}: projections.{one.name}.delay_high"
            raise DefinitionError(place, f"wants at least delay_low ({low.text}), got '{high.text}'")
    for instance in model.instances.values():
        for smaller, larger in instance.mechanism.ascending:
            low, high = model.resolved(f"{instance.name}.{smaller}"), model.resolved(f"{instance.name}.{larger}")
            if low.si >= high.si:
                place = f"{instance.file}: mechanisms.{instance.name}.{larger}"
                raise DefinitionError(place, f"wants more than {smaller} ({low.text}), got '{high.text}'")
        for names in instance.mechanism.shares:
            _check_shares(model, instance, names)
        check_constants(model, instance)


def _check_shares(model: ModelDefinition, instance: MechanismInstance, names: tuple[str, ...]) -> None:
    total = sum(model[f"{instance.name}.{one}"] for one in names)
    if total > 1 + 1e-9:
        place = f"{instance.file}: mechanisms.{instance.name}"
        raise DefinitionError(place, f"wants {' and '.join(names)} that add up to at most 1, got {total:g}")


def _check_column(model: ModelDefinition) -> None:
    total = sum(model[f"{name}.share"] for name in model.populations)
    if model.populations and abs(total - 1) > 1e-6:
        files = sorted({one.file for one in model.populations.values()})
        raise DefinitionError(f"{', '.join(files)}: populations", f"wants shares that add up to 1, got {total:g}")
    for path in WHOLE:
        if path in model.values and not model[path].is_integer():
            value = model.resolved(path)
            raise DefinitionError(f"{value.file}: {path}", f"wants a whole number of cells, got {value.text}")


def _check_highest_rate(model: ModelDefinition, name: str) -> None:
    rest, highest = model.resolved(f"{name}.resting_rate"), model.resolved(f"{name}.highest_rate")
    if highest.si <= rest.si:
        place = f"{model.populations[name].file}: populations.{name}.highest_rate"
        raise DefinitionError(place, f"wants more than resting_rate ({rest.text}), got '{highest.text}'")


def _check_in_degree(model: ModelDefinition, name: str) -> None:
    projection, value = model.projections[name], model.resolved(f"{name}.in_degree")
    place = f"{projection.file}: projections.{name}.in_degree"
    if not value.si.is_integer():
        raise DefinitionError(place, f"wants a whole number of contacts, got {value.text}")
    most = model.reference_cells(projection.origin) - int(projection.origin == projection.to)
    if value.si > most:
        whose = f"the other cells of '{projection.origin}' in the reference column"
        raise DefinitionError(place, f"wants at most {most}, {whose}, got {value.text}")
