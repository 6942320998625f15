"""Plan of a model's spiking cells as a network for any backend; contacts can be drawn for some of the cells alone."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from msim.base.errors import InputError
from msim.base.expressions import renamed
from msim.base.seeds import stream
from msim.circuit.connectivity import Row, Wiring, rows, scaled_in_degree
from msim.circuit.drive import PERIOD, colour_course
from msim.definitions.models.constants import constants
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.model import Projection as ModelProjection
from msim.network.burst_averages import NamedAverages
from msim.network.cell_equations import course_of, names_of
from msim.network.populations import cells_of, first_cells
from msim.network.spec import Drive, NetworkSpec, Projection, TimedInput
from msim.network.synapse_parts import delivered, synapse_parts

STEP = 0.1e-3
SAMPLE_STEPS = 10
SAMPLE_STEP = SAMPLE_STEPS * STEP
COURSE_STEP = 1e-3

# Of a projection: its name, and of each contact the place of its target among given cells, and its weight.
Weights = tuple[str, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class ColumnPlan:
    """All values that a rank needs to simulate its part of a model's spiking cells.

    wirings: projection to the wiring that its contacts are drawn from, and the stream number of the first target cell
    peaks: projection to peak conductance by receptor of a contact of weight 1, S
    drive_peaks: (population, receptor) to the summed peak conductance of background contacts of a cell, S
    """

    spec: NetworkSpec
    seed: int
    wirings: Mapping[str, tuple[Wiring, int]]
    peaks: Mapping[str, Mapping[str, float]]
    drive_peaks: Mapping[tuple[str, str], float]
    named: NamedAverages
    highest_rates: Mapping[str, float]
    loads: Mapping[str, np.ndarray] = field(default_factory=dict)

    def contacts(self, projection: str, cells: Sequence[int]) -> tuple[np.ndarray, Row]:
        """Draw the contacts of a projection onto some of its target cells, one cell after the other.

        cells: numbers within the target population
        returns: number of contacts of each cell, shape (cells,), and the contacts
        """
        wiring, first = self.wirings[projection]
        return rows(wiring, self.seed, cells, first)

    def full_peaks(
        self, sizes: Mapping[str, int], weights: Iterable[Weights]
    ) -> dict[tuple[str, str], np.ndarray]:
        """Sum the peak conductances of all contacts and background contacts of each cell, S.

        sizes: number of given cells, by population; weights: of all projections, in their order
        returns: by population and receptor, shape (cells,)
        """
        targets = {one.name: one.to for one in self.spec.projections}
        reached = {*self.drive_peaks, *((to, r) for name, to in targets.items() for r in self.peaks[name])}
        full = {key: np.full(sizes[key[0]], self.drive_peaks.get(key, 0.0)) for key in sorted(reached)}
        for projection, target, weight in weights:
            for receptor, peak in self.peaks[projection].items():
                own = full[targets[projection], receptor]
                own += np.bincount(target, weight * peak, own.size)
        return full

    def validate_alike(self, other: ColumnPlan) -> None:
        """Refuse a plan that differs in more than values, which alone can change between bursts."""
        if self.spec.digest() != other.spec.digest() or self.wirings != other.wirings:
            raise InputError("network: wants the same equations and wiring, which cannot change between bursts")


def column_plan(model: ModelDefinition, seed: int) -> ColumnPlan:
    """Build the plan of a model; it draws the first potentials and no contacts."""
    named = NamedAverages.of(model)
    projections, wirings, peaks = [], {}, {}
    first = first_cells(model)
    degrees = {name: 0 for name in model.populations}
    for one in model.projections.values():
        wiring, per_weight = wiring_of(model, one)
        projections.append(_projection(model, one, per_weight))
        wirings[one.name] = (wiring, first[one.to])
        peaks[one.name] = per_weight
        degrees[one.to] += wiring.in_degree
    drives, drive_peaks = _drives(model)
    courses = {name: TimedInput(values, COURSE_STEP) for name, values in colour_courses(model, seed).items()}
    cells = (cells_of(model, one, first[one.name], seed, named) for one in model.populations.values())
    spec = NetworkSpec(STEP, tuple(cells), tuple(projections), tuple(drives), courses)
    rates = {name: model[f"{name}.highest_rate"] for name in model.populations}
    loads = {name: np.full(model.cells(name), 1.0 + degree) for name, degree in degrees.items()}
    return ColumnPlan(spec, seed, wirings, peaks, drive_peaks, named, rates, loads)


def _projection(model: ModelDefinition, one: ModelProjection, per_weight: Mapping[str, float]) -> Projection:
    parts = synapse_parts(model, one)
    statements = [part.on_event for part in parts]
    constants = {key: (value, part.units[key]) for part in parts for key, value in part.constants.items()}
    for receptor in one.receptors:
        form = model.instances[receptor].mechanism
        own = {name: f"{receptor}_{name}_post" for name in names_of(form)}
        peak = f"({delivered(f'weight*peak_{receptor}', receptor, parts)})"
        statements.append(renamed(form.on_event, {**own, "peak": peak}))
        constants[f"peak_{receptor}"] = (per_weight[receptor], "siemens")
    return Projection(
        one.name, one.origin, one.to, "\n".join(statements), "\n".join(part.equations for part in parts),
        variables={"weight": "1"}, constants=constants,
        start={key: value for part in parts for key, value in part.start.items()},
    )  # fmt: skip


def _drives(model: ModelDefinition) -> tuple[list[Drive], dict[tuple[str, str], float]]:
    drives = []
    full: dict[tuple[str, str], float] = {}
    for one in model.drives.values():
        contacts = model[f"{one.name}.contacts"]
        statements, constants = [], {}
        for receptor in one.receptors:
            form = model.instances[receptor].mechanism
            own = {name: f"{receptor}_{name}" for name in names_of(form)}
            peak = model[f"{one.name}.peak.{receptor}"]
            constants[f"peak_{one.name}_{receptor}"] = (peak, "siemens")
            # Events are linear in `peak`: that many at once are one of that many times the peak.
            peak_of_all = f"(events*peak_{one.name}_{receptor}{f'*{one.colour}_factor' if one.colour else ''})"
            statements.append(renamed(form.on_event, {**own, "peak": peak_of_all}))
            full[one.to, receptor] = full.get((one.to, receptor), 0.0) + contacts * peak
        rate = contacts * model[f"{one.name}.rate"]
        drives.append(Drive(one.name, one.to, rate, "\n".join(statements), constants))
    return drives, full


def wiring_of(model: ModelDefinition, one: ModelProjection) -> tuple[Wiring, dict[str, float]]:
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
