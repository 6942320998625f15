"""Cells of a population: their equations, constants, first states, and receptors at their places."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msim.base.expressions import evaluated
from msim.base.mechanism import Mechanism
from msim.base.seeds import stream
from msim.base.units import unit_expression
from msim.definitions.models.constants import constants
from msim.definitions.models.model import ModelDefinition, Population
from msim.network.burst_averages import NamedAverages
from msim.network.cell_equations import Placed, cell_equations, names_of
from msim.network.spec import Cells, Constant

METHOD = "heun"


def first_cells(model: ModelDefinition) -> dict[str, int]:
    """Return the number of a population's first cell among all cells whose membrane has the same form.

    Streams of random numbers have the number of a cell in their name, so that every target draws the same.
    """
    ends: dict[str, int] = {}
    found = {}
    for one in model.populations.values():
        form = model.instances[one.membrane].mechanism.name
        found[one.name] = ends.get(form, 0)
        ends[form] = found[one.name] + model.cells(one.name)
    return found


def cells_of(model: ModelDefinition, one: Population, first: int, seed: int, named: NamedAverages) -> Cells:
    """Build the cells of a population, and draw their first potentials.

    first: from `first_cells`
    """
    membrane, count = model.instances[one.membrane].mechanism, model.cells(one.name)
    numbers = constants(model, one.membrane)
    known = _with_units(membrane, numbers, {})
    start = {state: np.full(count, evaluated(text, numbers)) for state, text in membrane.rest.items()}
    inputs: dict[str, float] = {}
    placed = [_placed(model, one, receptor) for receptor in one.receptors]
    for each in placed:
        known.update(_with_units(each.mechanism, constants(model, each.name), each.own))
        inputs.update({f"{each.name}_{port.name}": port.at_rest for port in each.mechanism.inputs if port.name != "v"})
        start.update({f"{each.name}_{state}": np.zeros(count) for state in each.mechanism.rest})
        if each.share and each.elsewhere:
            known[each.share] = (float(model[f"{one.name}.places.{each.elsewhere.name}.{each.name}"]), "1")
    if {"V_r", "V_T"} <= known.keys():
        start["v"] = _spread(known["V_r"][0], known["V_T"][0], first, count, seed)
    colours = list(dict.fromkeys(d.colour for d in model.drives.values() if d.colour and d.to == one.name))
    return Cells(
        one.name, count, cell_equations(membrane, placed, colours, list(inputs)), membrane.threshold, membrane.reset,
        membrane.refractory, METHOD, known, {**start, **inputs}, tuple(named.summed(one.name).values()),
        model[f"{one.name}.highest_rate"],
    )  # fmt: skip


def _with_units(form: Mechanism, values: Mapping[str, float], own: Mapping[str, str]) -> dict[str, Constant]:
    """Return the constants of a form by the names that they have in the cell."""
    return {own.get(key, key): (float(value), unit_expression(form.constants[key])) for key, value in values.items()}


def _spread(low: float, high: float, first: int, count: int, seed: int) -> np.ndarray:
    """Spread the first potentials of cells between reset and threshold: cells that start alike would spike alike."""
    part = stream(seed, "first potential").uniform(0, 1, first + count)[first:]
    return np.asarray(low + part * (high - low))


def _placed(model: ModelDefinition, one: Population, receptor: str) -> Placed:
    """Place a receptor in the cells of a population, with its own names."""
    form, own = model.instances[receptor].mechanism, _own_names(model, one, receptor)
    shares = {place: model[f"{one.name}.places.{place}.{receptor}"] for place, r in one.places if r == receptor}
    further = [
        each for each in model.instances[one.membrane].mechanism.compartments if shares.get(each.name, 0.0) > 0
    ]
    if not further:
        return Placed(receptor, form, own)
    (elsewhere,) = further  # a receptor is shared between two compartments at most
    return Placed(receptor, form, own, elsewhere, "" if shares[elsewhere.name] == 1 else f"{receptor}_share")


def _own_names(model: ModelDefinition, one: Population, receptor: str) -> dict[str, str]:
    """Return the name that each name of a receptor's form gets among all receptors of a cell.

    A parameter that follows another receptor's parameter keeps the name of the latter: the compiler then sees that
    two receptors share an exponential, such as that of magnesium block.
    """
    form = model.instances[receptor].mechanism
    names = {name: f"{receptor}_{name}" for name in names_of(form) if name != "v"}
    for parameter in form.parameters:
        owner, _, leader = model.values[f"{receptor}.{parameter.name}"].same_as.partition(".")
        if owner in one.receptors:
            names[parameter.name] = f"{owner}_{leader}"
    return names
