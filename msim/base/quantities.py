"""Conversion of text to quantities and back: numbers with units, parsed and never evaluated."""

from __future__ import annotations

import ast
import functools
import math
import re
import warnings
from typing import Any

from msim.base import units as u
from msim.base.errors import DefinitionError, nearest
from msim.base.units import Quantity, dimensions_of, second, unit_symbol

__all__ = [
    "Quantity", "after_number", "day", "dimensions_of", "hour", "known_units", "minute", "parse_in", "parse_quantity",
    "quantity_text", "second", "text_like", "unit_text", "written_unit",
]  # fmt: skip

LONGEST_TEXT = 120
LARGEST_EXPONENT = 12
_READABLE = re.compile(r"[A-Za-z0-9_.+*/^() µμ-]+")
_SPELLINGS = str.maketrans({"^": "**", "µ": "u", "μ": "u"})
_NUMBER_THEN_UNIT = re.compile(r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s+(?=[A-Za-z(µμ])")
_UNIT_NEXT = re.compile(r" \* [A-Za-z(]")

_NUMBER_AND_UNIT = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*(?:\*\s*)?(?P<unit>[A-Za-zµμ/(].*)")

minute, hour, day = 60 * second, 3600 * second, 86400 * second

_PREFIXES = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12}
_SHORT = {
    "V": u.volt, "A": u.amp, "S": u.siemens, "F": u.farad, "s": u.second, "M": u.molar, "mol": u.mole, "m": u.meter,
    "K": u.kelvin,
}  # fmt: skip
_LONG = {
    "volt": u.volt, "amp": u.amp, "siemens": u.siemens, "farad": u.farad, "second": u.second, "molar": u.molar,
    "mole": u.mole, "meter": u.meter, "ohm": u.ohm, "coulomb": u.coulomb, "hertz": u.hertz, "joule": u.joule,
    "watt": u.watt, "kelvin": u.kelvin,
}  # fmt: skip
# Units that a quantity is written in with whatever prefix makes its number easiest to read.
_WRITTEN = {
    unit.dim: (symbol, float(unit))
    for symbol, unit in {
        **{name: _SHORT[name] for name in ("V", "A", "S", "F", "s", "M", "mol", "m")},
        "Hz": u.hertz, "ohm": u.ohm, "g": 1e-3 * u.kilogram, "Pa": u.pascal,
    }.items()
}  # fmt: skip
_EVERY_PREFIX = dict(zip("yzafpnum kMGTPEZY", range(-24, 27, 3), strict=True))


@functools.cache
def known_units() -> dict[str, Quantity]:
    """Return every unit name that a definition file may use, with its value."""
    table: dict[str, Quantity] = {}
    for names in (_SHORT, _LONG):
        for name, unit in names.items():
            for prefix, factor in _PREFIXES.items():
                table[prefix + name] = factor * unit
    for prefix, factor in {**_PREFIXES, "k": 1e3}.items():
        table[prefix + "g"] = factor * 1e-3 * u.kilogram
        table[prefix + "Hz"] = factor * u.hertz
    for prefix, factor in _PREFIXES.items():
        for liter in ("L", "l", "liter"):
            table[prefix + liter] = factor * 1e-3 * u.meter**3
    table.update(minute=minute, hour=hour, day=day, week=7 * day, h=hour)
    table.update(percent=Quantity(0.01), one=Quantity(1.0), kPa=1e3 * u.pascal)
    table["kilogram"] = u.kilogram  # as equations want it
    return table


def parse_quantity(text: str | int | float, where: str) -> Quantity:
    """Read '0.15 / uM / second', '40 minute' or a bare number.

    where: file and key, for the message
    raises: DefinitionError unless the text is a product of finite numbers and known units
    """
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        raise DefinitionError(where, f"wants a number with a unit as text, got {text!r}")
    if isinstance(text, (int, float)):
        value = Quantity(_to_float(text, where))
    else:
        value = _walk(_parse(text, where), text, where)
    if not math.isfinite(float(value)):
        raise DefinitionError(where, f"wants a finite number, got {text!r}")
    return value


def parse_in(text: str | int | float, unit: Quantity | int, where: str) -> Quantity:
    """Read a quantity that must have the dimensions of `unit`."""
    value = parse_quantity(text, where)
    if value.dim != dimensions_of(unit):
        raise DefinitionError(where, f"wants a value in {unit_text(unit)}, got {text!r}")
    return value


def unit_text(unit: Any) -> str:
    """Format a unit as a definition file may write it: 'nS', 'mM', '1/s^2', or '1 (dimensionless)'."""
    dimension = dimensions_of(unit)
    return "1 (dimensionless)" if dimension.is_dimensionless else unit_symbol(dimension)


def written_unit(given: str, otherwise: str) -> tuple[str, float]:
    """Return the unit that a quantity is written in, and the size of that unit in SI units: 'uM', 1e-3 of '5 uM'.

    otherwise: as `unit_text` gives it, the unit for a text that is not one number and one unit; its size is then 1
    """
    found = _NUMBER_AND_UNIT.fullmatch(given)
    try:
        if found is not None:
            return found["unit"].strip(), float(parse_quantity(f"1 {found['unit'].strip()}", "unit"))
    except DefinitionError:
        pass  # more than a unit
    return "" if otherwise.endswith("(dimensionless)") else otherwise, 1.0


def quantity_text(value: Any) -> str:
    """Format a quantity with six digits, in a unit that suits its size and that a definition file may use."""
    if dimensions_of(value).is_dimensionless:
        return f"{float(value):.6g}"
    number, unit = float(value), _suitable_unit(value)
    if unit in known_units():
        return f"{number / float(known_units()[unit]):.6g} {unit}"
    return _in_base_units(number, unit, 6)


def text_like(si: float, like: str | int | float, where: str, digits: int = 12) -> str | float:
    """Format a number in SI units for a file: in the unit of `like`, or in SI units where that has no simple one.

    like: a quantity of the same dimensions, such as '5 minute'; digits: of the number, to which it is read back
    """
    dimension = parse_quantity(like, where).dim
    unit = after_number(like, where) if isinstance(like, str) else ""
    if unit is None or not (scale := float(parse_quantity(f"1{unit}", where))):
        unit, scale = None, 1.0
    if unit is None and not dimension.is_dimensionless:
        return _in_base_units(si, unit_symbol(dimension), digits)
    text = f"{si / scale:.{digits}g}"
    return f"{text}{unit}" if unit else float(text)


def _in_base_units(number: float, unit: str, digits: int) -> str:
    text = f"{number:.{digits}g}"
    return f"{text}{unit[1:]}" if unit.startswith("1/") else f"{text} {unit}"


def after_number(text: str, where: str) -> str | None:
    """Return the text after the number in a text of one number and units; None where it is other arithmetic."""
    readable = _readable(text)
    leaf = _parse(text, where)
    while isinstance(leaf, ast.BinOp) and isinstance(leaf.op, ast.Mult | ast.Div):
        leaf = leaf.left
    number = leaf.operand if isinstance(leaf, ast.UnaryOp) else leaf
    # What is in brackets is left to SI units: the tree does not say where they end.
    if not isinstance(number, ast.Constant) or "(" in readable[: number.col_offset]:
        return None
    rest = readable[number.end_col_offset :]
    return f" {rest[3:]}" if _UNIT_NEXT.match(rest) else rest


def _suitable_unit(value: Any) -> str:
    dimension, size = dimensions_of(value), abs(float(value))
    if dimension == second.dim and size >= 60:
        return next(name for name in ("day", "hour", "minute") if size >= float(known_units()[name]))
    best = _prefixed(size, *_WRITTEN[dimension]) if size and dimension in _WRITTEN else ""
    return best if best in known_units() else unit_symbol(dimension)


def _prefixed(size: float, symbol: str, unit: float) -> str:
    """Return the unit with the prefix that leaves a number near 10."""
    wanted = math.log10(size) - math.log10(unit) - 1
    return min(_EVERY_PREFIX, key=lambda prefix: abs(wanted - _EVERY_PREFIX[prefix])).strip() + symbol


def _to_float(number: int | float, where: str) -> float:
    try:
        return float(number)
    except OverflowError:
        raise DefinitionError(where, "wants a finite number, got one of more than 300 digits") from None


def _readable(text: str) -> str:
    """Return the text in the form that Python's parser reads."""
    return _NUMBER_THEN_UNIT.sub(r"\1 * ", text.translate(_SPELLINGS)).strip()


def _parse(text: str, where: str) -> ast.expr:
    if len(text) > LONGEST_TEXT:
        raise DefinitionError(where, f"wants a number with a unit, got a text of {len(text)} characters")
    readable = _readable(text)
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
            return Quantity(_to_float(number, where))
        case ast.Name(id=name):
            if name not in known_units():
                raise DefinitionError(where, f"unknown unit '{name}' in {text!r}{nearest(name, known_units())}")
            return known_units()[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_walk(inner, text, where)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _walk(left, text, where) * _walk(right, text, where)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            divisor = _walk(right, text, where)
            if float(divisor) == 0.0:
                raise DefinitionError(where, f"wants a finite number, got {text!r}")
            return _walk(left, text, where) / divisor
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
    return base ** (sign * exponent.value)
