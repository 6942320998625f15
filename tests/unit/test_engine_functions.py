"""Every function and operator of Brian2's notation has its value, of whole and broken numbers, in both precisions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from msim.backends.cpp.library import TRACES
from msim.backends.cpp.network import CompiledNetwork
from msim.network.spec import Cells, NetworkSpec

V = np.array([-2.75, -1.0, -0.3, 0.0, 0.4, 1.0, 2.6])
CELL = np.arange(7)
N, T = 7, 3  # cells, and the step at which all is read

VALUES: dict[str, Callable[[], object]] = {
    "v % 2": lambda: V % 2,
    "v % (i + 1)": lambda: V % (CELL + 1),
    "i % 3": lambda: CELL % 3,
    "(i - 4) % 3": lambda: (CELL - 4) % 3,
    "(i + 0.5) % (v + 4)": lambda: (CELL + 0.5) % (V + 4),
    "i % (v + 4)": lambda: CELL % (V + 4),
    "t_in_timesteps % 2 + N % 4": lambda: np.full(7, T % 2 + N % 4),
    "7 % 4 + 0*v": lambda: np.full(7, 3),
    "v // 2": lambda: V // 2,
    "(i - 4) // 3": lambda: (CELL - 4) // 3,
    "i // (v + 4)": lambda: CELL // (V + 4),
    "i/2": lambda: CELL / 2,
    "v**2 - 2**i": lambda: V**2 - 2.0**CELL,
    "clip(v, -1, 1)": lambda: np.clip(V, -1, 1),
    "clip(i, 0.5, 2.5)": lambda: np.clip(CELL, 0.5, 2.5),
    "clip(v, i/10, i)": lambda: np.clip(V, CELL / 10, CELL),
    "sign(v)": lambda: np.sign(V),
    "sign(i - 3)": lambda: np.sign(CELL - 3),
    "abs(v)": lambda: np.abs(V),
    "abs(i - 3)": lambda: np.abs(CELL - 3),
    "int(v)": lambda: np.trunc(V),
    "int(v > 0) + int(not (v > 0))*2": lambda: np.where(V > 0, 1, 2),
    "int(v > 0 and i < 6 or v < -2)": lambda: (V > 0) & (CELL < 6) | (V < -2),
    "floor(v)": lambda: np.floor(V),
    "ceil(v)": lambda: np.ceil(V),
    "exp(v)": lambda: np.exp(V),
    "expm1(v)": lambda: np.expm1(V),
    "exprel(v)": lambda: np.where(V == 0, 1, np.expm1(V) / np.where(V == 0, 1, V)),
    "log(v + 4)": lambda: np.log(V + 4),
    "log10(i + 1)": lambda: np.log10(CELL + 1),
    "log1p(i)": lambda: np.log1p(CELL),
    "sqrt(i)": lambda: np.sqrt(CELL),
    "sin(v) + cos(v)*tan(v)": lambda: 2 * np.sin(V),
    "sinh(v) - cosh(v) + tanh(v)": lambda: np.sinh(V) - np.cosh(V) + np.tanh(V),
    "arcsin(v/3) + arccos(v/3) + arctan(v)": lambda: np.arcsin(V / 3) + np.arccos(V / 3) + np.arctan(V),
    "timestep(v*ms + 3*ms, dt)": lambda: np.floor((V + 3) * 10 + 1e-3),
    "t/ms": lambda: np.full(7, T * 0.1),
}  # fmt: skip


# Some last places of numbers up to 64.
TOLERANCES = {"double": 1e-13, "single": 4e-6}


@pytest.mark.parametrize("precision", TOLERANCES)
def test_expressions_have_their_values(precision: str) -> None:
    cells = Cells("cells", 7, "v : 1", start={"v": V}, watched=tuple(VALUES))
    net = CompiledNetwork(NetworkSpec(1e-4, (cells,)), precision=precision)
    net.trace("cells", range(7))
    net.watch(T, T, 1, {"cells": [TRACES] * len(VALUES)})
    net.run(T + 1)
    bound = TOLERANCES[precision]
    for w, (expression, value) in enumerate(VALUES.items()):
        found, wanted = net.traces("cells", w)[0], np.asarray(value(), float)
        assert found == pytest.approx(wanted, rel=bound, abs=bound), expression
