"""Compiled stages of the slow equations against NumPy's, to roundings."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from smooth_network import SmoothNetwork

from msim.backends.fast_network import Burst
from msim.definitions.models.model import ModelDefinition
from msim.multiscale.slow.cpp_code import slow_code
from msim.multiscale.slow.cpp_library import compiled_stages
from msim.multiscale.slow.elimination import elimination
from msim.multiscale.slow.jacobian import derivatives
from msim.multiscale.slow.ode import SlowExpressions, SlowSystem, rows_of
from msim.multiscale.slow.rosenbrock import TIMES, stages_of
from msim.multiscale.slow.scale import SlowScale, compiled_scale, slow_scale

HOUR = 3600.0
LENGTHS = [1.0, 60.0, 5000.0]


@pytest.fixture(scope="module")
def scale(model: ModelDefinition) -> SlowScale:
    """Forty-eight pyramidal cells: whole blocks and none over; and PV and SST cells that fill none."""
    tiny = model.with_value("column.n_cells", 60)
    return slow_scale(tiny, lambda time: {"ketamine.C_e": 3e-3 * np.exp(-time / HOUR)}, burst_at_rest(tiny), 0.0)


def burst_at_rest(model: ModelDefinition) -> Burst:
    """Averages without noise."""
    return SmoothNetwork(model).burst(0.0, 1.0, keep_field=False)


def ring(cells: int) -> SlowSystem:
    """Three states in a ring, which fills in, with every kind of function: powers, roots, bounds, exponentials."""
    a, b, c, o = states = sympy.symbols("a b c o", real=True)
    clip = sympy.Function("clip")
    slopes = [
        sympy.Float(0.3) * clip(b, 0.2, 0.7) - a**sympy.Float(3.0) + o,
        sympy.exp(-c) - sympy.Float(1.5) * b * clip(o - c, 0, sympy.oo) ** sympy.Float(1.6),
        1 / (1 + sympy.sqrt(a**2 + 1)) - c / sympy.Float(4.0) - (1 + clip(a, -sympy.oo, 0.4) ** 2) ** -sympy.Integer(2),
    ]
    by_state = derivatives(slopes, states[:3])
    expressions = SlowExpressions(states[:3], [o], slopes, by_state)
    plan = elimination(3, by_state)
    slope, jacobian = (rows_of(states[:3], [o], one) for one in (slopes, list(by_state.values())))
    rest = np.full((3, cells), 0.5)
    return SlowSystem(
        "ring", cells, ("a", "b", "c"), ("o",), rest, slope, jacobian, plan, stages_of(slope, jacobian, plan),
        expressions, lambda y, outside: {},
    )  # fmt: skip


def inputs(system: SlowSystem) -> tuple[np.ndarray, np.ndarray]:
    """States off rest, and an outside that moves over a step."""
    random = np.random.default_rng(11)
    first, last = random.uniform(0.2, 1.0, (2, len(system.outside), system.cells))
    y = system.rest + random.uniform(0.0, 0.3, system.rest.shape)
    return y, np.stack([first + part * (last - first) for part in (0.0, 1.0, *TIMES[2:])])


def assert_alike(system: SlowSystem, length: float) -> None:
    """The first stage, which is slope and Jacobian, to 1e-12 of its state's largest; all six to ten times that.

    Powers of vectors are off by up to 4 in the last of 53 digits, which exponents and differences raise to some
    hundreds; couplings of stages, which add up to ninety, raise it again. The change with time is taken over the whole
    step here: over a millionth of it, both show 1e-10 of round-off.
    """
    y, outside = inputs(system)
    compiled = compiled_stages(system.expressions, system.elimination)
    found, expected = (one(y, outside, length, length) for one in (compiled, system.stages))
    assert np.all(np.isfinite(expected)) and np.all(np.any(expected != 0, axis=(1, 2)))
    off = np.abs(found - expected) / np.abs(expected).max(axis=(0, 2), keepdims=True)
    assert off[0].max() < 1e-12
    assert off.max() < 1e-11


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("population", ["pyramidal", "pv", "sst"])
def test_compiled_stages_are_those_of_numpy(scale: SlowScale, population: str, length: float) -> None:
    assert_alike(scale.systems[population], length)


@pytest.mark.parametrize("length", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("cells", [1, 16, 37])
def test_compiled_stages_of_a_ring_are_those_of_numpy(cells: int, length: float) -> None:
    assert ring(cells).elimination.fill
    assert_alike(ring(cells), length)


def test_a_cell_comes_out_the_same_wherever_it_stands(scale: SlowScale) -> None:
    """To the last bit, in a whole block or in one that is filled up."""
    system = scale.systems["pyramidal"]
    stages = compiled_stages(system.expressions, system.elimination)
    y, outside = inputs(system)
    all_cells = stages(y, outside, 60.0, 6e-5)
    for chosen in (np.arange(system.cells)[::-1], np.array([5]), np.arange(7, 30)):
        np.testing.assert_array_equal(stages(y[:, chosen], outside[:, :, chosen], 60.0, 6e-5), all_cells[:, :, chosen])


def test_both_paths_end_in_the_same_place(scale: SlowScale) -> None:
    """Two hours of drug at the shipped tolerance, and within it.

    Not closer: a state that rests at a kink is to one side of it or the other by its last digit, and that decides
    which of two slopes the Jacobian has.
    """
    averages = scale.averages(burst_at_rest(scale.model))
    last = {name: 1.2 * values for name, values in averages.items()}
    ways = [one.advanced(scale.rest(), 0.0, 2 * HOUR, averages, last, [HOUR]) for one in (scale, compiled_scale(scale))]
    for name, values in ways[0][0].items():
        np.testing.assert_allclose(ways[1][0][name], values, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(ways[1][1][0][name], ways[0][1][0][name], rtol=1e-4, atol=1e-6)
        assert np.abs(values - scale.rest()[name]).max() > 1e-3


def test_other_numbers_need_no_other_library(model: ModelDefinition) -> None:
    """A sweep over a value compiles once."""
    tiny = model.with_value("column.n_cells", 10)
    codes = []
    for time_constant in ("3 minute", "4 minute"):
        other = tiny.with_value("eef2k.tau_K", time_constant)
        system = slow_scale(other, lambda time: {"ketamine.C_e": 0.0}, burst_at_rest(other), 0.0).systems["pyramidal"]
        codes.append(slow_code(system.expressions, system.elimination))
    assert codes[0].text == codes[1].text and codes[0].numbers != codes[1].numbers
