"""Cells that share equations: their constants, first states, and receptors at their places."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from msim.base.errors import InputError
from msim.base.expressions import evaluated
from msim.base.mechanism import Mechanism
from msim.base.seeds import stream
from msim.base.units import unit_expression
from msim.definitions.models.constants import constants
from msim.definitions.models.model import ModelDefinition
from msim.network.cell_equations import Placed, cell_equations, names_of


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


def places(model: ModelDefinition) -> dict[str, tuple[str, int]]:
    """Return the form of the membrane and the number of the first cell among all cells of that form, by population.

    Streams of random numbers have that number in their name, so that every target draws the same.
    """
    ends: dict[str, int] = {}
    found = {}
    for one in model.populations.values():
        form = model.instances[one.membrane].mechanism.name
        found[one.name] = (form, ends.get(form, 0))
        ends[form] = ends.get(form, 0) + model.cells(one.name)
    return found


def fast_groups(model: ModelDefinition, seed: int, moving: Collection[str] = ()) -> dict[str, Group]:
    """Build the groups of cells of a model, one for each membrane form, and draw the first potentials."""
    by_form: dict[str, list[str]] = {}
    for one in model.populations.values():
        by_form.setdefault(model.instances[one.membrane].mechanism.name, []).append(one.name)
    groups = {form: group_of(model, form, names, moving) for form, names in by_form.items()}
    for group in groups.values():
        _spread(group, seed)
    return groups


def _spread(group: Group, seed: int) -> None:
    """Spread the first potentials of cells between reset and threshold: cells that start alike would spike alike."""
    low, high = group.constants.get("V_r"), group.constants.get("V_T")
    if low is not None and high is not None:
        part = stream(seed, "first potential").uniform(0, 1, group.cells)
        group.start["v"][:] = low + part * (np.broadcast_to(high, group.cells) - low)


def group_of(model: ModelDefinition, name: str, populations: list[str], moving: Collection[str] = ()) -> Group:
    """Build one group from the populations of one membrane form; cells of a population start alike.

    moving: constants that are to be one per cell so that they can change
    """
    counts = [model.cells(one) for one in populations]
    starts = np.concatenate([[0], np.cumsum(counts)])
    slices = {one: slice(int(a), int(b)) for one, a, b in zip(populations, starts, starts[1:], strict=False)}
    membrane = model.instances[model.populations[populations[0]].membrane].mechanism
    receptors = {r: model.instances[r].mechanism for p in populations for r in model.populations[p].receptors}
    placed = [_placed(model, one, receptors, populations) for one in receptors]
    colours = list(dict.fromkeys(d.colour for d in model.drives.values() if d.colour and d.to in slices))
    shared, start = _membranes(model, membrane, populations, counts)
    units = {key: unit_expression(unit) for key, unit in membrane.constants.items()}
    inputs: dict[str, float] = {}
    for one in placed:
        shared.update({one.own[key]: value for key, value in constants(model, one.name).items()})
        units.update({one.own[key]: unit_expression(unit) for key, unit in one.mechanism.constants.items()})
        inputs.update({f"{one.name}_{port.name}": port.at_rest for port in one.mechanism.inputs if port.name != "v"})
        start.update({f"{one.name}_{state}": np.zeros(sum(counts)) for state in one.mechanism.rest})
        if one.share:
            shared[one.share], units[one.share] = _shares(model, one.name, populations, counts), "1"
    shared.update({key: np.broadcast_to(shared[key], sum(counts)).copy() for key in moving if key in shared})
    per_cell = {key: units[key] for key, value in shared.items() if isinstance(value, np.ndarray)}
    return Group(
        name, membrane, slices, cell_equations(membrane, placed, colours, per_cell, list(inputs)),
        membrane.threshold, membrane.reset, membrane.refractory, shared, units, inputs, start, receptors,
    )  # fmt: skip


def _membranes(
    model: ModelDefinition, membrane: Mechanism, populations: list[str], counts: list[int]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return constants of the membranes, one for all cells where they agree, and first states of every cell."""
    numbers = [constants(model, model.populations[one].membrane) for one in populations]
    per_cell = {key: np.repeat([one[key] for one in numbers], counts) for key in numbers[0]}
    shared = {key: values[0] if np.all(values == values[0]) else values for key, values in per_cell.items()}
    start = {
        state: np.repeat([evaluated(text, one) for one in numbers], counts) for state, text in membrane.rest.items()
    }
    return shared, start


def _placed(
    model: ModelDefinition, receptor: str, receptors: Mapping[str, Mechanism], populations: list[str]
) -> Placed:
    """Place a receptor, with its own names, in the cells of populations that share their equations."""
    own = _own_names(model, receptor, receptors)
    shares = {
        (compartment, model[f"{one}.places.{compartment}.{receptor}"])
        for one in populations
        for compartment, placed in model.populations[one].places
        if placed == receptor
    }
    compartments = model.instances[model.populations[populations[0]].membrane].mechanism.compartments
    elsewhere = [one for one in compartments if one.name in {name for name, share in shares if share > 0}]
    if not elsewhere:
        return Placed(receptor, receptors[receptor], own)
    if len(elsewhere) > 1:
        raise InputError(f"{receptor}: wants one place in all populations of a membrane form")
    whole = all(share == 1 for _, share in shares)
    return Placed(receptor, receptors[receptor], own, elsewhere[0], "" if whole else f"{receptor}_share")


def _shares(model: ModelDefinition, receptor: str, populations: list[str], counts: list[int]) -> Any:
    """Return the share of a receptor on its further compartment: one number, or one per cell where it differs."""
    found = [
        next((model[f"{one}.places.{c}.{receptor}"] for c, r in model.populations[one].places if r == receptor), 0.0)
        for one in populations
    ]
    return found[0] if len(set(found)) == 1 else np.repeat(found, counts)


def _own_names(model: ModelDefinition, receptor: str, receptors: Mapping[str, Mechanism]) -> dict[str, str]:
    """Return the name that each name of a receptor's form gets among all receptors of a cell.

    A parameter that follows another receptor's parameter keeps the name of the latter: the compiler then sees that
    two receptors share an exponential, such as that of magnesium block.
    """
    names = {name: f"{receptor}_{name}" for name in names_of(receptors[receptor]) if name != "v"}
    for one in receptors[receptor].parameters:
        owner, _, leader = model.values[f"{receptor}.{one.name}"].same_as.partition(".")
        if owner in receptors:
            names[one.name] = f"{owner}_{leader}"
    return names
