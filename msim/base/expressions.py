"""Arithmetic of equations: parsed, evaluated and checked in its units, without executing it."""

from __future__ import annotations

import ast
import functools
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from msim.base.errors import nearest
from msim.base.units import DIMENSIONLESS, Dimension, unit_symbol

NUMBERS: dict[str, float] = {"inf": float("inf"), "pi": float(np.pi)}
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}  # fmt: skip
# What an argument and the result of a function are in: nothing, or all in one unit.
_PLAIN: dict[str, Callable[..., Any]] = {
    "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "log10": np.log10, "sin": np.sin,
    "cos": np.cos, "tan": np.tan, "tanh": np.tanh,
}  # fmt: skip
_OF_ONE_UNIT: dict[str, Callable[..., Any]] = {"abs": np.abs, "clip": np.clip}
FUNCTIONS: dict[str, Callable[..., Any]] = {**_PLAIN, **_OF_ONE_UNIT, "sqrt": np.sqrt}
_ARGUMENTS = {"clip": 3}
_WORD = re.compile(r"\b[A-Za-z_]\w*\b")


class ExpressionError(ValueError):
    """A text that is no arithmetic in known names."""


class UnitMismatch(ExpressionError):
    """A sum of different units, or a unit where a number was wanted."""


@functools.cache
def read_expression(text: str) -> ast.expr:
    """Parse an expression into its tree.

    raises: ExpressionError unless it is made of numbers, names, + - * / ** and known functions
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as problem:
        raise ExpressionError(f"'{text.strip()}' is no arithmetic: {problem.msg}") from None
    for node in ast.walk(tree):
        _validate_arithmetic(node)
    return tree


def _validate_arithmetic(node: ast.AST) -> None:
    match node:
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            if name not in FUNCTIONS:
                raise ExpressionError(f"unknown function '{name}'{nearest(name, FUNCTIONS)}")
            wanted = _ARGUMENTS.get(name, 1)
            if len(arguments) != wanted:
                raise ExpressionError(f"'{name}' wants {wanted} arguments, got {len(arguments)}")
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            pass
        case ast.BinOp(op=sign) if type(sign) in _OPERATORS:
            pass
        case ast.Name() | ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            pass
        case ast.operator() | ast.unaryop() | ast.expr_context():
            pass
        case _:
            raise ExpressionError(f"wants arithmetic, got '{ast.unparse(node)}'")


@functools.cache
def names_in(text: str) -> frozenset[str]:
    """Return the names that an expression reads, functions and `inf` left out."""
    found = {node.id for node in ast.walk(read_expression(text)) if isinstance(node, ast.Name)}
    return frozenset(found - set(FUNCTIONS) - set(NUMBERS))


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Return the text with other names, all replaced at once."""
    return _WORD.sub(lambda word: names.get(word[0], word[0]), text)


def evaluated(text: str, numbers: Mapping[str, float]) -> float:
    """Evaluate an expression as a number in SI units; NaN or infinite where it has no value."""
    with np.errstate(all="ignore"):
        return float(calculated(text, {**NUMBERS, **numbers}.__getitem__, np.float64, FUNCTIONS))


def calculated(
    text: str,
    value_of: Callable[[str], Any],
    value: Callable[[Any], Any],
    functions: Mapping[str, Callable[..., Any]],
) -> Any:
    """Evaluate an expression in values of any kind that knows + - * / **.

    value_of: gives the value of a name
    value: turns a number, or a result of `value_of`, into a value to calculate with
    functions: functions of such values, by name
    """

    def walk(node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=number):
                return value(number)
            case ast.Name(id=name):
                return value(value_of(name))
            case ast.UnaryOp(op=sign, operand=inner):
                return -walk(inner) if isinstance(sign, ast.USub) else walk(inner)
            case ast.BinOp(left=left, op=sign, right=right):
                return _OPERATORS[type(sign)](walk(left), walk(right))
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return functions[name](*(walk(one) for one in arguments))
        raise AssertionError(ast.dump(node))

    return walk(read_expression(text))


def dimension_of(text: str, known: Mapping[str, Dimension]) -> Dimension:
    """Return the dimension of an expression in names of known dimensions.

    raises: UnitMismatch where different units meet, ExpressionError for unknown names
    """
    return _dimension(read_expression(text), known)


def _dimension(node: ast.expr, known: Mapping[str, Dimension]) -> Dimension:
    match node:
        case ast.Constant():
            return DIMENSIONLESS
        case ast.Name(id=name):
            if name not in known and name not in NUMBERS:
                raise ExpressionError(f"unknown name '{name}'{nearest(name, known)}")
            return known.get(name, DIMENSIONLESS)
        case ast.UnaryOp(operand=inner):
            return _dimension(inner, known)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(left, right, known)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _dimension(left, known) * _dimension(right, known)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _dimension(left, known) / _dimension(right, known)
        case ast.BinOp(left=left, right=right):
            return _same([left, right], known)
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in _OF_ONE_UNIT:
            return _same(arguments, known)
        case ast.Call(func=ast.Name(id="sqrt"), args=[inner]):
            return _dimension(inner, known) ** 0.5
        case ast.Call(args=arguments):
            for one in arguments:
                _validate_unit(one, known)
            return DIMENSIONLESS
    raise AssertionError(ast.dump(node))


def _same(nodes: list[ast.expr], known: Mapping[str, Dimension]) -> Dimension:
    first, *others = [_dimension(one, known) for one in nodes]
    for node, dimension in zip(nodes[1:], others, strict=True):
        if dimension != first:
            units = f"'{ast.unparse(nodes[0])}' is in {unit_symbol(first)}"
            raise UnitMismatch(f"{units}, '{ast.unparse(node)}' in {unit_symbol(dimension)}")
    return first


def _power(base: ast.expr, exponent: ast.expr, known: Mapping[str, Dimension]) -> Dimension:
    _validate_unit(exponent, known)
    dimension = _dimension(base, known)
    if dimension.is_dimensionless:
        return dimension
    if any(isinstance(node, ast.Name) for node in ast.walk(exponent)):
        raise ExpressionError(f"'{ast.unparse(base)}' has a unit and wants a number as exponent")
    return dimension ** evaluated(ast.unparse(exponent), {})


def _validate_unit(node: ast.expr, known: Mapping[str, Dimension]) -> None:
    dimension = _dimension(node, known)
    if not dimension.is_dimensionless:
        raise UnitMismatch(f"'{ast.unparse(node)}' is in {unit_symbol(dimension)}, and wants to be without unit")
