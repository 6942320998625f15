"""Generator of C++ sources from a network, with the layout of its arrays; the only module that writes code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brian2.core.variables import ArrayVariable

from msim.backends.cpp.cell_code import CellWriter
from msim.backends.cpp.describe import EVENTS, described
from msim.backends.cpp.names import PROVIDED, Names, key
from msim.backends.cpp.render import Sites, functions_of, rendered
from msim.backends.cpp.statements import Block, cell_blocks, synapse_blocks
from msim.backends.cpp.synapse_code import SynapseWriter
from msim.backends.cpp.validation import named
from msim.base.errors import InputError
from msim.network.spec import Cells, NetworkSpec, Projection


@dataclass(frozen=True)
class Sources:
    """Generated code: a unit that the compiler vectorizes, a unit that it must not, and the layout of the arrays.

    layout: by population and projection the names of arrays, shared constants, values and states, in order
    """

    vector: str
    scalar: str
    layout: dict[str, Any]


@dataclass(frozen=True)
class _Unit:
    """Contribution of one population or projection to the two units of code, the table and the layout."""

    vector: str
    scalar: str
    table: str
    layout: dict[str, Any]


def generated(spec: NetworkSpec) -> Sources:
    """Generate the sources of a network.

    raises: InputError that names the population or projection and its unsupported part
    """
    objects = described(spec)
    timed = list(spec.inputs)
    _validate_one_sum(spec, objects.synapses)
    cells = [named(one.name, _population, spec, one, objects.groups[one.name], timed) for one in spec.cells]
    names = [one.name for one in spec.cells]
    layouts = {one.name: unit.layout for one, unit in zip(spec.cells, cells, strict=True)}
    projections = [
        named(one.name, _projection, one, objects.synapses[one.name], names, layouts, timed)
        for one in spec.ordered_projections()
    ]
    units = [*cells, *projections]
    vector = "\n".join(['#include "vector_loops.cpp"', "", *(one.vector for one in units)])
    tables = [
        "extern const PopulationCode population_code[] = {", *(one.table for one in cells), "};",
        "extern const ProjectionCode projection_code[] = {", *(one.table for one in projections),
        *(["{}"] if not projections else []), "};",
        f"extern const Model model = {{{len(cells)}, {len(projections)}, {len(timed)}, "
        "population_code, projection_code};",
    ]  # fmt: skip
    scalar = "\n".join(['#include "engine_impl.hpp"', "", *(one.scalar for one in units), *tables, ""])
    layout = {
        "cells": layouts,
        "projections": {
            one.name: unit.layout for one, unit in zip(spec.ordered_projections(), projections, strict=True)
        },
        "timed": timed,
    }
    return Sources(vector + "\n", scalar, json.loads(json.dumps(layout)))


def _population(spec: NetworkSpec, one: Cells, group: Any, timed: Sequence[str]) -> _Unit:
    drives = spec.drives_of(one.name)
    blocks = cell_blocks(
        group, [(drive.name, EVENTS.format(drive.name), drive.statements) for drive in drives], one.watched,
        one.refractory,
    )
    _validate_scalars_unwritten(one.name, blocks.all())
    _validate_draws(one.name, blocks.watched, "watched expressions")
    _validate_draws(one.name, blocks.refractory, "refractory times")
    arrays = [name for name, v in group.variables.items() if _is_own_array(v) and name not in (*PROVIDED, "lastspike")]
    scalars = [name for name, v in group.variables.items() if _is_own_scalar(v) and name not in PROVIDED]
    sites = Sites()
    names = Names(one, blocks.all(), scalars, timed)
    held = {name: "not_refractory" for name, v in group.variables.items() if getattr(v, "conditional_write", None)}
    whole = [(b, rendered(one.name, b, sites, True, held)) for b in blocks.whole()]
    writer = CellWriter(one, names, arrays, held, sites, blocks, whole)
    vector = "\n".join([writer.fixed(), writer.prepare(), writer.update(), writer.watch()])
    scalar = "\n".join([f"void prepare_{one.name}(Engine&, Population&);", *writer.declarations(), writer.reset()])
    events = [arrays.index(EVENTS.format(drive.name)) for drive in drives]
    constants, table = writer.table(events, [key(f"drive {drive.name}") for drive in drives])
    layout = {
        "arrays": arrays, "scalars": scalars, "watched": list(one.watched),
        "states": sorted(set(group.equations.diff_eq_names)), "drives": [drive.name for drive in drives],
        "held": blocks.first.arrays() if blocks.first else [],
    }  # fmt: skip
    return _Unit(vector, f"{scalar}\n{constants}", table, layout)


def _is_own_array(variable: Any) -> bool:
    return isinstance(variable, ArrayVariable) and not variable.scalar and variable.name[0] != "_"


def _is_own_scalar(variable: Any) -> bool:
    return isinstance(variable, ArrayVariable) and variable.scalar


def _validate_one_sum(spec: NetworkSpec, synapses: Mapping[str, Any]) -> None:
    # Each sum begins at zero: the second would undo the first.
    found: dict[tuple[str, str], str] = {}
    for one in spec.ordered_projections():
        for variable in synapses[one.name].summed_updaters:
            first = found.setdefault((one.to, variable), one.name)
            if first != one.name:
                raise InputError(f"{one.name}: '{variable}' is summed by {first} already")


def _validate_draws(owner: str, one: Block | None, where: str) -> None:
    if one is not None and not all(function.stateless for function in functions_of(one).values()):
        raise InputError(f"{owner}: random numbers in {where} are not supported by target cpp")


def _validate_scalars_unwritten(owner: str, blocks: Sequence[Block]) -> None:
    for one in blocks:
        for name in one.written():
            variable = one.variables.get(name)
            if isinstance(variable, ArrayVariable) and variable.scalar:
                raise InputError(f"{owner}: statements write '{name}', which all cells share: not supported")


def _projection(
    one: Projection, synapses: Any, names: Sequence[str], layouts: dict[str, Any], timed: Sequence[str]
) -> _Unit:
    blocks = synapse_blocks(synapses)
    _validate_scalars_unwritten(one.name, blocks.all())
    for name in (each.removesuffix("_post") for each in blocks.summed):
        # Brian2 computes what is constant over a step before it sums: this step's cells would read the last one's sum.
        if name in layouts[one.to]["held"]:
            raise InputError(f"{one.to}: '{name}' is summed: not supported in what is constant over dt")
    own = {name: v for name, v in synapses.variables.items() if synapses.variables.indices[name] == "_idx"}
    values = [name for name in one.variables]
    states = [
        name for name, v in own.items()
        if isinstance(v, ArrayVariable) and name not in (*values, *PROVIDED) and name[0] != "_" and name != "delay"
    ]  # fmt: skip
    scalars = list(one.constants)
    writer = SynapseWriter(one, synapses, blocks, values, states, scalars, layouts, timed)
    table = writer.table(names.index(one.origin), names.index(one.to))
    layout = {"values": values, "states": states, "scalars": scalars, "keeps_time": "lastupdate" in own}
    return _Unit(writer.vector(), writer.scalar(), table, layout)
