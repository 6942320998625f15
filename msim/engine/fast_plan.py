"""What a spiking network consists of, for any target: cells, equations, contacts, drives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from msim.base.equations import Equation, read_equations
from msim.base.expressions import evaluated, renamed
from msim.base.mechanism import Mechanism
from msim.base.seeds import stream
from msim.base.units import unit_expression
from msim.circuit.connectivity import Wiring, rows, scaled_in_degree
from msim.definitions.constants import constants
from msim.definitions.model import ModelDefinition, Projection


@dataclass(frozen=True)
class Group:
    """Cells that share one set of equations; populations lie in it one after the other.

    slices: population to its cells
    constants: name to one number or one per cell, SI units; units: of these, in Brian2's notation
    inputs: per-cell inputs that the slow scale sets, with their resting values
    start: state to its first value per cell
    receptors: receptor to (form, populations that have it)
    """

    name: str
    membrane: Mechanism
    slices: Mapping[str, slice]
    equations: str
    threshold: str
    reset: str
    refractory: str
    constants: Mapping[str, Any]
    units: Mapping[str, str]
    inputs: Mapping[str, float]
    start: Mapping[str, np.ndarray]
    receptors: Mapping[str, Mechanism]

    @property
    def cells(self) -> int:
        return max(one.stop for one in self.slices.values())


@dataclass(frozen=True)
class Contacts:
    """Synapses from one group to another that feed the same receptors, sorted by target.

    peaks: receptor to peak conductance of each contact, S; delays in s
    """

    name: str
    origin: str
    to: str
    pre: np.ndarray
    post: np.ndarray
    delay: np.ndarray
    peaks: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class PoissonDrive:
    """Independent Poisson events onto every cell of a group.

    rate: Hz per cell; peaks: receptor to peak conductance per cell, S
    """

    group: str
    rate: np.ndarray
    peaks: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class FastPlan:
    """A spiking network without a word about what runs it.

    full_peak: (population, receptor) to the summed peak conductance of all contacts of a cell, S
    """

    groups: Mapping[str, Group]
    contacts: tuple[Contacts, ...]
    drives: tuple[PoissonDrive, ...]
    full_peak: Mapping[tuple[str, str], np.ndarray]

    def place(self, population: str) -> tuple[str, slice]:
        """Group and cells of a population."""
        return next((g.name, g.slices[population]) for g in self.groups.values() if population in g.slices)


def fast_plan(model: ModelDefinition, seed: int) -> FastPlan:
    """Lay out the spiking cells of a model and draw their contacts."""
    groups = fast_groups(model, seed)
    places = {name: (group.name, cells) for group in groups.values() for name, cells in group.slices.items()}
    full: dict[tuple[str, str], np.ndarray] = {
        (one.name, receptor): np.zeros(model.cells(one.name))
        for one in model.populations.values()
        for receptor in one.receptors
    }
    contacts = _contacts(model, seed, places, full)
    drives = _drives(model, groups, places, full)
    return FastPlan(groups, contacts, drives, full)


def places(model: ModelDefinition) -> dict[str, tuple[str, int]]:
    """Form of the membrane and number of the first cell among all cells of that form, by population.

    Streams of random numbers are named by that number, whatever target draws them.
    """
    ends: dict[str, int] = {}
    found = {}
    for one in model.populations.values():
        form = model.instances[one.membrane].form.name
        found[one.name] = (form, ends.get(form, 0))
        ends[form] = ends.get(form, 0) + model.cells(one.name)
    return found


def fast_groups(model: ModelDefinition, seed: int) -> dict[str, Group]:
    """Cells of a model, those of one membrane form together; first potentials are drawn."""
    by_form: dict[str, list[str]] = {}
    for one in model.populations.values():
        by_form.setdefault(model.instances[one.membrane].form.name, []).append(one.name)
    groups = {form: group_of(model, form, names) for form, names in by_form.items()}
    for group in groups.values():
        _spread(group, seed)
    return groups


def _spread(group: Group, seed: int) -> None:
    """Cells that start alike would spike alike: spread them between reset and threshold."""
    low, high = group.constants.get("V_r"), group.constants.get("V_T")
    if low is not None and high is not None:
        part = stream(seed, "first potential").uniform(0, 1, group.cells)
        group.start["v"][:] = low + part * (np.broadcast_to(high, group.cells) - low)


def group_of(model: ModelDefinition, name: str, populations: list[str]) -> Group:
    """Populations of one membrane form as one group; cells of a population start alike."""
    counts = [model.cells(one) for one in populations]
    starts = np.concatenate([[0], np.cumsum(counts)])
    slices = {one: slice(int(a), int(b)) for one, a, b in zip(populations, starts, starts[1:], strict=False)}
    membrane = model.instances[model.populations[populations[0]].membrane].form
    receptors = {r: model.instances[r].form for p in populations for r in model.populations[p].receptors}
    numbers = [constants(model, model.populations[one].membrane) for one in populations]
    per_cell = {key: np.repeat([one[key] for one in numbers], counts) for key in numbers[0]}
    shared = {key: values[0] if np.all(values == values[0]) else values for key, values in per_cell.items()}
    start = {
        state: np.repeat([evaluated(text, one) for one in numbers], counts) for state, text in membrane.rest.items()
    }
    inputs: dict[str, float] = {}
    own_names = {receptor: _own_names(model, receptor, receptors) for receptor in receptors}
    for receptor, form in receptors.items():
        shared.update({own_names[receptor][key]: value for key, value in constants(model, receptor).items()})
        inputs.update({f"{receptor}_{port.name}": port.at_rest for port in form.inputs if port.name != "v"})
        start.update({f"{receptor}_{state}": np.zeros(sum(counts)) for state in form.rest})
    units = {key: unit_expression(unit) for key, unit in membrane.constants.items()}
    for receptor, form in receptors.items():
        units.update({own_names[receptor][key]: unit_expression(unit) for key, unit in form.constants.items()})
    return Group(
        name, membrane, slices, _equations(membrane, receptors, own_names, shared, units, inputs),
        membrane.threshold, membrane.reset, membrane.refractory, shared, units, inputs, start, receptors,
    )  # fmt: skip


def _own_names(model: ModelDefinition, receptor: str, receptors: Mapping[str, Mechanism]) -> dict[str, str]:
    """The name that each name of a receptor's form gets among all receptors of a cell.

    A parameter that follows another receptor's keeps that one's name: the compiler then sees that
    two receptors share an exponential, such as that of magnesium block.
    """
    names = {name: f"{receptor}_{name}" for name in names_of(receptors[receptor]) if name != "v"}
    for one in receptors[receptor].parameters:
        owner, _, leader = model.values[f"{receptor}.{one.name}"].same_as.partition(".")
        if owner in receptors:
            names[one.name] = f"{owner}_{leader}"
    return names


def _equations(
    membrane: Mechanism,
    receptors: Mapping[str, Mechanism],
    own_names: Mapping[str, Mapping[str, str]],
    shared: Mapping[str, Any],
    units: Mapping[str, str],
    inputs: Mapping[str, float],
) -> str:
    lines = [_line(one, {}) for one in read_equations(membrane.equations).values()]
    excitation: list[str] = []
    inhibition: list[str] = []
    for receptor, form in receptors.items():
        own = own_names[receptor]
        lines += [_line(one, own) for one in read_equations(form.equations).values()]
        (excitation if form.sign > 0 else inhibition).append(f"{receptor}_I")
    lines.append(f"I_excitatory = {' + '.join(excitation) or '0*amp'} : amp")
    lines.append(f"I_inhibitory = {' + '.join(inhibition) or '0*amp'} : amp")
    lines.append("I_syn = I_excitatory + I_inhibitory : amp")
    lines += [f"{name} : 1" for name in inputs]
    lines += [
        f"{name} : {units[name]} (constant)"
        for name, value in shared.items()
        if isinstance(value, np.ndarray)
    ]
    return "\n".join(lines)


def names_of(form: Mechanism) -> list[str]:
    """Every name in the equations of a form."""
    return [*form.declared, *read_equations(form.equations)]


def _line(one: Equation, own: Mapping[str, str]) -> str:
    name = own.get(one.name, one.name)
    left = f"d{name}/dt" if one.is_rate else name
    flags = f" ({', '.join(one.flags)})" if one.flags else ""
    return f"{left} = {renamed(one.expression, own)} : {unit_expression(one.unit)}{flags}"


def _contacts(
    model: ModelDefinition, seed: int, places: Mapping[str, tuple[str, slice]], full: dict[tuple[str, str], np.ndarray]
) -> tuple[Contacts, ...]:
    parts: dict[tuple[str, str, tuple[str, ...]], list[tuple[np.ndarray, ...]]] = {}
    for one in model.projections.values():
        (origin, pre_cells), (to, post_cells) = places[one.origin], places[one.to]
        wiring, per_weight = wiring_of(model, one)
        sizes, drawn = rows(wiring, seed, range(model.cells(one.to)), post_cells.start)
        pre = drawn.pre + pre_cells.start
        post = np.repeat(np.arange(post_cells.start, post_cells.stop), sizes)
        peaks = [drawn.weight * per_weight[receptor] for receptor in one.receptors]
        for receptor, peak in zip(one.receptors, peaks, strict=True):
            full[one.to, receptor] += np.bincount(post - post_cells.start, peak, full[one.to, receptor].size)
        parts.setdefault((origin, to, one.receptors), []).append((pre, post, drawn.delay, *peaks))
    return tuple(_joined(key, rows_of) for key, rows_of in parts.items())


def wiring_of(model: ModelDefinition, one: Projection) -> tuple[Wiring, dict[str, float]]:
    """What a projection's contacts are drawn from, and by receptor the peak conductance of a contact of weight 1, S."""
    n_pre = model.cells(one.origin)
    degree, factor = scaled_in_degree(model[f"{one.name}.in_degree"], n_pre, model.reference_cells(one.origin))
    wiring = Wiring(
        one.name, n_pre, degree, model[f"{one.name}.weight_sigma"],
        model[f"{one.name}.delay_low"], model[f"{one.name}.delay_high"], one.origin == one.to,
    )  # fmt: skip
    return wiring, {receptor: factor * model[f"{one.name}.peak.{receptor}"] for receptor in one.receptors}


