"""Quantities: a number in SI units with powers of the seven base units, multiplied, divided and raised."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

# As Brian2's equations call them.
BASES = ("metre", "kilogram", "second", "amp", "kelvin", "mole", "candle")


@dataclass(frozen=True)
class Dimension:
    """The physical dimension of a quantity.

    powers: of the units in BASES, in their order
    """

    powers: tuple[float, ...]

    @property
    def is_dimensionless(self) -> bool:
        """Return whether this is the dimension of a plain number."""
        return not any(self.powers)

    def power_of(self, base: str) -> float:
        """Return the power of one of BASES."""
        return self.powers[BASES.index(base)]

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(tuple(a + b for a, b in zip(self.powers, other.powers, strict=True)))

    def __truediv__(self, other: Dimension) -> Dimension:
        return Dimension(tuple(a - b for a, b in zip(self.powers, other.powers, strict=True)))

    def __pow__(self, exponent: float) -> Dimension:
        return Dimension(tuple(a * exponent for a in self.powers))


DIMENSIONLESS = Dimension((0,) * len(BASES))


@dataclass(frozen=True)
class Quantity:
    """A number with a dimension; a unit is a quantity too, the one that counts as 1.

    value: in SI units
    """

    value: float
    dim: Dimension = DIMENSIONLESS

    # NumPy's numbers leave a product with a quantity to the quantity.
    __array_ufunc__ = None

    def __float__(self) -> float:
        return float(self.value)

    def __neg__(self) -> Quantity:
        return Quantity(-self.value, self.dim)

    def __mul__(self, other: Quantity | float) -> Quantity:
        return Quantity(self.value * float(other), self.dim * dimensions_of(other))

    def __rmul__(self, other: float) -> Quantity:
        return Quantity(other * self.value, self.dim)

    def __truediv__(self, other: Quantity | float) -> Quantity:
        return Quantity(self.value / float(other), self.dim / dimensions_of(other))

    def __rtruediv__(self, other: float) -> Quantity:
        return Quantity(other / self.value, DIMENSIONLESS / self.dim)

    def __pow__(self, exponent: int) -> Quantity:
        return Quantity(_power(self.value, exponent), self.dim**exponent)


def _power(number: float, exponent: int) -> float:
    try:
        return float(number**exponent)
    except OverflowError:
        return math.inf


def dimensions_of(value: Any) -> Dimension:
    """Return the dimensions of a quantity, a unit or a plain number."""
    return value.dim if isinstance(value, Quantity) else DIMENSIONLESS


def _base(index: int) -> Quantity:
    return Quantity(1.0, Dimension(tuple(int(index == one) for one in range(len(BASES)))))


meter, kilogram, second, amp, kelvin, mole, candle = (_base(index) for index in range(len(BASES)))
hertz = 1 / second
joule = kilogram * meter**2 / second**2
pascal = joule / meter**3
watt = joule / second
coulomb = amp * second
volt = watt / amp
ohm = volt / amp
siemens = amp / volt
farad = coulomb / volt
mmolar = mole / meter**3
molar = 1e3 * mmolar

# Of units with a dimension in common, that of the name by which Brian2 and every reader knows it.
_NAMES = {
    unit.dim: (symbol, name)
    for symbol, name, unit in (
        ("m", "metre", meter), ("kg", "kilogram", kilogram), ("s", "second", second), ("A", "amp", amp),
        ("K", "kelvin", kelvin), ("mol", "mole", mole), ("Hz", "hertz", hertz), ("V", "volt", volt),
        ("ohm", "ohm", ohm), ("S", "siemens", siemens), ("F", "farad", farad), ("mM", "mmolar", mmolar),
    )
}  # fmt: skip
_SYMBOLS = dict(zip(("kg", "mol", "m", "s", "A", "K", "cd"), (1, 5, 0, 2, 3, 4, 6), strict=True))


def unit_symbol(dimension: Dimension) -> str:
    """Return the SI unit of a dimension in symbols: 'mM', 'mol/m^3/s', or '1'."""
    if dimension in _NAMES:
        return _NAMES[dimension][0]
    powers = {symbol: dimension.powers[index] for symbol, index in _SYMBOLS.items()}
    above = [symbol if power == 1 else f"{symbol}^{power:g}" for symbol, power in powers.items() if power > 0]
    below = [symbol if power == -1 else f"{symbol}^{-power:g}" for symbol, power in powers.items() if power < 0]
    return "/".join(["*".join(above) or "1", *below])


def unit_expression(unit: Any) -> str:
    """Return the SI unit of a unit's dimension for equations: 'siemens', 'metre**3 * second**-1', or '1'."""
    dimension = dimensions_of(unit)
    if dimension in _NAMES:
        return _NAMES[dimension][1]
    powers = [(base, power) for base, power in zip(BASES, dimension.powers, strict=True) if power]
    return " * ".join(base if power == 1 else f"{base}**{power:g}" for base, power in powers) or "1"
