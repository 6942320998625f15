"""Texts of a network, in Brian2's notation, evaluated with NumPy."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

import numpy as np

from msim.base.expressions import FUNCTIONS
from msim.base.quantities import parse_quantity

KNOWN = {**FUNCTIONS, "floor": np.floor}


@dataclass(frozen=True)
class Equations:
    """Equations of cells or synapses: of rates of states, and of names; frozen: states that rest while refractory."""

    rates: Mapping[str, CodeType]
    names: Mapping[str, CodeType]
    frozen: frozenset[str]


def read(text: str) -> Equations:
    """Read equations, one a line: 'dNAME/dt = EXPRESSION : UNIT (FLAGS)', or 'NAME = ...', or 'NAME : UNIT'."""
    rates, names, frozen = {}, {}, set()
    for line in filter(None, map(str.strip, text.splitlines())):
        left, is_given, right = (one.strip() for one in line.partition("="))
        expression, _, flags = right.rpartition(":")
        if left.endswith("/dt"):
            rates[left[1:-3]] = compile(expression.strip(), left, "eval")
            frozen |= {left[1:-3]} if "unless refractory" in flags else set()
        elif is_given:
            names[left] = compile(expression.strip(), left, "eval")
    return Equations(rates, names, frozenset(frozen))


class Values(dict[str, Any]):
    """Values by name; those of equations are evaluated when they are read, and units are 1."""

    def __init__(self, names: Mapping[str, CodeType], *known: Mapping[str, Any]) -> None:
        super().__init__()
        self.names = names
        for one in known:
            self.update(one)

    def __missing__(self, name: str) -> Any:
        if name in KNOWN:
            return KNOWN[name]
        if name not in self.names:
            return _unit(name)
        self[name] = self.value(self.names[name])
        return self[name]

    def value(self, expression: CodeType) -> Any:
        """Evaluate an expression."""
        return eval(expression, {}, self)

    def execute(self, statements: CodeType) -> None:
        """Execute statements, which set values."""
        exec(statements, {}, self)


@functools.cache
def _unit(name: str) -> float:
    return float(parse_quantity(name, name))
