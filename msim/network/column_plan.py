"""Plan of a model's spiking cells as a network for target cpp, whose contacts any rank can draw for its own cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from msim.base.expressions import renamed
from msim.circuit.connectivity import Wiring
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.model import Projection as ModelProjection
from msim.network.burst_averages import NamedAverages
from msim.network.cell_equations import names_of
from msim.network.fast_plan import COURSE_STEP, colour_courses, wiring_of
from msim.network.groups import fast_groups, group_of, places
from msim.network.spec import Cells, Drive, NetworkSpec, Projection, TimedInput
from msim.network.synapse_parts import delivered, synapse_parts

STEP = 0.1e-3
SAMPLE_STEPS = 10
METHOD = "heun"


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


def column_plan(model: ModelDefinition, seed: int) -> ColumnPlan:
    """Build the plan of a model; it draws the first potentials and no contacts."""
    named = NamedAverages.of(model)
    projections, wirings, peaks = [], {}, {}
    first = places(model)
    degrees = {name: 0 for name in model.populations}
    for one in model.projections.values():
        wiring, per_weight = wiring_of(model, one)
        projections.append(_projection(model, one, per_weight))
        wirings[one.name] = (wiring, first[one.to][1])
        peaks[one.name] = per_weight
        degrees[one.to] += wiring.in_degree
    drives, drive_peaks = _drives(model)
    courses = {name: TimedInput(values, COURSE_STEP) for name, values in colour_courses(model, seed).items()}
    spec = NetworkSpec(STEP, _cells(model, seed, named), tuple(projections), tuple(drives), courses)
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


def _cells(model: ModelDefinition, seed: int, named: NamedAverages) -> tuple[Cells, ...]:
    merged = fast_groups(model, seed)
    found = []
    for name in model.populations:
        group = group_of(model, name, [name])
        whole = next(one for one in merged.values() if name in one.slices)
        start = {**group.start, "v": whole.start["v"][whole.slices[name]]}
        found.append(Cells(
            name, group.cells, group.equations, group.threshold, group.reset, group.refractory, METHOD,
            {key: (float(value), group.units[key]) for key, value in group.constants.items()},
            {**start, **group.inputs},
            tuple(named.summed(name).values()),
            model[f"{name}.highest_rate"],
        ))  # fmt: skip
    return tuple(found)


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
