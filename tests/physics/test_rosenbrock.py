"""The Rosenbrock method's laws: order, damping, and what it does where equations fail."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from msim.multiscale.slow.elimination import elimination
from msim.multiscale.slow.rosenbrock import LATER, TIMES, Stages, Step, Tolerance, _sum, integrated, stages_of

TIGHT = Tolerance(1e-10, 1e-12)


def riccati() -> Stages:
    """dx/dt = -2 t x^2 with x(0) = 1, so x = 1 / (1 + t^2), and y' = (x - y) / 3 + cos t; t comes from outside."""

    def slope(y: np.ndarray, outside: np.ndarray) -> np.ndarray:
        return np.stack([-2 * outside[0] * y[0] ** 2, (y[0] - y[1]) / 3 + np.cos(outside[0])])

    def jacobian(y: np.ndarray, outside: np.ndarray) -> np.ndarray:
        one = np.ones_like(y[0])
        return np.stack([-4 * outside[0] * y[0], one / 3, -one / 3])

    return stages_of(slope, jacobian, elimination(2, [(0, 0), (1, 0), (1, 1)]))


def clock(times: Sequence[float]) -> np.ndarray:
    """The time itself, shape (times, 1, 1)."""
    return np.array(times)[:, None, None]


def one_step(stages: Stages, start: float, y: np.ndarray, length: float) -> Step:
    """A step of a given length, whatever its error."""
    found = stages(y, clock([start + part * length for part in TIMES]), length, LATER * length)
    after = y + _sum((1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895, 1.0, 1.0), found)
    return Step(start, length, y, after, found)


def x_after(steps: int, inside: float | None = None) -> float:
    """Error of x after one unit of time in equal steps, or inside the last of them."""
    y, length = np.array([[0.8], [0.3]]), 1 / steps
    for index in range(steps):
        step = one_step(riccati(), 0.5 + index * length, y, length)
        y = step.after
    time = 1.5 if inside is None else 1.5 - (1 - inside) * length
    value = y if inside is None else step.at([time])[0]
    return float(value[0, 0] - 1 / (1 + time**2))


@pytest.mark.parametrize("inside", [None, 0.4])
def test_halving_the_steps_divides_the_error_by_sixteen(inside: float | None) -> None:
    """Order 4; and inside a step order 3 for steps of its own, one more for the error of a single step."""
    coarse, fine = abs(x_after(20, inside)), abs(x_after(40, inside))
    assert np.log2(coarse / fine) == pytest.approx(4, abs=0.35)


def test_the_error_estimate_is_of_one_order_less() -> None:
    """Of a single step: fourth power of its length."""
    y = np.array([[0.8], [0.3]])
    coarse, fine = (one_step(riccati(), 0.5, y, length).error(Tolerance(0.0, 1.0)) for length in (0.02, 0.01))
    assert np.log2(coarse / fine) == pytest.approx(4, abs=0.3)


def test_what_is_fast_is_gone_after_one_step() -> None:
    """L-stable: the amplification of y' = -k y vanishes as k does not."""
    stages = decay(1e9)
    step = one_step(stages, 0.0, np.ones((1, 1)), 1.0)
    assert abs(step.after[0, 0]) < 1e-8


def decay(rate: float) -> Stages:
    """y' = -rate y."""
    return stages_of(
        lambda y, outside: -rate * y, lambda y, outside: np.full((1, y.shape[1]), -rate), elimination(1, [(0, 0)])
    )


@pytest.mark.parametrize("rate", [0.1, 3.0, 1000.0])
def test_a_decay_follows_its_exponential(rate: float) -> None:
    """At every time asked for, the last one twice."""
    times = [0.0, 0.01, 0.5, 1.7, 2.0, 2.0]
    found = integrated(decay(rate), np.ones((1, 2)), clock, times, TIGHT)
    np.testing.assert_allclose([y[0, 0] for y in found], np.exp(-rate * np.array(times)), rtol=1e-7, atol=1e-9)
    assert all(y[0, 0] == y[0, 1] for y in found)


def test_equations_without_a_solution_are_refused() -> None:
    """y' = y^2 from 1 is infinite at t = 1."""
    stages = stages_of(lambda y, outside: y**2, lambda y, outside: 2 * y, elimination(1, [(0, 0)]))
    with pytest.raises(ArithmeticError, match="at 1 s"):
        integrated(stages, np.ones((1, 1)), clock, [0.0, 2.0], Tolerance(1e-4, 1e-6))


def test_one_cell_at_a_kink_is_not_lost_among_many() -> None:
    """A thousand cells, of which one has a sudden slope: its error stays within the worst that the norm can hide."""
    begins = np.full(1000, 10.0)
    begins[7] = 0.5
    none = np.zeros((0, 1000))
    stages = stages_of(lambda y, t: 0.1 * np.maximum(t - begins, 0.0), lambda y, t: none, elimination(1, []))
    found = integrated(stages, np.zeros((1, 1000)), clock, [0.0, 1.0], Tolerance(0.0, 1e-6))[-1]
    assert abs(found[0, 7] - 0.05 * 0.25) < 3 * 1000**0.25 * 1e-6
