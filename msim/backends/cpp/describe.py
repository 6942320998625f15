"""Brian2 objects of a network given as plain values, from which code is made, or which stock Brian2 can run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import brian2 as b2
import numpy as np
from brian2.input.binomial import BinomialFunction
from brian2.stateupdaters.base import StateUpdateMethod

from msim.backends.cpp.validation import named
from msim.base.errors import InputError, nearest
from msim.network.spec import Cells, Constant, NetworkSpec, Projection, TimedInput

CELL_FLAGS = {"unless refractory", "constant", "shared", "constant over dt"}
SYNAPSE_FLAGS = {"event-driven", "clock-driven", "summed", "constant", "shared"}
EVENTS = "events_{}"


@dataclass(frozen=True)
class Described:
    """Brian2's objects of a network, by name."""

    groups: Mapping[str, Any]
    synapses: Mapping[str, Any]
    clock: Any


def described(spec: NetworkSpec, whole: bool = False) -> Described:
    """Build the Brian2 objects of a network.

    whole: with all cells and their values; otherwise with one cell each, enough to make code from
    raises: InputError that names the population or projection, and the part that Brian2 or the engine refuses
    """
    b2.start_scope()
    # Objects that code is made from are never run; Brian2 would wonder about each.
    b2.BrianLogger.suppress_name("unused_brian_object")
    b2.BrianLogger.suppress_name("clock_driven")
    clock = b2.Clock(dt=spec.step * b2.second, name="step_clock")
    inputs = {name: _timed_array(name, one) for name, one in spec.inputs.items()}
    groups = {
        one.name: named(one.name, _group, spec, one, clock, inputs, one.size if whole else 1) for one in spec.cells
    }
    if whole:
        for one in spec.cells:
            _fill(groups[one.name], spec, one)
    synapses = {
        one.name: named(one.name, _synapses, spec, one, groups, clock, inputs)
        for one in spec.ordered_projections()
    }
    return Described(groups, synapses, clock)


def _timed_array(name: str, one: TimedInput) -> Any:
    return b2.TimedArray(one.values * _unit(one.unit), dt=one.step * b2.second, name=f"timed_{name}")


def _unit(text: str) -> Any:
    return eval(text, {"__builtins__": {}}, dict(vars(b2.units.allunits)))


def declarations(constants: Mapping[str, Constant]) -> list[str]:
    """Write the lines that declare constants, one value each or one for all."""
    return [
        f"{name} : {unit} ({'constant' if np.ndim(value) else 'constant, shared'})"
        for name, (value, unit) in constants.items()
    ]


def _group(spec: NetworkSpec, one: Cells, clock: Any, inputs: Mapping[str, Any], size: int) -> Any:
    constants = cell_constants(spec, one)
    lines = [one.equations, *declarations(constants)]
    lines += [f"{EVENTS.format(drive.name)} : 1" for drive in spec.drives_of(one.name)]
    equations = b2.Equations("\n".join(lines))
    _validate_flags(one.name, equations, CELL_FLAGS)
    _validate_method(one.name, one.method)
    group = b2.NeuronGroup(
        size,
        equations,
        threshold=one.threshold or None,
        reset=one.reset or None,
        refractory=one.refractory or False,
        method=one.method,
        clock=clock,
        name=f"cells_{one.name}",
        namespace={**inputs, **_functions(one.functions)},
    )
    group.equations.check_units(group, {})
    return group


def cell_constants(spec: NetworkSpec, one: Cells) -> dict[str, Constant]:
    """Return the constants of a population and of the drives onto it.

    raises: InputError where two of them share a name
    """
    constants = dict(one.constants)
    for drive in spec.drives_of(one.name):
        for name, value in drive.constants.items():
            if name in constants:
                raise InputError(f"{drive.name}: the constant '{name}' is already one of {one.name}")
            constants[name] = value
    return constants


def _functions(functions: Mapping[str, tuple[int, float]]) -> dict[str, Any]:
    # Named by what they do: names that count up would make every network another one.
    return {
        name: BinomialFunction(trials, chance, approximate=False, name=f"binomial_{name}_{trials}")
        for name, (trials, chance) in functions.items()
    }


def _validate_flags(name: str, equations: Any, known: set[str]) -> None:
    for one in equations.values():
        for flag in one.flags:
            if flag not in known:
                raise InputError(f"{name}: the flag '({flag})' of '{one.varname}' is not supported")


def _validate_method(name: str, method: str) -> None:
    known = StateUpdateMethod.stateupdaters
    if method not in known:
        raise InputError(f"{name}: unknown method '{method}'{nearest(method, known)}")


def _fill(group: Any, spec: NetworkSpec, one: Cells) -> None:
    write_constants(group, cell_constants(spec, one))
    for name, value in one.start.items():
        group.variables[name].set_value(np.broadcast_to(np.asarray(value, dtype=float), one.size))


def write_constants(owner: Any, constants: Mapping[str, Constant]) -> None:
    """Set the values of constants of cells or synapses."""
    for name, (value, _) in constants.items():
        owner.variables[name].set_value(np.asarray(value, dtype=float))


def _synapses(
    spec: NetworkSpec, one: Projection, groups: Mapping[str, Any], clock: Any, inputs: Mapping[str, Any]
) -> Any:
    lines = [one.equations, *declarations(one.constants)]
    lines += [f"{name} : {unit} (constant)" for name, unit in one.variables.items()]
    equations = b2.Equations("\n".join(lines))
    _validate_flags(one.name, equations, SYNAPSE_FLAGS)
    _validate_method(one.name, one.method)
    synapses = b2.Synapses(
        groups[one.origin],
        groups[one.to],
        equations,
        on_pre=one.on_pre or None,
        method=one.method,
        clock=clock,
        name=f"synapses_{one.name}",
        namespace={**inputs, **_functions(one.functions)},
    )
    synapses.equations.check_units(synapses, {})
    return synapses