def _joined(key: tuple[str, str, tuple[str, ...]], parts: list[tuple[np.ndarray, ...]]) -> Contacts:
    origin, to, receptors = key
    pre, post, delay, *peaks = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Contacts(
        "_".join(receptors), origin, to, pre, post, delay, dict(zip(receptors, peaks, strict=True))
    )


def _drives(
    model: ModelDefinition,
    groups: Mapping[str, Group],
    places: Mapping[str, tuple[str, slice]],
    full: dict[tuple[str, str], np.ndarray],
) -> tuple[PoissonDrive, ...]:
    merged: dict[tuple[str, tuple[str, ...]], PoissonDrive] = {}
    for one in model.drives.values():
        group, cells = places[one.to]
        size = groups[group].cells
        key = (group, one.receptors)
        drive = merged.setdefault(key, PoissonDrive(group, np.zeros(size), {r: np.zeros(size) for r in one.receptors}))
        if np.any(drive.rate[cells]):
            drive = merged[(group, (*one.receptors, one.name))] = PoissonDrive(
                group, np.zeros(size), {r: np.zeros(size) for r in one.receptors}
            )
        contacts = model[f"{one.name}.contacts"]
        drive.rate[cells] = contacts * model[f"{one.name}.rate"]
        for receptor in one.receptors:
            peak = model[f"{one.name}.peak.{receptor}"]
            drive.peaks[receptor][cells] = peak
            full[one.to, receptor] += contacts * peak
    return tuple(merged.values())


def shortest_delay(plan: FastPlan) -> float:
    """The shortest delay of any contact, s; infinite where there are none."""
    return min((float(one.delay.min()) for one in plan.contacts if one.delay.size), default=float("inf"))
