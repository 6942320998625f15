"""A spiking network as plain values: texts, which are compiled, and numbers, which are set at run time.

Nothing here needs Brian2, so that a network whose library is cached starts without it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from msim.base.errors import InputError

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")

# A constant: value in SI units (one for all cells, or one per cell) and the unit in Brian2's notation.
Constant = tuple[Any, str]


@dataclass(frozen=True)
class TimedInput:
    """A quantity that is given over time: values of shape (times,) or (times, cells), one every `step` seconds.

    Equations read it as NAME(t) or NAME(t, i), as Brian2's TimedArray.
    """

    values: np.ndarray
    step: float
    unit: str = "1"


@dataclass(frozen=True)
class Drive:
    """Independent Poisson events onto every cell of a population.

    rate: Hz, one number or one per cell; it may be changed between runs
    statements: the change of a cell in a step with `events` events, such as "g += events*w"
    inputs: number of independent sources behind the rate; None is a true Poisson process, a number is
        binomial, as Brian2's PoissonInput
    """

    name: str
    to: str
    rate: Any
    statements: str
    constants: Mapping[str, Constant] = field(default_factory=dict)
    inputs: int | None = None


@dataclass(frozen=True)
class Cells:
    """A population: cells that share equations.

    equations, threshold, reset, refractory: Brian2's notation; refractory is an expression of constants in seconds
    constants: name to (value, unit); a number is shared by all cells, an array has one value per cell
    start: state to first values, SI units, one number or one per cell
    watched: expressions of which sums over time, means over cells or traces can be recorded
    highest_rate: Hz; a mean over the population above it within 0.1 s stops the run
    region: where the cells lie, for the partition by region
    functions: name to (trials, probability) of a binomial count that equations call as NAME()
    """

    name: str
    size: int
    equations: str
    threshold: str = ""
    reset: str = ""
    refractory: str = ""
    method: str = "exponential_euler"
    constants: Mapping[str, Constant] = field(default_factory=dict)
    start: Mapping[str, Any] = field(default_factory=dict)
    watched: tuple[str, ...] = ()
    highest_rate: float = np.inf
    region: int = 0
    functions: Mapping[str, tuple[int, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Projection:
    """Synapses from one population to another.

    on_pre: statements that a spike runs at its target, in Brian2's notation
    equations: states of a synapse, event-driven or clock-driven, and summed variables
    variables: per-synapse value to its unit; given row by row when contacts are made
    start: state to its first value, one number for all synapses
    """

    name: str
    origin: str
    to: str
    on_pre: str
    equations: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, Constant] = field(default_factory=dict)
    start: Mapping[str, float] = field(default_factory=dict)
    method: str = "exponential_euler"
    functions: Mapping[str, tuple[int, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class NetworkSpec:
    """Populations, projections and drives, integrated with steps of `step` seconds."""

    step: float
    cells: tuple[Cells, ...]
    projections: tuple[Projection, ...] = ()
    drives: tuple[Drive, ...] = ()
    inputs: Mapping[str, TimedInput] = field(default_factory=dict)

    def __post_init__(self) -> None:
        named: tuple[Cells | Projection | Drive, ...] = (*self.cells, *self.projections, *self.drives)
        names = [one.name for one in named]
        for name in names:
            if not NAME.match(name):
                raise InputError(f"network: wants names of letters, digits and underscores, got '{name}'")
            if names.count(name) > 1:
                raise InputError(f"network: the name '{name}' is given twice")
        populations = {one.name for one in self.cells}
        for one in self.projections:
            if not {one.origin, one.to} <= populations:
                raise InputError(f"{one.name}: wants populations of the network, got '{one.origin}' and '{one.to}'")
            for name, (value, _) in one.constants.items():
                if np.ndim(value):
                    raise InputError(f"{one.name}.{name}: wants one number for all synapses, got {np.size(value)}")
        for drive in self.drives:
            if drive.to not in populations:
                raise InputError(f"{drive.name}: wants a population of the network, got '{drive.to}'")

    def population(self, name: str) -> Cells:
        """Return the population with this name."""
        return next(one for one in self.cells if one.name == name)

    def drives_of(self, population: str) -> tuple[Drive, ...]:
        """Return the drives onto a population, in the order given."""
        return tuple(one for one in self.drives if one.to == population)

    def ordered_projections(self) -> tuple[Projection, ...]:
        """Return projections in the order in which Brian2 delivers their events: by name."""
        return tuple(sorted(self.projections, key=lambda one: f"{one.name}_pre"))

    def structure(self) -> dict[str, Any]:
        """Return all texts, names and units on which the compiled code depends, and no number that may change."""
        return {
            "step": "run time",
            "cells": [
                {
                    "name": one.name, "equations": one.equations, "threshold": one.threshold, "reset": one.reset,
                    "refractory": one.refractory, "method": one.method, "constants": _shapes(one.constants),
                    "watched": list(one.watched), "functions": _functions(one.functions),
                }
                for one in self.cells
            ],
            "projections": [
                {
                    "name": one.name, "origin": one.origin, "to": one.to, "on_pre": one.on_pre,
                    "equations": one.equations, "variables": dict(one.variables),
                    "constants": _shapes(one.constants), "method": one.method, "functions": _functions(one.functions),
                }
                for one in self.ordered_projections()
            ],
            "drives": [
                {"name": one.name, "to": one.to, "statements": one.statements, "constants": _shapes(one.constants)}
                for one in self.drives
            ],
            "inputs": {name: [np.ndim(one.values), one.unit] for name, one in self.inputs.items()},
        }  # fmt: skip

    def digest(self) -> str:
        """Return the SHA-256 of the structure."""
        return hashlib.sha256(json.dumps(self.structure(), sort_keys=True).encode()).hexdigest()


def _shapes(constants: Mapping[str, Constant]) -> dict[str, list[Any]]:
    return {name: [unit, "per cell" if np.ndim(value) else "shared"] for name, (value, unit) in constants.items()}


def _functions(functions: Mapping[str, tuple[int, float]]) -> dict[str, list[float]]:
    return {name: list(numbers) for name, numbers in functions.items()}
