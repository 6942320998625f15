"""Equations of a form, one a line, in Brian2's notation: 'dx/dt = -x / tau : volt (unless refractory)'."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from msim.base.errors import DefinitionError
from msim.base.expressions import FUNCTIONS, NUMBERS, ExpressionError, calculated, names_in, read_expression
from msim.base.quantities import parse_quantity
from msim.base.units import Quantity

_LINE = re.compile(
    r"(?:d(?P<state>[A-Za-z_]\w*)/dt\s*=|(?P<name>[A-Za-z_]\w*)\s*=|(?P<free>[A-Za-z_]\w*)\s*:)"
    r"(?P<expression>(?<=:)|[^:=]+:)\s*(?P<unit>[\w */.-]+?)\s*(?:\((?P<flags>[\w, -]+)\))?"
)


@dataclass(frozen=True)
class Equation:
    """One equation of a form: the rate of a state, the meaning of a name, or a name that is set from outside.

    expression: empty for a name that is set from outside
    unit: SI unit without prefix
    """

    name: str
    is_rate: bool
    expression: str
    unit: Quantity
    flags: tuple[str, ...]


@functools.cache
def read_equations(text: str) -> Mapping[str, Equation]:
    """Read the equations of a text, by the name on their left and in the order of the text; skip what follows a '#'.

    raises: ExpressionError that quotes the line
    """
    found: dict[str, Equation] = {}
    for line in text.splitlines():
        bare = line.partition("#")[0].strip()
        if bare:
            one = _equation(bare)
            if one.name in found:
                raise ExpressionError(f"'{one.name}' stands on the left of two equations")
            found[one.name] = one
    return MappingProxyType(found)


def _equation(line: str) -> Equation:
    parts = _LINE.fullmatch(line)
    if parts is None:
        raise ExpressionError(f"wants 'NAME = EXPRESSION : UNIT', or 'dNAME/dt' on the left, got '{line}'")
    expression = parts["expression"].removesuffix(":").strip()
    if not parts["free"]:
        read_expression(expression)
    try:
        unit = parse_quantity(parts["unit"], f"'{line}'")
    except DefinitionError as problem:
        raise ExpressionError(str(problem)) from None
    if float(unit) != 1.0:
        raise ExpressionError(f"wants an SI unit without prefix, got '{parts['unit']}' in '{line}'")
    flags = tuple(one.strip() for one in (parts["flags"] or "").split(",") if one.strip())
    return Equation(parts["state"] or parts["name"] or parts["free"], bool(parts["state"]), expression, unit, flags)


def subexpressions(text: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate the equations that are no rates; those that read a name without a known value are left out.

    known: inputs, constants and states, numbers or arrays that broadcast
    """
    found: dict[str, Any] = {}
    waiting = {one.name: one.expression for one in read_equations(text).values() if one.expression and not one.is_rate}
    while ready := [name for name, expression in waiting.items() if names_in(expression) <= {*known, *found}]:
        found |= {name: _value(waiting.pop(name), {**known, **found}) for name in ready}
    return found


def slopes(text: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate the rate of change of each state.

    known: as for `subexpressions`; all that the rates read
    """
    every = {**known, **subexpressions(text, known)}
    return {one.name: _value(one.expression, every) for one in read_equations(text).values() if one.is_rate}


def _value(expression: str, known: Mapping[str, Any]) -> Any:
    with np.errstate(all="ignore"):
        return calculated(expression, {**NUMBERS, **known}.__getitem__, np.asarray, FUNCTIONS)
