"""Reader of model files: follows includes, reads values, looks up names, and builds a ModelDefinition."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msim.base.errors import DefinitionError, nearest
from msim.base.mechanism import Mechanism, Parameter
from msim.base.sources import read_sources
from msim.base.units import hertz, second, siemens
from msim.definitions.files import schema as e
from msim.definitions.files.read import display_name, find, read_entries, read_text, shipped, shipped_names
from msim.definitions.models.drug_binding import drugs_that_bind, with_drugs
from msim.definitions.models.hypotheses import read_hypothesis
from msim.definitions.models.links import check_links
from msim.definitions.models.manipulations import Parts, read_manipulation
from msim.definitions.models.mechanism_registry import FOR_GIVEN, GivenForm, mechanisms
from msim.definitions.models.model import (
    Drive,
    Link,
    MechanismInstance,
    ModelDefinition,
    Population,
    Projection,
    Roles,
)
from msim.definitions.models.parts import check_given
from msim.definitions.models.preparations import check_weights, read_preparation
from msim.definitions.models.roles import check_roles, read_roles
from msim.definitions.models.values import Values, check_values

APART = ("manipulations", "hypotheses", "preparations", "states", "variants")
TABLES = ("mechanisms", "populations", "projections", "drives", "links", *APART)
RESERVED = ("column", "roles", *APART)
MOST_INCLUDES_DEEP = 20

COLUMN = (
    Parameter("n_cells", 1, "cells of the column", low=10, high=1e6),
    Parameter("reference_cells", 1, "cells of the column for which in-degrees and weights are written", 10, 1e6),
)
POPULATION = (
    Parameter("share", 1, "share of the column's cells", low=0, high=1, low_is_allowed=False),
    Parameter("resting_rate", hertz, "firing rate at rest, at which recalibration aims", 0, 1000, False),
    Parameter("highest_rate", hertz, "mean rate over any 0.1 s above which a run is stopped", 0, 1e4, False),
)
PROJECTION = (
    Parameter("in_degree", 1, "contacts onto one cell", low=0),
    Parameter("weight_sigma", 1, "spread of the logarithm of the weights", low=0, high=3),
    Parameter("delay_low", second, "shortest delay", low=0, high=1, low_is_allowed=False),
    Parameter("delay_high", second, "longest delay", low=0, high=1, low_is_allowed=False),
)
DRIVE = (
    Parameter("contacts", 1, "afferents onto one cell", low=0, high=1e6, low_is_allowed=False),
    Parameter("rate", hertz, "events of one afferent", low=0, high=1000),
)
SHARE = Parameter("share", 1, "share of the change from rest that is handed over", low=0, high=1)
PLACE = Parameter("place", 1, "share of the receptor's conductance that sits there", low=0, high=1)
PEAK = Parameter("peak", siemens, "peak conductance of one event of mean weight", low=0)


@dataclass
class _Merged:
    """Tables of all included files in one, each entry with the file it came from."""

    files: dict[str, str] = field(default_factory=dict)
    title: str = ""
    column: tuple[e.ColumnEntry, str] | None = None
    roles: tuple[e.RolesEntry, str] | None = None
    tables: dict[str, dict[str, tuple[Any, str]]] = field(default_factory=lambda: {name: {} for name in TABLES})
    owners: dict[str, str] = field(default_factory=dict)


def read_model(name: str | Path) -> ModelDefinition:
    """Read a model file with everything it includes, and check it whole.

    name: a path, or a shipped name such as 'circuits/cortical_column'
    raises: DefinitionError or InputError that names file and key
    """
    return _read_whole(find(str(name), "models"), str(name))


def read_model_beside(path: Path, name: str, where: str) -> ModelDefinition:
    """Read the model that an experiment file names: beside it, in the folder 'models' next to its own, or shipped.

    where: file and key, for the message
    raises: DefinitionError or InputError that names file and key
    """
    beside = path.resolve().parent
    return _read_whole(_model_file(name, (beside, beside.parent / "models", shipped("models")), where), name)


def _read_whole(path: Path, name: str) -> ModelDefinition:
    merged = _Merged()
    _merge(path, merged, ())
    return build_model(name, merged.files, merged)


def read_model_texts(name: str, texts: Mapping[str, str]) -> ModelDefinition:
    """Rebuild a model from the texts that a run has stored, in the order in which they were read."""
    merged = _Merged()
    for where, text in texts.items():
        _take(read_entries(text, where, e.ModelFile), text, where, merged)
    return build_model(name, merged.files, merged)


def read_part(path: Path) -> ModelDefinition:
    """Read a file that is only a part of a model: its mechanisms and values, without links to other files.

    What else it holds is looked at as far as it can be without them.

    raises: DefinitionError that names file and key
    """
    where, text = display_name(path), read_text(path)
    entry = read_entries(text, where, e.ModelFile)
    merged = _Merged()
    _take(entry, text, where, merged)
    values = Values(read_sources(shipped("models") / "sources.bib"))
    check_given(entry, values.sources, where)
    instances = {key: _instance(key, one, where, values) for key, one in entry.mechanisms.items()}
    for table, forms in (("populations", POPULATION), ("projections", PROJECTION), ("drives", DRIVE)):
        for key, other in getattr(entry, table).items():
            place = f"{where}: {table}.{key}"
            values.take_all(key, dict(other), forms, place, where)
            for receptor, peak in getattr(other, "peak", {}).items():
                values.take(f"{key}.peak.{receptor}", peak, PEAK, f"{place}.peak.{receptor}", where)
            for compartment, shares in getattr(other, "places", {}).items():
                for receptor, share in shares.items():
                    own = f"places.{compartment}.{receptor}"
                    values.take(f"{key}.{own}", share, PLACE, f"{place}.{own}", where)
    for key, link in entry.links.items():
        _link(key, link, where, values)
    return ModelDefinition(where, entry.title, merged.files, instances, {}, {}, {}, {}, {}, values.found)


def _merge(path: Path, merged: _Merged, above: tuple[Path, ...]) -> None:
    where, text = display_name(path), read_text(path)
    if path.resolve() in above:
        raise DefinitionError(f"{where}: include", f"wants files that do not include it, got {display_name(above[-1])}")
    if len(above) == MOST_INCLUDES_DEEP:
        raise DefinitionError(f"{where}: include", f"wants at most {MOST_INCLUDES_DEEP} files including one another")
    entry = read_entries(text, where, e.ModelFile)
    for index, name in enumerate(entry.include):
        included = _included(name, path, f"{where}: include.{index}")
        if display_name(included) not in merged.files:
            _merge(included, merged, (*above, path.resolve()))
    _take(entry, text, where, merged)


def _included(name: str, path: Path, where: str) -> Path:
    roots = [parent for parent in path.resolve().parents if os.path.isfile(parent / "sources.bib")][:1]
    return _model_file(name, (*roots, path.resolve().parent, shipped("models")), where)


def _model_file(name: str, folders: Sequence[Path], where: str) -> Path:
    """Return the first file of a name in some folders; a name may lead only downwards from a folder."""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise DefinitionError(where, f"wants a name below the models folder, got '{name}'")
    for folder in folders:
        if os.path.isfile(folder / f"{name}.toml"):
            return folder / f"{name}.toml"
    hint = nearest(name, shipped_names("models"))
    raise DefinitionError(where, f"wants the name of a model file without '.toml', got '{name}'{hint}")


def _take(entry: e.ModelFile, text: str, where: str, merged: _Merged) -> None:
    merged.files[where] = text
    merged.title = entry.title
    for key in ("column", "roles"):
        one, before = getattr(entry, key), getattr(merged, key)
        if one is not None and before is not None:
            raise DefinitionError(f"{where}: {key}", f"is defined already in {before[1]}")
        setattr(merged, key, before if one is None else (one, where))
    for table in TABLES:
        for name, one in getattr(entry, table).items():
            place = f"{where}: {table}.{name}"
            if table not in APART:
                if name in RESERVED:
                    raise DefinitionError(place, f"wants a name other than '{name}', which the format uses itself")
                if name in merged.owners:
                    raise DefinitionError(place, f"wants a name of its own, got that of {merged.owners[name]}")
                merged.owners[name] = place
            elif name in merged.tables[table]:
                raise DefinitionError(place, f"is defined already in {merged.tables[table][name][1]}")
            merged.tables[table][name] = (one, where)


def build_model(name: str, files: dict[str, str], merged: _Merged) -> ModelDefinition:
    """Turn merged tables into a checked ModelDefinition."""
    values = Values(read_sources(shipped("models") / "sources.bib"))
    tables = merged.tables
    if not tables["mechanisms"]:
        raise DefinitionError(list(files)[-1], "wants a model with at least one mechanism, got none")
    instances = {key: _instance(key, one, where, values) for key, (one, where) in tables["mechanisms"].items()}
    populations = {key: _population(key, *pair, values, instances) for key, pair in tables["populations"].items()}
    _check_owners(instances, populations)
    projections = {
        key: _projection(key, *pair, values, populations, instances) for key, pair in tables["projections"].items()
    }
    drives = {key: _drive(key, *pair, values, populations, instances) for key, pair in tables["drives"].items()}
    links = {key: _link(key, *pair, values) for key, pair in tables["links"].items()}
    if merged.column is not None:
        values.take_all("column", dict(merged.column[0]), COLUMN, f"{merged.column[1]}: column", merged.column[1])
    elif populations:
        raise DefinitionError(list(files)[-1], "missing key 'column' (n_cells, reference_cells)")
    whole = Parts(instances, populations, projections, drives, links)
    manipulations = {key: read_manipulation(key, *pair, values, whole) for key, pair in tables["manipulations"].items()}
    hypotheses = {key: read_hypothesis(key, *pair, values) for key, pair in tables["hypotheses"].items()}
    preparations, states, variants = (
        {key: read_preparation(table, key, *pair, values) for key, pair in tables[table].items()}
        for table in ("preparations", "states", "variants")
    )
    values.follow()
    model = ModelDefinition(
        name, merged.title, files, instances, populations, projections, drives, links, manipulations, values.found,
        hypotheses, preparations, states, read_roles(merged.roles[0]) if merged.roles else Roles(),
        variants,
    )  # fmt: skip
    model = with_drugs(model, drugs_that_bind(model))
    check_values(model)
    check_weights(model)
    check_links(model)
    if merged.roles is not None:
        check_roles(model, merged.roles[1])
    return model


def _instance(name: str, entry: e.MechanismEntry, where: str, values: Values) -> MechanismInstance:
    place = f"{where}: mechanisms.{name}"
    known_forms = mechanisms()
    if entry.form not in known_forms:
        raise DefinitionError(f"{place}.form", f"unknown form '{entry.form}'{nearest(entry.form, known_forms)}")
    form = known_forms[entry.form]
    given = dict(entry.__pydantic_extra__ or {})
    known = [one.name for one in form.parameters]
    for key in given:
        if key not in known:
            raise DefinitionError(f"{place}.{key}", f"form '{form.name}' has no parameter '{key}'{nearest(key, known)}")
    if form.name in FOR_GIVEN:
        rules = FOR_GIVEN[form.name]
        for group in rules.groups:
            _validate_whole(group, given, form, place)
        _validate_together(rules, given, place)
        form = rules.build(given)
    values.take_all(name, given, form.parameters, place, where)
    return MechanismInstance(name, form, entry.on, where)


def _validate_whole(group: tuple[str, ...], given: Mapping[str, Any], form: Mechanism, place: str) -> None:
    """Refuse a parameter without the others of its group, as it would have no effect."""
    there = [one for one in group if one in given]
    for one in form.parameters:
        if there and one.name in group and one.name not in given:
            without = f"without which {' and '.join(map(repr, there))} would have no effect"
            raise DefinitionError(f"{place}.{one.name}", f"missing value of '{one.name}' ({one.meaning}), {without}")


def _validate_together(rules: GivenForm, given: Mapping[str, Any], place: str) -> None:
    """Refuse parameters of which another one is wanted too, and alternatives that are given both or not at all."""
    for names in rules.one_of:
        there = [one for one in names if one in given]
        if len(there) != 1:
            came = " and ".join(there) or "none"
            raise DefinitionError(place, f"wants exactly one of {', '.join(names)}, got {came}")
    for name, others in rules.needs:
        if name in given and not set(others) & set(given):
            wanted = " or ".join(map(repr, others))
            raise DefinitionError(f"{place}.{name}", f"wants {wanted} beside '{name}', got none")


def _population(
    name: str, entry: e.PopulationEntry, where: str, values: Values, instances: Mapping[str, MechanismInstance]
) -> Population:
    place = f"{where}: populations.{name}"
    _scale(entry.membrane, "membrane", instances, f"{place}.membrane")
    for index, receptor in enumerate(entry.receptors):
        _scale(receptor, "receptor", instances, f"{place}.receptors.{index}")
        if receptor in entry.receptors[:index]:
            raise DefinitionError(f"{place}.receptors.{index}", f"wants each receptor once, got '{receptor}' again")
    values.take_all(name, dict(entry), POPULATION, place, where)
    places = _places(name, entry, f"{place}.places", where, values, instances)
    return Population(name, entry.membrane, tuple(entry.receptors), where, places)


def _places(
    name: str,
    entry: e.PopulationEntry,
    place: str,
    where: str,
    values: Values,
    instances: Mapping[str, MechanismInstance],
) -> tuple[tuple[str, str], ...]:
    first, *others = (one.name for one in instances[entry.membrane].mechanism.compartments)
    found: list[tuple[str, str]] = []
    for compartment, shares in entry.places.items():
        if compartment not in others:
            rest = f", all else sits on '{first}'" if compartment == first else nearest(compartment, others)
            wanted = f"'{entry.membrane}' has no further compartment '{compartment}'"
            raise DefinitionError(f"{place}.{compartment}", f"{wanted}{rest}")
        for receptor, share in shares.items():
            here = f"{place}.{compartment}.{receptor}"
            if receptor not in entry.receptors:
                hint = nearest(receptor, entry.receptors)
                raise DefinitionError(here, f"population '{name}' has no receptor '{receptor}'{hint}")
            if receptor in [one for _, one in found]:
                raise DefinitionError(here, f"wants '{receptor}' shared between two compartments at most")
            values.take(f"{name}.places.{compartment}.{receptor}", share, PLACE, here, where)
            found.append((compartment, receptor))
    return tuple(found)


def _scale(name: str, scale: str, instances: Mapping[str, MechanismInstance], where: str) -> None:
    fitting = [one.name for one in instances.values() if one.mechanism.scale == scale]
    if name not in fitting:
        raise DefinitionError(where, f"no {scale} mechanism is called '{name}'{nearest(name, fitting)}")


def _check_owners(instances: Mapping[str, MechanismInstance], populations: Mapping[str, Population]) -> None:
    for one in instances.values():
        place = f"{one.file}: mechanisms.{one.name}.on"
        if one.mechanism.scale == "slow" and one.on not in populations:
            came = f"got '{one.on}'" if one.on else "got nothing"
            raise DefinitionError(place, f"wants a population, {came}{nearest(one.on, populations)}")
        if one.mechanism.scale == "binding":
            drugs = [other.name for other in instances.values() if other.mechanism.scale == "drug"]
            if one.on not in drugs:
                came = f"got '{one.on}'" if one.on else "got nothing"
                raise DefinitionError(place, f"wants the drug that binds, {came}{nearest(one.on, drugs)}")
        elif one.mechanism.scale != "slow" and one.on:
            raise DefinitionError(place, f"a {one.mechanism.scale} mechanism stands on no population, got '{one.on}'")


def _peaks(
    owner: str, peaks: Mapping[str, e.ValueEntry], to: str, place: str, file: str,
    values: Values, populations: Mapping[str, Population],
) -> tuple[str, ...]:  # fmt: skip
    if to not in populations:
        raise DefinitionError(f"{place}.to", f"unknown population '{to}'{nearest(to, populations)}")
    known = populations[to].receptors
    for receptor, entry in peaks.items():
        where = f"{place}.peak.{receptor}"
        if receptor not in known:
            raise DefinitionError(where, f"population '{to}' has no receptor '{receptor}'{nearest(receptor, known)}")
        values.take(f"{owner}.peak.{receptor}", entry, PEAK, where, file)
    return tuple(peaks)


def _projection(
    name: str, entry: e.ProjectionEntry, where: str, values: Values, populations: Mapping[str, Population],
    instances: Mapping[str, MechanismInstance],
) -> Projection:  # fmt: skip
    place = f"{where}: projections.{name}"
    origin = entry.source_population
    if origin not in populations:
        raise DefinitionError(f"{place}.from", f"unknown population '{origin}'{nearest(origin, populations)}")
    receptors = _peaks(name, entry.peak, entry.to, place, where, values, populations)
    values.take_all(name, dict(entry), PROJECTION, place, where)
    if entry.release:
        _scale(entry.release, "synapse", instances, f"{place}.release")
    for receptor, mechanism in entry.saturation.items():
        if receptor not in receptors:
            hint = nearest(receptor, receptors)
            raise DefinitionError(f"{place}.saturation.{receptor}", f"a contact feeds no '{receptor}'{hint}")
        _scale(mechanism, "synapse", instances, f"{place}.saturation.{receptor}")
    return Projection(name, origin, entry.to, receptors, where, entry.release, tuple(entry.saturation.items()))


def _drive(
    name: str, entry: e.DriveEntry, where: str, values: Values, populations: Mapping[str, Population],
    instances: Mapping[str, MechanismInstance],
) -> Drive:  # fmt: skip
    place = f"{where}: drives.{name}"
    receptors = _peaks(name, entry.peak, entry.to, place, where, values, populations)
    values.take_all(name, dict(entry), DRIVE, place, where)
    if entry.colour:
        _scale(entry.colour, "drive", instances, f"{place}.colour")
    return Drive(name, entry.to, receptors, where, entry.colour)


def _link(name: str, entry: e.LinkEntry, where: str, values: Values) -> Link:
    if entry.share is not None:
        values.take(f"{name}.share", entry.share, SHARE, f"{where}: links.{name}.share", where)
    relative = tuple(entry.relative_to or ())
    return Link(name, tuple(entry.origin), entry.to, relative, entry.share is not None, where)
