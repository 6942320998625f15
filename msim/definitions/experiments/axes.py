"""Axes of a sweep: the values that it varies, their ranges, and whether it takes a grid or a sample of them."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from msim.base.errors import DefinitionError
from msim.definitions.experiments.changes import Change, is_of_experiment, places_at, validate_one_source
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.effects import raise_idle, same_trials, validate_effective, validate_not_overridden
from msim.definitions.experiments.experiment import rebuilder
from msim.definitions.experiments.ranges import Range, counted, spaced
from msim.definitions.experiments.samples import unit_points
from msim.definitions.files import schema as e
from msim.definitions.files.read import read_tables
from msim.definitions.files.takes import Takes
from msim.definitions.models.values import is_whole

MOST_POINTS = 100_000
MOST_CHECKED = 16
TAKEN = ("arm", "seed", "time", "probe", "frequency", "point", "burst", "spike", "cell", "status", "reason", "key")
_OVER = re.compile(r"(?:(?P<name>[A-Za-z]\w*):)?(?P<path>[A-Za-z][\w.]*)=(?P<values>.+)", re.DOTALL)
_RANGE = re.compile(r"(?P<low>.+?)\s+to\s+(?P<high>.+?)(?:\s+in\s+(?P<count>\d{1,6})(?:\s+(?P<spacing>log|linear))?)?")


@dataclass(frozen=True)
class Axis:
    """One value that a sweep varies.

    name: of the dimension; values: as a file gives them; of a sample, one for each of its points
    numbers: in SI units, or () where the values are words; units: of the numbers
    """

    name: str
    path: str
    values: tuple[Change, ...]
    numbers: tuple[float, ...]
    units: str


@dataclass(frozen=True)
class Point:
    """One setting of all axes: its place in the dimensions of the design, and its changes by path."""

    place: tuple[int, ...]
    changes: Mapping[str, Change]


@dataclass(frozen=True)
class Design:
    """The settings of a sweep: the grid of its axes, or a sample whose points are one dimension."""

    axes: tuple[Axis, ...]
    sample: str = "grid"

    @property
    def dims(self) -> tuple[str, ...]:
        """Return the names of the dimensions."""
        return tuple(one.name for one in self.axes) if self.sample == "grid" else ("point",)

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the number of points along each dimension."""
        return tuple(len(one.values) for one in self.axes) if self.sample == "grid" else (len(self.axes[0].values),)

    def points(self) -> Iterator[Point]:
        """Yield every setting of the axes, the last axis running fastest."""
        for place in itertools.product(*(range(count) for count in self.shape)):
            picks = place if self.sample == "grid" else place * len(self.axes)
            yield Point(place, {axis.path: axis.values[k] for axis, k in zip(self.axes, picks, strict=True)})


