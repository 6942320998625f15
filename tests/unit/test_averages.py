"""Shrinking per-cell averages: means stay, real differences stay, noise goes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from msim.multiscale.averages import between, shrink

HALVES = arrays(float, (2, 7), elements=st.floats(-100, 100, allow_subnormal=False))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(halves=HALVES)
def test_the_population_mean_is_kept(halves: np.ndarray) -> None:
    """Whatever was measured, to rounding of numbers up to 100."""
    assert shrink(halves).mean() == pytest.approx(halves.mean(), abs=1e-11)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(halves=HALVES)
def test_cells_move_towards_the_mean_and_never_past_it(halves: np.ndarray) -> None:
    """One factor between 0 and 1 on every cell's distance, so their order stays."""
    own = halves.mean(axis=0)
    before, after = own - own.mean(), shrink(halves) - own.mean()
    assert np.all(np.abs(after) <= np.abs(before) + 1e-11)
    assert np.all(before * after >= -1e-9)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(values=arrays(float, 7, elements=st.floats(-100, 100, allow_subnormal=False)), drift=st.floats(-10, 10))
def test_differences_that_both_halves_agree_on_are_kept(values: np.ndarray, drift: float) -> None:
    """In full, also where the whole population drifts from one half to the other."""
    halves = np.stack([values, values + drift])
    np.testing.assert_allclose(shrink(halves), halves.mean(axis=0), atol=1e-9)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(values=arrays(float, 7, elements=st.floats(-100, 100, allow_subnormal=False)))
def test_differences_that_the_halves_contradict_are_noise(values: np.ndarray) -> None:
    """Opposite in the two halves: every cell gets the population mean."""
    np.testing.assert_allclose(shrink(np.stack([10 + values, 10 - values])), 10, atol=1e-11)


def test_pure_noise_shrinks_to_almost_nothing() -> None:
    """Of n cells the measured share of signal is 0 +- sqrt(2 / n); below 5 errors: luck fails it once in 2e6."""
    cells = 2000
    halves = 3 + np.random.default_rng(1).normal(0, 1, (2, cells))
    assert shrink(halves).std() < 5 * np.sqrt(2 / cells) * halves.mean(axis=0).std()


@pytest.mark.parametrize("noise", [0.3, 1.0, 3.0])
def test_shrinking_lowers_the_error(noise: float) -> None:
    """To the least of a linear estimate: signal s^2 and noise n^2 / 2 leave s^2 n^2/2 / (s^2 + n^2/2).

    The mean square of 4,000 cells has a relative error of sqrt(2 / 4000) = 2.2 %, the weight about as much: 15 %.
    """
    random = np.random.default_rng(2)
    truth = random.normal(5, 1, 4000)
    halves = truth + random.normal(0, noise, (2, 4000))
    least = noise**2 / 2 / (1 + noise**2 / 2)
    error = np.mean((shrink(halves) - truth) ** 2)
    assert error == pytest.approx(least, rel=0.15)
    assert error < np.mean((halves.mean(axis=0) - truth) ** 2)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(halves=HALVES, factor=st.floats(0.01, 100), offset=st.floats(-50, 50))
def test_units_and_zero_do_not_matter(halves: np.ndarray, factor: float, offset: float) -> None:
    """Scaling and shifting all averages scales and shifts the result."""
    np.testing.assert_allclose(
        shrink(factor * halves + offset), factor * shrink(halves) + offset, atol=1e-7 * max(1, factor)
    )


def test_one_cell_and_equal_cells_keep_their_value() -> None:
    """Nothing to shrink towards but themselves."""
    assert shrink(np.array([[2.0], [4.0]])) == pytest.approx([3.0])
    np.testing.assert_array_equal(shrink(np.full((2, 5), 0.3)), np.full(5, 0.3))


def test_between_goes_straight_from_one_to_the_other() -> None:
    """Its ends are the two averages, its middle their mean, for every name and cell."""
    first, last = {"a": np.array([0.0, 2.0]), "b": np.array([1.0])}, {"a": np.array([1.0, 6.0]), "b": np.array([5.0])}
    for part, extrapolate in ((0.0, ([0, 2], [1])), (0.5, ([0.5, 4], [3])), (1.0, ([1, 6], [5]))):
        found = between(first, last, part)
        np.testing.assert_allclose(found["a"], extrapolate[0])
        np.testing.assert_allclose(found["b"], extrapolate[1])
