"""Reader of a file under models/participants: differences between people, and a disorder before treatment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from msim.base.errors import DefinitionError, nearest
from msim.base.mechanism import Parameter
from msim.base.sources import read_sources
from msim.base.units import kilogram
from msim.definitions.files import schema as e
from msim.definitions.files.read import display_name, find, read_entries, read_text, shipped
from msim.definitions.models.model import ModelDefinition, Value
from msim.definitions.models.parts import validate_followers
from msim.definitions.models.preparations import declared_preparation
from msim.definitions.models.read_model import read_model_beside
from msim.definitions.models.values import Values
from msim.definitions.studies.schema import HealthEntry, ParticipantsFile, SubgroupEntry

SPREAD = Parameter("spread", 1, "standard deviation of a value's logarithm over people", 0, 2)
WEIGHT = (
    Parameter("weight", kilogram, "mean body weight", 0, 1000, False),
    Parameter("weight_sd", kilogram, "its standard deviation", 0, 1000),
)
SEVERITY = (
    Parameter("severity", 1, "mean of the rating before treatment", 0, 100),
    Parameter("severity_sd", 1, "its standard deviation", 0, 100),
)
SHARE = Parameter("share", 1, "share of all participants", 0, 1)


@dataclass(frozen=True)
class Health:
    """A state of health of a brain before treatment.

    changes: of values of the model, SI units, in regions of `systems`, or in all regions where there are none
    spread: standard deviation of logarithms, in those regions; severity, severity_sd: of the rating
    """

    name: str
    meaning: str
    systems: tuple[str, ...]
    changes: Mapping[str, float]
    spread: Mapping[str, float]
    severity: float
    severity_sd: float


@dataclass(frozen=True)
class Subgroup:
    """Participants who differ in kind from the others.

    share: of all participants; changes: of values of the model, SI units
    """

    name: str
    meaning: str
    share: float
    changes: Mapping[str, float]


@dataclass(frozen=True)
class Population:
    """Differences between people, as a file states them.

    weight, weight_sd: kg; spread: path of a value to the standard deviation of its logarithm
    values: all numbers with their sources, by path in the file
    """

    name: str
    title: str
    file: str
    model: ModelDefinition
    weight: float
    weight_sd: float
    spread: Mapping[str, float]
    subgroups: tuple[Subgroup, ...]
    health: Mapping[str, Health]
    values: Mapping[str, Value]


def read_participants(name: str | Path) -> Population:
    """Read and check a file of participants.

    name: a path, or a shipped name such as 'participants/adults'
    raises: DefinitionError or InputError that names file and key
    """
    path = find(str(name), "models")
    where = display_name(path)
    entry = read_entries(read_text(path), where, ParticipantsFile)
    validate_followers(entry, where)
    model = read_model_beside(path, entry.model, f"{where}: model")
    values = Values(read_sources(shipped("models") / "sources.bib"))
    for form in WEIGHT:
        values.take(form.name, getattr(entry, form.name), form, f"{where}: {form.name}", where)
    spread = _spread(entry.spread, model, values, "spread", where)
    subgroups = tuple(_subgroup(key, one, model, values, where) for key, one in entry.subgroups.items())
    health = {key: _health(key, one, model, values, where) for key, one in entry.health.items()}
    found = values.found
    total = sum(one.share for one in subgroups)
    if total > 1:
        raise DefinitionError(f"{where}: subgroups", f"wants shares that add up to at most 1, got {total:g}")
    return Population(
        path.stem, entry.title, where, model, found["weight"].si, found["weight_sd"].si, spread, subgroups, health,
        found,
    )  # fmt: skip


def _spread(
    given: Mapping[str, e.ValueEntry], model: ModelDefinition, values: Values, kept: str, where: str
) -> dict[str, float]:
    found = {}
    for path, entry in given.items():
        place = f"{where}: {kept}.{path}"
        value = model.values[_known(path, model, place)]
        if value.si <= 0:
            raise DefinitionError(place, f"wants a value above 0 at rest, as its logarithm varies; it is {value.si:g}")
        values.take(f"{kept}.{path}", entry, SPREAD, place, where)
        found[path] = values.found[f"{kept}.{path}"].si
    return found


def _subgroup(name: str, entry: SubgroupEntry, model: ModelDefinition, values: Values, where: str) -> Subgroup:
    kept = f"subgroups.{name}"
    values.take(f"{kept}.share", entry.share, SHARE, f"{where}: {kept}.share", where)
    changes = {}
    for path, given in entry.set.items():
        place = f"{where}: {kept}.set.{path}"
        value = model.values[_known(path, model, place)]
        values.take(f"{kept}.{path}", given, _as_parameter(value), place, where)
        changes[path] = values.found[f"{kept}.{path}"].si
    return Subgroup(name, entry.meaning, values.found[f"{kept}.share"].si, changes)


def _health(name: str, entry: HealthEntry, model: ModelDefinition, values: Values, where: str) -> Health:
    kept = f"health.{name}"
    state = declared_preparation(model, "states", entry.state, f"{where}: {kept}.state")
    spread = _spread(entry.spread, model, values, f"{kept}.spread", where)
    for form in SEVERITY:
        values.take(f"{kept}.{form.name}", getattr(entry, form.name), form, f"{where}: {kept}.{form.name}", where)
    changes = {path: model[own] for path, own in state.changes.items()}
    severity, sd = (values.found[f"{kept}.{form.name}"].si for form in SEVERITY)
    return Health(name, entry.meaning, tuple(entry.systems), changes, spread, severity, sd)


def _known(path: str, model: ModelDefinition, where: str) -> str:
    if path not in model.values:
        raise DefinitionError(where, f"the model has no value '{path}'{nearest(path, model.values)}")
    if model.values[path].same_as:
        raise DefinitionError(where, f"'{path}' follows '{model.values[path].same_as}': name that one")
    return path


def _as_parameter(value: Value) -> Parameter:
    name = value.path.rpartition(".")[2]
    return Parameter(name, value.unit, value.meaning, value.low, value.high, value.low_is_allowed)