def read_design(
    experiment: ExperimentDefinition, over: Sequence[str] = (), sample: str | None = None, points: int | None = None,
    seed: int | None = None,
) -> Design:  # fmt: skip
    """Build the design of an experiment's [sweep], with axes of the command line added or put in place of its own.

    over: texts 'PATH=V1,V2', 'PATH=LOW to HIGH in COUNT log' or, of a sample, 'PATH=LOW to HIGH'; 'NAME:' may precede
    sample, points, seed: instead of those of the file
    raises: DefinitionError where there is no axis, or one that the experiment cannot take
    """
    entry = sweep_entry(experiment)
    where = f"{experiment.file}: sweep"
    entries = {one.path: (one, f"{where}.axes.{index}") for index, one in enumerate(entry.axes if entry else ())}
    for text in over:
        given = _over_entry(text)
        known = entries.get(given.path)
        if known and given.name is None:
            given = given.model_copy(update={"name": known[0].name})
        entries[given.path] = (given, "--over")
    if not entries:
        raise DefinitionError(experiment.file, "has no [sweep]; wants one, or --over PATH=VALUE,VALUE")
    kind = sample or (entry.sample if entry else "grid")
    _validate_names(list(entries.values()))
    for one, place in entries.values():
        _validate_either(one, place)
    tables = read_tables(experiment.text, experiment.file)
    paths = {path: place for path, (_, place) in entries.items()}
    validate_one_source({**dict.fromkeys(experiment.changes, "--set"), **paths}, tables)
    _validate_not_set(experiment, paths)
    validate_not_overridden(experiment, tables, paths)
    maker = _Maker(experiment, rebuilder(experiment), tables)
    if kind == "grid":
        _validate_used(points, "points", "a grid has those of its axes")
        _validate_used(seed, "sample-seed", "a grid draws nothing")
        axes = [_axis(one, _grid_values(one, maker, place), maker, place) for one, place in entries.values()]
        _validate_point_count(math.prod(len(one.values) for one in axes), where)
        return Design(tuple(axes))
    count = points or (entry.points if entry else None)
    if not count or count < 1:
        raise DefinitionError(where, f"sample '{kind}' wants 'points' of 1 or more, got {count}")
    _validate_point_count(count, where)
    unit = unit_points(kind, count, len(entries), seed if seed is not None else entry.seed if entry else 1)
    columns = zip(entries.values(), unit.T, strict=True)
    return Design(
        tuple(_axis(one, _sampled_values(one, column, maker, place), maker, place) for (one, place), column in columns),
        kind,
    )


def sweep_entry(experiment: ExperimentDefinition) -> e.SweepEntry | None:
    """Return the [sweep] table of an experiment's file; None where it has none."""
    table = read_tables(experiment.text, experiment.file).get("sweep")
    return None if table is None else e.SweepEntry.model_validate(table)


def _over_entry(text: str) -> e.AxisEntry:
    found = _OVER.fullmatch(text.strip())
    if found is None:
        wanted = "wants path=value,value or path='LOW to HIGH in COUNT', such as eef2k.tau_K='5 minute,10 minute'"
        raise DefinitionError("--over", f"{wanted}, got '{text}'")
    between = _RANGE.fullmatch(found["values"].strip())
    if between:
        count = None if between["count"] is None else int(between["count"])
        return e.AxisEntry(
            path=found["path"], name=found["name"], low=between["low"], high=between["high"], count=count,
            spacing="log" if between["spacing"] == "log" else "linear",
        )  # fmt: skip
    values = [one.strip() for one in found["values"].split(",")]
    if not all(values):
        raise DefinitionError("--over", f"wants values separated by commas, got '{text}'")
    return e.AxisEntry(path=found["path"], name=found["name"], values=values)


def _validate_names(entries: Sequence[tuple[e.AxisEntry, str]]) -> None:
    seen: set[str] = set()
    for one, place in entries:
        name = one.name or one.path
        if name in TAKEN or name in seen:
            problem = "is taken" if name in TAKEN else "is given twice"
            raise DefinitionError(f"{place}.name", f"wants a name of its own for the axis, '{name}' {problem}")
        seen.add(name)


def _validate_point_count(count: int, where: str) -> None:
    if count > MOST_POINTS:
        raise DefinitionError(where, f"wants at most {MOST_POINTS} points, got {count}")


def _validate_used(given: int | None, option: str, why: str) -> None:
    if given is not None:
        raise DefinitionError(f"--{option}", f"is for a sample, and {why}: wants none, or --sample, got {given}")


def _validate_either(one: e.AxisEntry, where: str) -> None:
    """Refuse an axis that gives its values in two ways, of which one would be ignored."""
    if one.values is None:
        return
    for key in ("low", "high", "count", "spacing"):
        if key in one.model_fields_set and getattr(one, key) is not None:
            raise DefinitionError(where, f"wants 'values', or 'low' and 'high', got both 'values' and '{key}'")


def _validate_not_set(experiment: ExperimentDefinition, axes: Mapping[str, str]) -> None:
    for path, where in axes.items():
        if path in experiment.changes:
            raise DefinitionError(where, f"wants one change of '{path}', got an axis and --set")


