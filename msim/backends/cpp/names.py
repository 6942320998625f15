"""Lookup of the array, shared constant or function behind each name of a block."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from brian2.core.variables import ArrayVariable
from brian2.input.binomial import BinomialFunction
from brian2.input.timedarray import TimedArray

from msim.backends.cpp.render import functions_of, validate_array_names
from msim.backends.cpp.statements import Block
from msim.network.spec import Cells, Projection

PROVIDED = ("t", "dt", "t_in_timesteps", "i", "j", "N", "not_refractory", "lastupdate")
INDENT = "    "
CLOCK = "const double t = (double)step * E.dt; const int64_t t_in_timesteps = step; (void)t; (void)t_in_timesteps;"


def key(text: str) -> str:
    """Return a number that names a stream of random numbers, as C++ text."""
    return f"0x{zlib.crc32(text.encode()):08X}u"


class Names:
    """Lookup of the array, shared constant or function behind each name in a population's or projection's blocks."""

    def __init__(
        self, owner: Cells | Projection, blocks: Sequence[Block], scalars: Sequence[str], timed: Sequence[str]
    ) -> None:
        self.scalars = list(scalars)
        self.timed = list(timed)
        self.functions: dict[str, Any] = {}
        self.binomials = owner.functions
        for one in blocks:
            validate_array_names(owner.name, one)
            self.functions.update(functions_of(one))

    def prelude(self) -> list[str]:
        """Write the lines that declare timed inputs and binomial counts."""
        lines = []
        for name, function in sorted(self.functions.items()):
            if isinstance(function, TimedArray):
                lines.append(f"const Timed& timed_{name} = E.timed[{self.timed.index(name)}]; (void)timed_{name};")
            elif isinstance(function, BinomialFunction):
                trials, chance = self.binomials[name]
                lines.append(f"const Binomial binomial_{name} = {{{trials}, {chance!r}}};")
        return lines


def used(blocks: Sequence[Block]) -> tuple[list[str], set[str]]:
    """Return the arrays that some blocks read or write, and those of them that they write."""
    touched: dict[str, None] = {}
    written: set[str] = set()
    for one in blocks:
        for name in one.arrays():
            if not one.variables[name].scalar and name not in PROVIDED:
                touched[name] = None
        written |= {name for name in one.written() if isinstance(one.variables.get(name), ArrayVariable)}
    return list(touched), written & set(touched)


def indented(lines: Sequence[str], depth: int) -> str:
    return "\n".join(INDENT * depth + one for one in lines)
