"""Plan of a spiking network for any target: cells, equations, contacts, drives."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from msim.base.seeds import stream
from msim.circuit.connectivity import Wiring, rows, scaled_in_degree
from msim.circuit.drive import PERIOD, colour_course
from msim.definitions.models.constants import constants
from msim.definitions.models.model import ModelDefinition, Projection
from msim.network.cell_equations import course_of
from msim.network.groups import Group, fast_groups
from msim.network.synapse_parts import SynapsePart, synapse_parts

COURSE_STEP = 1e-3


@dataclass(frozen=True)
class Contacts:
    """Synapses from one group to another that feed the same receptors, sorted by target.

    peaks: receptor to peak conductance of each contact, S; delays in s
    parts: synapse mechanisms of each contact
    """

    name: str
    origin: str
    to: str
    pre: np.ndarray
    post: np.ndarray
    delay: np.ndarray
    peaks: Mapping[str, np.ndarray]
    parts: tuple[SynapsePart, ...] = ()


@dataclass(frozen=True)
class PoissonDrive:
    """Independent Poisson events onto every cell of a group.

    rate: Hz per cell; peaks: receptor to peak conductance per cell, S
    colour: mechanism that scales the peaks in time, or ''
    """

    group: str
    rate: np.ndarray
    peaks: Mapping[str, np.ndarray]
    colour: str = ""


@dataclass(frozen=True)
class FastPlan:
    """A spiking network as plain values, independent of the target that simulates it.

    full_peak: (population, receptor) to the summed peak conductance of all contacts of a cell, S
    courses: name to the values that cells read over time, one every COURSE_STEP seconds
    """

    groups: Mapping[str, Group]
    contacts: tuple[Contacts, ...]
    drives: tuple[PoissonDrive, ...]
    full_peak: Mapping[tuple[str, str], np.ndarray]
    courses: Mapping[str, np.ndarray]

    def place(self, population: str) -> tuple[str, slice]:
        """Return the group of a population, and its cells within the group."""
        return next((g.name, g.slices[population]) for g in self.groups.values() if population in g.slices)


def fast_plan(model: ModelDefinition, seed: int, moving: Collection[str] = ()) -> FastPlan:
    """Lay out the spiking cells of a model and draw their contacts.

    moving: constants of cells, by the names of their group, that are to be one per cell so that they can change
    """
    groups = fast_groups(model, seed, moving)
    places = {name: (group.name, cells) for group in groups.values() for name, cells in group.slices.items()}
    full: dict[tuple[str, str], np.ndarray] = {
        (one.name, receptor): np.zeros(model.cells(one.name))
        for one in model.populations.values()
        for receptor in one.receptors
    }
    contacts = _contacts(model, seed, places, full)
    drives = _drives(model, groups, places, full)
    return FastPlan(groups, contacts, drives, full, colour_courses(model, seed))


def colour_courses(model: ModelDefinition, seed: int) -> dict[str, np.ndarray]:
    """Draw the courses that scale background in time, by the name that equations read.

    They are the same on any target and rank.
    """
    colours = dict.fromkeys(one.colour for one in model.drives.values() if one.colour)
    return {course_of(one): _colour(one, tuple(constants(model, one).items()), seed) for one in colours}


@functools.lru_cache(maxsize=4)
def _colour(name: str, known: tuple[tuple[str, float], ...], seed: int) -> np.ndarray:
    """Draw one course; it is kept, as drawing takes long and a model is laid out many times."""
    course = colour_course(dict(known), PERIOD, COURSE_STEP, stream(seed, f"colour {name}"))
    course.flags.writeable = False
    return course


# Contacts that can be one object of Brian2: groups, receptors, release and saturation.
_Kind = tuple[str, str, tuple[str, ...], str, tuple[tuple[str, str], ...]]


def _contacts(
    model: ModelDefinition, seed: int, places: Mapping[str, tuple[str, slice]], full: dict[tuple[str, str], np.ndarray]
) -> tuple[Contacts, ...]:
    parts: dict[_Kind, list[tuple[np.ndarray, ...]]] = {}
    forms: dict[_Kind, tuple[SynapsePart, ...]] = {}
    for one in model.projections.values():
        (origin, pre_cells), (to, post_cells) = places[one.origin], places[one.to]
        wiring, per_weight = wiring_of(model, one)
        sizes, drawn = rows(wiring, seed, range(model.cells(one.to)), post_cells.start)
        pre = drawn.pre + pre_cells.start
        post = np.repeat(np.arange(post_cells.start, post_cells.stop), sizes)
        peaks = [drawn.weight * per_weight[receptor] for receptor in one.receptors]
        for receptor, peak in zip(one.receptors, peaks, strict=True):
            full[one.to, receptor] += np.bincount(post - post_cells.start, peak, full[one.to, receptor].size)
        kind = (origin, to, one.receptors, one.release, one.saturation)
        forms[kind] = synapse_parts(model, one)
        parts.setdefault(kind, []).append((pre, post, drawn.delay, *peaks))
    names = [f"{kind[0]}_{kind[1]}_{'_'.join(kind[2])}_{index}" for index, kind in enumerate(parts)]
    return tuple(
        _joined(name, kind, parts[kind], forms[kind]) for name, kind in zip(names, parts, strict=True)
    )


def wiring_of(model: ModelDefinition, one: Projection) -> tuple[Wiring, dict[str, float]]:
    """Return the wiring that a projection's contacts are drawn from, and the peaks of its contacts.

    returns: wiring, and by receptor the peak conductance of a contact of weight 1, S
    """
    n_pre = model.cells(one.origin)
    degree, factor = scaled_in_degree(model[f"{one.name}.in_degree"], n_pre, model.reference_cells(one.origin))
    wiring = Wiring(
        one.name, n_pre, degree, model[f"{one.name}.weight_sigma"],
        model[f"{one.name}.delay_low"], model[f"{one.name}.delay_high"], one.origin == one.to,
    )  # fmt: skip
    return wiring, {receptor: factor * model[f"{one.name}.peak.{receptor}"] for receptor in one.receptors}


def _joined(
    name: str, kind: _Kind, drawn: list[tuple[np.ndarray, ...]], parts: tuple[SynapsePart, ...]
) -> Contacts:
    origin, to, receptors, *_ = kind
    pre, post, delay, *peaks = (np.concatenate(columns) for columns in zip(*drawn, strict=True))
    return Contacts(name, origin, to, pre, post, delay, dict(zip(receptors, peaks, strict=True)), parts)


def _drives(
    model: ModelDefinition,
    groups: Mapping[str, Group],
    places: Mapping[str, tuple[str, slice]],
    full: dict[tuple[str, str], np.ndarray],
) -> tuple[PoissonDrive, ...]:
    merged: dict[tuple[str, ...], PoissonDrive] = {}
    for one in model.drives.values():
        group, cells = places[one.to]
        key = (group, one.colour, *one.receptors)
        if key not in merged or np.any(merged[key].rate[cells]):
            key = key if key not in merged else (*key, one.name)
            size = groups[group].cells
            merged[key] = PoissonDrive(group, np.zeros(size), {r: np.zeros(size) for r in one.receptors}, one.colour)
        drive = merged[key]
        contacts = model[f"{one.name}.contacts"]
        drive.rate[cells] = contacts * model[f"{one.name}.rate"]
        for receptor in one.receptors:
            peak = model[f"{one.name}.peak.{receptor}"]
            drive.peaks[receptor][cells] = peak
            full[one.to, receptor] += contacts * peak
    return tuple(merged.values())


def shortest_delay(plan: FastPlan) -> float:
    """Return the shortest delay of any contact, s; infinite where there are none."""
    return min((float(one.delay.min()) for one in plan.contacts if one.delay.size), default=float("inf"))
