"""Columns of participants in time: gains and block after a treatment, on one emulator for the whole cohort."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from msim.backends.context import Context
from msim.base.settings import settings
from msim.definitions.experiments.doses import regimen
from msim.definitions.files.schema import DoseEntry
from msim.definitions.models.fast_inputs import fast_inputs
from msim.definitions.models.model import ModelDefinition
from msim.definitions.studies.participants import Population
from msim.definitions.studies.study import LAST
from msim.emulator.axes import Axis, axes_of
from msim.emulator.files import read_emulator
from msim.emulator.fit import FitBudget
from msim.emulator.library import Emulators, kept_or_fitted
from msim.multiscale.simulate import Protocol, simulate
from msim.pharmacology.regimen import Dose
from msim.recording.probe import Recording
from msim.recording.recorder import MemoryRecorder
from msim.studies.participants import Participant, model_of

REGIONS = ("spared", "affected")
# As far as depressed columns fall and four days of infusion lift them.
GAIN, BLOCK = ("0.5", "2.5"), ("0", "0.7")
# Four days of infusion synchronise columns; averages go on smoothly, so that surfaces may. A quadratic misses no more
# than a cubic does and reaches farther.
EFFORT = FitBudget(seconds=3.0, synchrony=60.0, degree=2, laid="kept at rest at random, like pools alike")
# Of pools that a drug blocks nearly alike: how far another one may be from the first, absolute and relative to it.
APART = (0.1, 0.2)


@dataclass(frozen=True)
class Course:
    """The course of one column.

    times: s; states: outputs that links feed to receptors, by name, at those times
    slow: further slow quantities at those times, by address, shape (times,)
    """

    times: tuple[float, ...]
    states: tuple[Mapping[str, float], ...]
    slow: Mapping[str, np.ndarray]


def changed_drives(population: Population) -> tuple[str, ...]:
    """Return the drives whose rates a disorder changes, as axes of the emulator of all columns of a cohort."""
    drives = population.model.drives
    found = [path for one in population.health.values() for path in one.changes if path.partition(".")[0] in drives]
    return tuple(dict.fromkeys(found))


def cohort_axes(population: Population) -> tuple[Axis, ...]:
    """Return gains and block over the range that a cohort moves them, and the drives that a disorder changes."""
    own = changed_drives(population)
    usual = axes_of(population.model)
    ranges = {one.name: BLOCK if one.rest == 0 else GAIN for one in usual if one.kind == "input"}
    return tuple(one for one in axes_of(population.model, (), ranges) if one.kind == "input" or one.name in own)


def cohort_emulators(population: Population, progress: Callable[[int, int], None] = lambda *_: None) -> Emulators:
    """Return the emulator of all columns of a cohort: from the cache, or fitted now and kept there."""
    axes = cohort_axes(population)
    model = population.model
    budget = settings().fit_budget or EFFORT
    path = kept_or_fitted(model, axes, budget, progress, functools.partial(_alike, model.roles.block))
    return Emulators((path,), read_emulator(path).digest[:12], is_usual=False)


def _alike(block: Sequence[Sequence[str]], axes: Sequence[Axis], points: np.ndarray) -> np.ndarray:
    """Move points so that pools of like subunits are blocked nearly alike, as in every course."""
    names, found = [one.name for one in axes], points.copy()
    for first, second in ((first, second) for first, *others in block for second in others):
        if first in names and second in names:
            axis, column = axes[names.index(second)], names.index(second)
            part = (points[:, column] - axis.low) / (axis.high - axis.low)
            one = points[:, names.index(first)]
            found[:, column] = np.clip(one + (APART[0] + APART[1] * one) * (2 * part - 1), axis.low, axis.high)
    return found


def doses_for(given: Sequence[DoseEntry], model: ModelDefinition, weight: float, end: float) -> tuple[Dose, ...]:
    """Return the doses of a person.

    weight: kg; end: s, time at which series of doses end
    """
    masses = {drug.name: model[f"{drug.name}.molar_mass"] for drug in model.on_scale("drug")}
    return regimen(given, weight, masses, "doses", end)


def course(
    model: ModelDefinition, doses: Sequence[DoseEntry], weight: float, begin: float, times: Sequence[float],
    emulators: Emulators, seed: int, slow: Sequence[str] = (),
) -> Course:  # fmt: skip
    """Follow one column from rest.

    begin: s, of rest; times: s, increasing, after it; slow: addresses of further slow quantities
    """
    end = times[-1] + LAST
    protocol = Protocol(begin, end, weight, doses_for(doses, model, weight, end))
    names = fast_inputs(model)
    record = MemoryRecorder()
    asked = tuple(dict.fromkeys((*names, *slow)))
    simulate(
        model, protocol, Recording(tuple(times), (), asked, ()), record, seed, Context("emulator", emulators=emulators)
    )
    order = np.concatenate(record.times)
    at = [int(np.argmin(np.abs(order - one))) for one in times]
    values = {name: np.concatenate(record.means[name])[at] for name in asked if name in record.means}
    states = tuple(
        {name: float(values[name][k]) if name in values else 0.0 for name in names} for k in range(len(at))
    )
    return Course(tuple(times), states, {name: values.get(name, np.zeros(len(at))) for name in slow})


def courses(
    population: Population, person: Participant, doses: Sequence[DoseEntry], begin: float, times: Sequence[float],
    emulators: Emulators, seed: int, slow: Sequence[str] = (),
) -> dict[str, Course]:  # fmt: skip
    """Follow the columns of a person in REGIONS; states also hold the rates of drives that a disorder changes.

    seed: of the emulator, the same for all, as all columns are made alike
    """
    found: dict[str, Course] = {}
    for kind in REGIONS:
        values = getattr(person, kind)
        if kind == "affected" and values == person.spared:
            found[kind] = found["spared"]
            continue
        model = model_of(population, values)
        one = course(model, doses, person.weight, begin, times, emulators, seed, slow)
        drives = {path: model[path] for path in changed_drives(population)}
        found[kind] = Course(one.times, tuple({**state, **drives} for state in one.states), one.slow)
    return found
