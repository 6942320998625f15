"""Derivatives of slopes by states: derivatives of SymPy expressions, kinks included."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sympy


def derivatives(slopes: Sequence[sympy.Expr], states: Sequence[sympy.Symbol]) -> dict[tuple[int, int], sympy.Expr]:
    """Return the derivatives that are not zero everywhere, by (index of the slope, index of the state).

    They may call `clip`, and `positive`: 1 where its argument is above zero, 0 elsewhere.
    """
    import sympy

    found = {}
    for row, slope in enumerate(slopes):
        smooth = slope.replace(sympy.Function("clip"), _clip())
        for column, state in enumerate(states):
            if smooth.has(state) and (entry := smooth.diff(state)) != 0:
                found[row, column] = entry
    return found


@cache
def _clip() -> type:
    """Return the function clip(x, low, high), which SymPy does not know, with derivatives."""
    import sympy

    positive = sympy.Function("positive")

    class clip(sympy.Function):
        """SymPy function clip(x, low, high), printed under its own name."""

        nargs = 3

        def fdiff(self, argindex: int = 1) -> Any:
            x, low, high = self.args
            below, above = positive(low - x), sympy.Integer(0) if high == sympy.oo else positive(x - high)
            return (1 - below - above, below, above)[argindex - 1]

    return clip
