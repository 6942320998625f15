"""Equations of a form, one a line, in Brian2's notation: 'dx/dt = -x / tau : volt (unless refractory)'."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Collection, Mapping
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


def without(text: str, names: Collection[str]) -> str:
    """Return the equations without terms that read any of these names, and without equations that lose all of theirs.

    A product, a power or a function of such a term is lost with it.
    """
    gone, before = set(names), -1
    while len(gone) > before:
        before = len(gone)
        left = {name: _without(read_expression(one.expression), gone) for name, one in read_equations(text).items()}
        gone |= {name for name, expression in left.items() if expression is None}
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    pairs = zip((line for line in lines if line), left.values(), strict=True)
    return "\n".join(
        f"{line.partition('=')[0]}= {ast.unparse(expression)} :{line.rpartition(':')[2]}"
        for line, expression in pairs if expression
    )  # fmt: skip


def _without(node: ast.expr, gone: Collection[str]) -> ast.expr | None:
    match node:
        case ast.Name(id=name):
            return None if name in gone else node
        case ast.BinOp(left=left, op=sign, right=right):
            first, second = _without(left, gone), _without(right, gone)
            if first and second:
                return ast.BinOp(first, sign, second)
            if second and isinstance(sign, ast.Sub):
                return ast.UnaryOp(ast.USub(), second)
            return first or second if isinstance(sign, ast.Add | ast.Sub) else None
        case ast.UnaryOp(op=sign, operand=inner):
            first = _without(inner, gone)
            return first and ast.UnaryOp(sign, first)
        case ast.Call(func=function, args=arguments):
            kept = [less for one in arguments if (less := _without(one, gone))]
            return ast.Call(function, kept, []) if len(kept) == len(arguments) else None
    return node


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
