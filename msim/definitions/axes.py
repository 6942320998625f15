"""The axes of a sweep: which values are varied, over what, as a grid or as a sample."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from msim.base.errors import DefinitionError, nearest
from msim.base.quantities import parse_in, parse_quantity, second, unit_text
from msim.base.units import dimensions_of, kilogram
from msim.definitions import entries as e
from msim.definitions.experiment import ExperimentDefinition, experiment_from_texts
from msim.definitions.experiment_changes import Change, is_of_experiment, known_paths
from msim.definitions.read import read_tables
from msim.definitions.samples import unit_points
from msim.definitions.values import with_changes

MOST_POINTS = 100_000
MOST_CHECKED = 16
TAKEN = ("arm", "seed", "time", "probe", "frequency", "point", "burst", "spike", "cell", "status", "reason", "key")
_OVER = re.compile(r"(?:(?P<name>[A-Za-z]\w*):)?(?P<path>[A-Za-z][\w.]*)=(?P<values>.+)", re.DOTALL)
_RANGE = re.compile(r"(?P<low>.+?)\s+to\s+(?P<high>.+?)(?:\s+in\s+(?P<count>\d{1,6})(?:\s+(?P<spacing>log|linear))?)?")
_NUMBER = re.compile(r"\s*(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?P<unit>.*)", re.DOTALL)
_SECONDS = ("at", "until", "duration", "every")
_BARE = {"mg_per_kg": "mg/kg", "mg": "mg", "mg_per_kg_per_hour": "mg/kg/h"}


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
    """One setting of all axes: where it stands in the dimensions of the design, and what it changes."""

    place: tuple[int, ...]
    changes: Mapping[str, Change]


@dataclass(frozen=True)
class Design:
    """What a sweep varies: the grid of its axes, or a sample whose points are one dimension."""

    axes: tuple[Axis, ...]
    sample: str = "grid"

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the dimensions."""
        return tuple(one.name for one in self.axes) if self.sample == "grid" else ("point",)

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each dimension."""
        return tuple(len(one.values) for one in self.axes) if self.sample == "grid" else (len(self.axes[0].values),)

    def points(self) -> Iterator[Point]:
        """Every setting of the axes, the last axis running fastest."""
        for place in itertools.product(*(range(count) for count in self.shape)):
            picks = place if self.sample == "grid" else place * len(self.axes)
            yield Point(place, {axis.path: axis.values[k] for axis, k in zip(self.axes, picks, strict=True)})


def read_design(
    experiment: ExperimentDefinition, over: Sequence[str] = (), sample: str | None = None, points: int | None = None,
    seed: int | None = None,
) -> Design:  # fmt: skip
    """The design of an experiment's [sweep], with axes of the command line added or put in place of its own.

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
    _refuse_names(list(entries.values()))
    if kind == "grid":
        axes = [_grid_axis(one, experiment, place) for one, place in entries.values()]
        _refuse_many(math.prod(len(one.values) for one in axes), where)
        return Design(tuple(axes))
    count = points or (entry.points if entry else None)
    if not count or count < 1:
        raise DefinitionError(where, f"sample '{kind}' wants 'points' of 1 or more, got {count}")
    _refuse_many(count, where)
    unit = unit_points(kind, count, len(entries), seed if seed is not None else entry.seed if entry else 1)
    columns = zip(entries.values(), unit.T, strict=True)
    return Design(tuple(_sampled_axis(one, column, experiment, place) for (one, place), column in columns), kind)


def sweep_entry(experiment: ExperimentDefinition) -> e.SweepEntry | None:
    """What an experiment's file says of its sweep; None where it says nothing."""
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


def _refuse_names(entries: Sequence[tuple[e.AxisEntry, str]]) -> None:
    seen: set[str] = set()
    for one, place in entries:
        name = one.name or one.path
        if name in TAKEN or name in seen:
            problem = "is taken" if name in TAKEN else "is given twice"
            raise DefinitionError(f"{place}.name", f"wants a name of its own for the axis, '{name}' {problem}")
        seen.add(name)


def _refuse_many(count: int, where: str) -> None:
    if count > MOST_POINTS:
        raise DefinitionError(where, f"wants at most {MOST_POINTS} points, got {count}")


