"""Text to quantity and back: numbers with units, parsed and never evaluated."""

from __future__ import annotations

import ast
import functools
import math
import re
import sys
import warnings
from typing import Any

import brian2.units as bu
import numpy as np
from brian2.units import fundamentalunits as fu
from brian2.units.fundamentalunits import Quantity

from msim.base.errors import DefinitionError, nearest

# Brian2 installs a hook that calls every uncaught error, ours too, a bug of Brian2.
if sys.excepthook.__module__.startswith("brian2"):
    sys.excepthook = sys.__excepthook__

LONGEST_TEXT = 120
LARGEST_EXPONENT = 12
_READABLE = re.compile(r"[A-Za-z0-9_.+*/^() µμ-]+")
_SPELLINGS = str.maketrans({"^": "**", "µ": "u", "μ": "u"})
_NUMBER_THEN_UNIT = re.compile(r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s+(?=[A-Za-z(µμ])")

second = bu.second
minute = Quantity(60.0, dim=bu.second.dim)
hour = Quantity(3600.0, dim=bu.second.dim)
day = Quantity(86400.0, dim=bu.second.dim)

_PREFIXES = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12}
_SHORT = {
    "V": bu.volt, "A": bu.amp, "S": bu.siemens, "F": bu.farad, "s": bu.second,
    "M": bu.molar, "mol": bu.mole, "m": bu.metre, "K": bu.kelvin,
}
_LONG = {
    "volt": bu.volt, "amp": bu.amp, "siemens": bu.siemens, "farad": bu.farad, "second": bu.second,
    "molar": bu.molar, "mole": bu.mole, "meter": bu.metre, "ohm": bu.ohm, "coulomb": bu.coulomb,
    "hertz": bu.hertz, "joule": bu.joule, "watt": bu.watt, "kelvin": bu.kelvin,
}


@functools.cache
def known_units() -> dict[str, Quantity]:
    """Every unit name that a definition file may use, with its value."""
    table: dict[str, Quantity] = {}
    for names in (_SHORT, _LONG):
        for name, unit in names.items():
            for prefix, factor in _PREFIXES.items():
                table[prefix + name] = Quantity(factor * float(unit), dim=unit.dim)
    for prefix, factor in {**_PREFIXES, "k": 1e3}.items():
        table[prefix + "g"] = Quantity(factor * 1e-3, dim=bu.kilogram.dim)
        table[prefix + "Hz"] = Quantity(factor, dim=bu.hertz.dim)
    for prefix, factor in _PREFIXES.items():
        for liter in ("L", "l", "liter"):
            table[prefix + liter] = Quantity(factor * 1e-3, dim=(bu.metre**3).dim)
    table.update(minute=minute, hour=hour, day=day, week=7 * day, h=hour)
    table.update(percent=Quantity(0.01, dim=fu.DIMENSIONLESS), Hz=Quantity(1.0, dim=bu.hertz.dim))
    table.update(one=Quantity(1.0, dim=fu.DIMENSIONLESS), kPa=Quantity(1e3, dim=bu.pascal.dim))
    return table


def parse_quantity(text: str | int | float, where: str) -> Quantity:
    """Read '0.15 / uM / second', '40 minute' or a bare number.

    where: file and key, for the message
    raises: DefinitionError unless the text is a product of finite numbers and known units
    """
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        raise DefinitionError(where, f"wants a number with a unit as text, got {text!r}")
    if isinstance(text, (int, float)):
        value = Quantity(_to_float(text, where), dim=fu.DIMENSIONLESS)
    else:
        with np.errstate(all="ignore"):
            value = _walk(_parse(text, where), text, where)
    if not math.isfinite(float(value)):
        raise DefinitionError(where, f"wants a finite number, got {text!r}")
    return value


def parse_in(text: str | int | float, unit: Quantity | fu.Unit | int, where: str) -> Quantity:
    """Read a quantity that must have the dimensions of `unit`."""
    value = parse_quantity(text, where)
    if dimensions_of(value) is not dimensions_of(unit):
        raise DefinitionError(where, f"wants a value in {unit_text(unit)}, got {text!r}")
    return value


def dimensions_of(value: Any) -> fu.Dimension:
    """The dimensions of a quantity, a unit or a plain number."""
    return fu.get_dimensions(value)


def unit_text(unit: Any) -> str:
    """A unit as a definition file may write it: 'nS', 'mM', '1/s^2', or '1 (dimensionless)'."""
    dimensions = dimensions_of(unit)
    if dimensions.is_dimensionless:
        return "1 (dimensionless)"
    names = (str(unit) if isinstance(unit, fu.Unit) else "", str(fu.get_unit(dimensions)))
    return next((name for name in names if name in known_units()), _base_units(dimensions))


def _base_units(dimensions: fu.Dimension) -> str:
    """The product of base units: 'mol/m^3/s'."""
    powers = {name: dimensions.get_dimension(name) for name in ("kg", "mol", "m", "s", "A", "K", "cd")}
    above = [_power_text(name, power) for name, power in powers.items() if power > 0]
    below = [_power_text(name, -power) for name, power in powers.items() if power < 0]
    return "/".join(["*".join(above) or "1", *below])


def _power_text(name: str, power: float) -> str:
    return name if power == 1 else f"{name}^{power:g}"


def quantity_text(value: Any) -> str:
    """A quantity with six digits, in a unit that suits its size and that a definition file may use."""
    if dimensions_of(value).is_dimensionless:
        return f"{float(value):.6g}"
    number, unit = float(value), _suitable_unit(value)
    if unit in known_units():
        return f"{number / float(known_units()[unit]):.6g} {unit}"
    return f"{number:.6g}{unit[1:]}" if unit.startswith("1/") else f"{number:.6g} {unit}"


def _suitable_unit(value: Any) -> str:
    if dimensions_of(value) is bu.second.dim and abs(float(value)) >= 60:
        return next(name for name in ("day", "hour", "minute") if abs(float(value)) >= float(known_units()[name]))
    best = str(Quantity(value).get_best_unit()) if float(value) else ""
    return best if best in known_units() else unit_text(Quantity(1.0, dim=dimensions_of(value)))


def _to_float(number: int | float, where: str) -> float:
    try:
        return float(number)
    except OverflowError:
        raise DefinitionError(where, "wants a finite number, got one of more than 300 digits") from None


def _parse(text: str, where: str) -> ast.expr:
    if len(text) > LONGEST_TEXT:
        raise DefinitionError(where, f"wants a number with a unit, got a text of {len(text)} characters")
    readable = _NUMBER_THEN_UNIT.sub(r"\1 * ", text.translate(_SPELLINGS)).strip()
    wanted = f"wants a number with a unit, such as '40 minute', got {text!r}"
    # What is no arithmetic (quotes, brackets, comments, line breaks) does not even reach Python's parser.
    if not _READABLE.fullmatch(text):
        raise DefinitionError(where, wanted)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(readable, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise DefinitionError(where, wanted) from None


def _walk(node: ast.expr, text: str, where: str) -> Quantity:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return Quantity(_to_float(number, where), dim=fu.DIMENSIONLESS)
        case ast.Name(id=name):
            if name not in known_units():
                raise DefinitionError(where, f"unknown unit '{name}' in {text!r}{nearest(name, known_units())}")
            return known_units()[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_walk(inner, text, where)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return Quantity(_walk(left, text, where) * _walk(right, text, where))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            divisor = _walk(right, text, where)
            if float(divisor) == 0.0:
                raise DefinitionError(where, f"wants a finite number, got {text!r}")
            return Quantity(_walk(left, text, where) / divisor)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_walk(left, text, where), right, text, where)
    raise DefinitionError(where, f"wants a product of numbers and units, such as '0.15 / uM / second', got {text!r}")


def _power(base: Quantity, exponent: ast.expr, text: str, where: str) -> Quantity:
    sign = 1
    if isinstance(exponent, ast.UnaryOp) and isinstance(exponent.op, ast.USub):
        sign, exponent = -1, exponent.operand
    if not isinstance(exponent, ast.Constant) or type(exponent.value) is not int:
        raise DefinitionError(where, f"wants a whole number as exponent, got {text!r}")
    if exponent.value > LARGEST_EXPONENT or float(base) == 0.0:
        wanted = f"wants an exponent of at most {LARGEST_EXPONENT} on a number that is not 0"
        raise DefinitionError(where, f"{wanted}, got {text!r}")
    return Quantity(base ** (sign * exponent.value))