@dataclass(frozen=True)
class _Maker:
    """An experiment to be varied: the `Takes` of its paths, and its rebuilds with other changes."""

    experiment: ExperimentDefinition
    rebuilt: Callable[[Mapping[str, Change]], ExperimentDefinition]
    tables: Mapping[str, Any]

    def takes(self, path: str, where: str) -> Takes | None:
        """Return the `Takes` of a path; None where it takes a word."""
        if is_of_experiment(path):
            return places_at(path, self.tables, where)[0].takes
        model = self.experiment.model
        value = model.values[model.known(path, where)]
        return Takes(value.unit, "", is_whole(model, path), value.low, value.high, value.low_is_allowed)

    def with_other(self, path: str, value: Change) -> ExperimentDefinition:
        """Return the experiment with another value at a path."""
        return self.rebuilt({**self.experiment.changes, path: value})


def _grid_values(one: e.AxisEntry, maker: _Maker, where: str) -> tuple[Change, ...]:
    if one.values is not None:
        return tuple(one.values)
    if one.count is None or one.count < 2:
        raise DefinitionError(where, f"a grid wants 'values', or 'low', 'high' and a 'count' above 1, got {one.count}")
    values = spaced(_range(one, maker, where), np.linspace(0, 1, one.count))
    if len(set(values)) < len(values):
        raise DefinitionError(f"{where}.high", f"wants ends further apart for {one.count} values, got {one.high!r}")
    return values


def _sampled_values(one: e.AxisEntry, unit: np.ndarray, maker: _Maker, where: str) -> tuple[Change, ...]:
    if one.values is not None:
        return tuple(one.values[min(int(u * len(one.values)), len(one.values) - 1)] for u in unit)
    if one.count is not None and where == "--over":
        raise DefinitionError(where, f"a sample has --points: wants '{one.path}' without 'in', got in {one.count}")
    found = _range(one, maker, where)
    return counted(found, unit) if found.takes.whole else spaced(found, unit)


def _range(one: e.AxisEntry, maker: _Maker, where: str) -> Range:
    takes = maker.takes(one.path, where)
    if one.low is None or one.high is None:
        raise DefinitionError(where, "wants 'values', or both 'low' and 'high'")
    if takes is None:
        raise DefinitionError(where, f"wants words one by one for '{one.path}', got a range")
    return Range(one.low, one.high, one.spacing == "log", takes, where)


def _axis(one: e.AxisEntry, values: tuple[Change, ...], maker: _Maker, where: str) -> Axis:
    """Build an axis with its values in SI units, and check that the experiment takes them."""
    takes = maker.takes(one.path, where)

    def si(given: Sequence[Change]) -> tuple[float, ...]:
        return () if takes is None else tuple(takes.si(value, f"{where}: {one.path}") for value in given)

    numbers = si(values)
    if one.values is not None and len(set(si(one.values) or one.values)) < len(one.values):
        raise DefinitionError(f"{where}.values", "wants each value once")
    order = sorted(range(len(values)), key=numbers.__getitem__ if numbers else int)
    _validate_effective(one.path, values, order, maker, where)
    return Axis(one.name or one.path, one.path, values, numbers, takes.units if takes is not None else "")


def _validate_effective(path: str, values: Sequence[Change], order: Sequence[int], maker: _Maker, where: str) -> None:
    """Try values from end to end, and refuse an axis between whose ends nothing differs.

    order: of the values by their size; bounds that hold at both ends hold between
    """
    tried = [order[round(k)] for k in np.linspace(0, len(order) - 1, min(len(order), MOST_CHECKED))]
    found = [maker.with_other(path, values[k]) for k in tried]
    if values[tried[0]] == values[tried[-1]]:
        validate_effective(found[0], maker.tables, maker.rebuilt)
    elif same_trials(found[0], found[-1]):
        raise_idle(path, maker.experiment, where)