def _grid_axis(one: e.AxisEntry, experiment: ExperimentDefinition, where: str) -> Axis:
    if one.values is not None:
        if one.low is not None or one.high is not None:
            raise DefinitionError(where, "wants 'values', or 'low' and 'high', got both")
        values = tuple(one.values)
        if len({str(value) for value in values}) < len(values):
            raise DefinitionError(f"{where}.values", "wants each value once")
        return _axis(one, values, experiment, where)
    if one.count is None or one.count < 2:
        raise DefinitionError(where, f"a grid wants 'values', or 'low', 'high' and a 'count' above 1, got {one.count}")
    return _axis(one, _between(one, np.linspace(0, 1, one.count), where), experiment, where)


def _sampled_axis(one: e.AxisEntry, unit: np.ndarray, experiment: ExperimentDefinition, where: str) -> Axis:
    if one.values is None:
        return _axis(one, _between(one, unit, where), experiment, where)
    picks = [min(int(u * len(one.values)), len(one.values) - 1) for u in unit]
    return _axis(one, tuple(one.values[k] for k in picks), experiment, where)


def _between(one: e.AxisEntry, unit: np.ndarray, where: str) -> tuple[Change, ...]:
    """Values of a range at fractions of it, in the unit of `low`, to six digits."""
    if one.low is None or one.high is None:
        raise DefinitionError(where, "wants 'values', or both 'low' and 'high'")
    low, high = parse_quantity(one.low, f"{where}.low"), parse_quantity(one.high, f"{where}.high")
    if dimensions_of(low) != dimensions_of(high) or not float(low) < float(high):
        raise DefinitionError(f"{where}.high", f"wants more than low ({one.low}) in its unit, got {one.high!r}")
    log = one.spacing == "log"
    if log and float(low) <= 0:
        raise DefinitionError(f"{where}.low", f"wants more than 0 for steps in logarithm, got {one.low!r}")
    # Of two ends one is not 0 and tells what its unit is worth.
    text, end = (one.low, low) if float(low) else (one.high, high)
    read = _NUMBER.fullmatch(str(text))
    if read is None:
        raise DefinitionError(where, f"wants numbers with a unit as ends of a range, got {text!r}")
    scale = float(end) / float(read["number"])
    ends = np.array([float(low), float(high)]) / scale
    numbers = np.exp(np.log(ends[0]) + unit * np.log(ends[1] / ends[0])) if log else ends[0] + unit * np.ptp(ends)
    return tuple(f"{x:.6g}{read['unit']}" if read["unit"].strip() else float(f"{x:.6g}") for x in numbers)


def _axis(one: e.AxisEntry, values: tuple[Change, ...], experiment: ExperimentDefinition, where: str) -> Axis:
    """The axis with its values in SI units; every value is held against what the experiment takes there."""
    unit, units = _unit_of(one.path, experiment, where)
    if is_of_experiment(one.path):
        numbers = tuple(float(parse_in(value, unit, where)) for value in values) if unit is not None else ()
        # Each of these reads all files anew: of many values, some from end to end.
        for k in sorted({round(k) for k in np.linspace(0, len(values) - 1, min(len(values), MOST_CHECKED))}):
            with_other(experiment, {one.path: values[k]})
    else:
        models = (with_changes(experiment.model, {one.path: value}, where) for value in values)
        numbers = tuple(model.values[one.path].si for model in models)
    return Axis(one.name or one.path, one.path, values, numbers, units)


def with_other(experiment: ExperimentDefinition, changes: Mapping[str, Change]) -> ExperimentDefinition:
    """The experiment with other values of its model or entries of its file, as long and with the arms as it is."""
    whole = experiment_from_texts(
        experiment.name, experiment.file, experiment.text, experiment.model.name, experiment.model.files,
        {**experiment.changes, **changes}, experiment.under,
    )  # fmt: skip
    until = experiment.end if experiment.end < whole.end else None
    return whole.narrowed([one.name for one in experiment.arms], experiment.seeds, until)


def _unit_of(path: str, experiment: ExperimentDefinition, where: str) -> tuple[Any, str]:
    """The unit of what a path means, None where it is a word; and how a figure writes it."""
    if not is_of_experiment(path):
        unit = experiment.model.values[experiment.model.known(path, where)].unit
        return unit, unit_text(unit)
    known = known_paths(read_tables(experiment.text, experiment.file))
    if path not in known:
        raise DefinitionError(where, f"the experiment has nothing at '{path}'{nearest(path, sorted(known))}")
    key = path.split(".")[-1]
    if key in _BARE or key in ("times", "tolerance"):
        return 1, _BARE.get(key, "1 (dimensionless)")
    if key == "body_weight":
        return kilogram, "kg"
    if key in _SECONDS or path.startswith("schedule."):
        return second, "s"
    return None, ""
