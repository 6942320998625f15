"""Text to quantity and back: numbers with units, parsed and never evaluated."""

from __future__ import annotations

import ast
import functools
import math
import re
import sys
from typing import Any

import brian2.units as bu
from brian2.units import fundamentalunits as fu

from msim.base.errors import DefinitionError, nearest

# Brian2 installs a hook that calls every uncaught error, ours too, a bug of Brian2.
if sys.excepthook.__module__.startswith("brian2"):
    sys.excepthook = sys.__excepthook__

LONGEST_TEXT = 120
LARGEST_EXPONENT = 6
_NUMBER_THEN_UNIT = re.compile(r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s+(?=[A-Za-z(])")

second = bu.second
minute = fu.Quantity(60.0, dim=bu.second.dim)
hour = fu.Quantity(3600.0, dim=bu.second.dim)
day = fu.Quantity(86400.0, dim=bu.second.dim)

_PREFIXES = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12}
_SHORT = {
    "V": bu.volt, "A": bu.amp, "S": bu.siemens, "F": bu.farad, "s": bu.second,
    "M": bu.molar, "mol": bu.mole, "m": bu.metre,
}
_LONG = {
    "volt": bu.volt, "amp": bu.amp, "siemens": bu.siemens, "farad": bu.farad, "second": bu.second,
    "molar": bu.molar, "mole": bu.mole, "meter": bu.metre, "ohm": bu.ohm, "coulomb": bu.coulomb,
    "hertz": bu.hertz, "joule": bu.joule, "watt": bu.watt, "kelvin": bu.kelvin,
}


@functools.cache
def known_units() -> dict[str, fu.Quantity]:
    """Every unit name that a definition file may use, with its value."""
    table: dict[str, fu.Quantity] = {}
    for names in (_SHORT, _LONG):
        for name, unit in names.items():
            for prefix, factor in _PREFIXES.items():
                table[prefix + name] = fu.Quantity(factor * float(unit), dim=unit.dim)
    for prefix, factor in {**_PREFIXES, "k": 1e3}.items():
        table[prefix + "g"] = fu.Quantity(factor * 1e-3, dim=bu.kilogram.dim)
        table[prefix + "Hz"] = fu.Quantity(factor, dim=bu.hertz.dim)
    for prefix, factor in _PREFIXES.items():
        for liter in ("L", "l", "liter"):
            table[prefix + liter] = fu.Quantity(factor * 1e-3, dim=(bu.metre**3).dim)
    table.update(minute=minute, hour=hour, day=day, week=7 * day, h=hour, week_=7 * day)
    table.update(percent=fu.Quantity(0.01, dim=fu.DIMENSIONLESS), Hz=fu.Quantity(1.0, dim=bu.hertz.dim))
    table.update(one=fu.Quantity(1.0, dim=fu.DIMENSIONLESS), kPa=fu.Quantity(1e3, dim=bu.pascal.dim))
    del table["week_"]
    return table


def parse_quantity(text: str | int | float, where: str) -> fu.Quantity:
    """Read '0.15 / uM / second', '40 minute' or a bare number.

    where: file and key, for the message
    raises: DefinitionError unless the text is a product of finite numbers and known units
    """
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        raise DefinitionError(where, f"wants a number with a unit as text, got {text!r}")
    if isinstance(text, (int, float)):
        value = fu.Quantity(_to_float(text, where), dim=fu.DIMENSIONLESS)
    else:
        value = _walk(_parse(text, where), text, where)
    if not math.isfinite(float(value)):
        raise DefinitionError(where, f"wants a finite number, got {text!r}")
    return value


def parse_in(text: str | int | float, unit: fu.Quantity | fu.Unit | int, where: str) -> fu.Quantity:
    """Read a quantity that must have the dimensions of `unit`."""
    value = parse_quantity(text, where)
    if dimensions_of(value) is not dimensions_of(unit):
        raise DefinitionError(where, f"wants a value in {unit_text(unit)}, got {text!r}")
    return value


def dimensions_of(value: Any) -> fu.Dimension:
    """The dimensions of a quantity, a unit or a plain number."""
    return fu.get_dimensions(value)


def unit_text(unit: Any) -> str:
    """A unit as a reader would write it: 'dimensionless', 'nS', 'mmolar', '1/s'."""
    dimensions = dimensions_of(unit)
    if dimensions.is_dimensionless:
        return "1 (dimensionless)"
    if isinstance(unit, fu.Unit):
        return str(unit)
    return str(fu.get_unit(dimensions))


def in_unit(value: Any, unit: fu.Quantity | fu.Unit | int) -> float:
    """The number that a quantity is of `unit`; the one place where units are stripped by name."""
    return float(value) / float(unit)


def quantity_text(value: Any, unit: Any = None) -> str:
    """A quantity with six digits, in `unit` or in the best unit."""
    if dimensions_of(value).is_dimensionless:
        return f"{float(value):.6g}"
    if unit is not None:
        return f"{in_unit(value, unit):.6g} {unit_text(unit)}"
    seconds = float(value)
    if dimensions_of(value) is bu.second.dim and abs(seconds) >= 60:
        for name, size in (("day", 86400.0), ("hour", 3600.0), ("minute", 60.0)):
            if abs(seconds) >= size:
                return f"{seconds / size:.6g} {name}"
    return str(fu.Quantity(value).in_best_unit(precision=6))


def _to_float(number: int | float, where: str) -> float:
    try:
        return float(number)
    except OverflowError:
        raise DefinitionError(where, f"wants a finite number, got {number!r}"[:200]) from None


def _parse(text: str, where: str) -> ast.expr:
    if len(text) > LONGEST_TEXT:
        raise DefinitionError(where, f"wants a number with a unit, got a text of {len(text)} characters")
    readable = _NUMBER_THEN_UNIT.sub(r"\1 * ", text.replace("^", "**")).strip()
    try:
        return ast.parse(readable, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise DefinitionError(where, f"wants a number with a unit, such as '40 minute', got {text!r}") from None


def _walk(node: ast.expr, text: str, where: str) -> fu.Quantity:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return fu.Quantity(_to_float(number, where), dim=fu.DIMENSIONLESS)
        case ast.Name(id=name):
            if name not in known_units():
                raise DefinitionError(where, f"unknown unit '{name}' in {text!r}{nearest(name, known_units())}")
            return known_units()[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_walk(inner, text, where)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return fu.Quantity(_walk(left, text, where) * _walk(right, text, where))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            divisor = _walk(right, text, where)
            if float(divisor) == 0.0:
                raise DefinitionError(where, f"wants a finite number, got {text!r}")
            return fu.Quantity(_walk(left, text, where) / divisor)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_walk(left, text, where), right, text, where)
    raise DefinitionError(where, f"wants a product of numbers and units, such as '0.15 / uM / second', got {text!r}")


def _power(base: fu.Quantity, exponent: ast.expr, text: str, where: str) -> fu.Quantity:
    sign = 1
    if isinstance(exponent, ast.UnaryOp) and isinstance(exponent.op, ast.USub):
        sign, exponent = -1, exponent.operand
    if not isinstance(exponent, ast.Constant) or type(exponent.value) is not int:
        raise DefinitionError(where, f"wants a whole number as exponent, got {text!r}")
    if exponent.value > LARGEST_EXPONENT or float(base) == 0.0:
        wanted = f"wants an exponent of at most {LARGEST_EXPONENT} on a number that is not 0"
        raise DefinitionError(where, f"{wanted}, got {text!r}")
    return fu.Quantity(base ** (sign * exponent.value))
