"""Noise of bursts: measured without bias, answered by the right length of burst, and kept out of slopes."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from msim.multiscale.averages import LARGEST_SHIFT, BurstSummary, extrapolate
from msim.multiscale.noise import BURST_STEP, KEPT, Noise, burst_length, noise_of
from msim.trials.accuracy import accuracy


def pieces(spread: float, slow: float, count: int, seconds: float = 0.5) -> list[dict[str, np.ndarray]]:
    """Bursts with white noise (spread over one second) and a part that changes only from burst to burst."""
    random = np.random.default_rng(4)
    quick = spread / np.sqrt(seconds / 2) * random.standard_normal((count, 2))
    own = slow / np.sqrt(seconds) * random.standard_normal((count, 1))
    return [{"a": one} for one in 3 + quick + own]


def test_the_spread_of_white_noise_is_found() -> None:
    """Over one second. Of KEPT samples it is known to 1 / sqrt(2 KEPT) = 18 %, the slowness factor to about as much."""
    found = noise_of(pieces(0.2, 0.0, 400), 0.5)
    assert len(found.deviations) == KEPT
    assert found.spread()["a"] == pytest.approx(0.2, rel=0.6)
    every = np.concatenate([noise_of(pieces(0.2, 0.0, 400)[k:k + 1], 0.5).deviations for k in range(400)])
    assert np.sqrt(np.mean(every**2)) == pytest.approx(0.2, rel=5 / np.sqrt(2 * 400))


def test_noise_slower_than_a_burst_enlarges_what_halves_say() -> None:
    """Variance between bursts over variance from halves: here (0.2^2 + 0.4^2) / 0.2^2 = 5, to a fifth of 400 bursts."""
    found = noise_of(pieces(0.2, 0.4, 400), 0.5)
    assert found.slowness == pytest.approx(5, rel=0.6)
    later = found.after({"a": np.array([1.0, 1.2])}, 0.5)
    assert later.deviations[-1, 0] == pytest.approx(0.1 * np.sqrt(0.5 * found.slowness))


def test_without_noise_there_is_none() -> None:
    """Nothing varies, nothing is known: both give no spread."""
    assert noise_of([{"a": np.array([1.0, 1.0])}] * 4, 0.5).spread() == {"a": 0.0}
    assert Noise().spread() == {}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(response=st.floats(0, 100), share=st.floats(0.01, 1), shortest=st.floats(0.1, 1))
def test_a_burst_is_as_long_as_noise_asks_for(response: float, share: float, shortest: float) -> None:
    """Within its bounds; one step less would leave too much noise."""
    length = burst_length(response, share, shortest, 20.0)
    assert shortest <= length <= 20.0
    if length < 20.0:
        assert response / np.sqrt(length) <= share * (1 + 1e-6)
    if length > shortest:
        assert response / np.sqrt(length - BURST_STEP - 1e-9) >= share * (1 - 1e-6) or length == 20.0


def told(time: float, value: float, seconds: float = 1.0) -> BurstSummary:
    """A burst that said one value of a few cells."""
    return BurstSummary(time, {"a": value * np.array([0.5, 1.0, 1.5])}, seconds)


def test_a_clear_change_is_drawn_on() -> None:
    """Along the line, cells in proportion."""
    ahead = extrapolate(told(0, 2.0), told(10, 2.2), 20, {"a": 0.0})
    np.testing.assert_allclose(ahead.averages["a"], 2.4 * np.array([0.5, 1.0, 1.5]))
    assert ahead.steps["a"] == pytest.approx(1.0)


def test_what_noise_explains_is_not_drawn_on() -> None:
    """A change of one standard deviation is held; one of two standard deviations counts by 3/4."""
    deviation = 0.2 / np.sqrt(2)  # of a difference of two bursts of one second: 0.2
    held = extrapolate(told(0, 2.0), told(10, 2.2), 20, {"a": deviation})
    np.testing.assert_allclose(held.averages["a"], told(10, 2.2).averages["a"])
    partly = extrapolate(told(0, 2.0), told(10, 2.4), 20, {"a": deviation})
    assert partly.steps["a"] == pytest.approx(0.75)
    longer = extrapolate(told(0, 2.0, 4.0), told(10, 2.2, 4.0), 20, {"a": deviation})
    assert longer.steps["a"] == pytest.approx(0.75)


def test_after_an_event_averages_are_held() -> None:
    assert extrapolate(None, told(10, 2.2), 20, {}).steps == {"a": 0.0}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(before=st.floats(-5, 5), now=st.floats(-5, 5), ahead=st.floats(10, 1e4))
def test_no_average_goes_further_than_half_of_itself(before: float, now: float, ahead: float) -> None:
    """So none changes its sign on the way."""
    found = extrapolate(told(0, before), told(10, now), 10 + ahead, {"a": 0.0}).averages["a"]
    last = told(10, now).averages["a"]
    assert np.all(np.abs(found - last) <= LARGEST_SHIFT * np.abs(last) * (1 + 1e-9))


def test_bursts_at_one_time_are_joined_by_their_lengths() -> None:
    both = told(10, 2.0, 1.0).joined({"a": np.array([2.0, 4.0, 6.0])}, 3.0)
    np.testing.assert_allclose(both.averages["a"], [1.75, 3.5, 5.25])
    assert both.seconds == 4.0


def test_accuracy_counts_leaps_that_stood() -> None:
    """The baseline is no leap; a repeated leap does not enter the largest error."""
    bursts = xr.Dataset(
        {
            "leap": ("burst", [0.0, 60.0, 60.0, 30.0]), "accepted": ("burst", [1, 1, 0, 1]),
            "leap_error": ("burst", [0.0, 0.5, 7.0, 1.5]), "leap_noise": ("burst", [0.0, 0.1, 0.2, 0.3]),
        },
        attrs={"spiking_seconds": 10.0, "horizon_seconds": 90.0},
    )  # fmt: skip
    found = accuracy([bursts, bursts], share=0.25)
    assert (found.leaps, found.repeated, found.error, found.noise, found.above, found.loud) == (4, 2, 1.5, 0.3, 2, 2)
    assert (found.trials, found.spiking, found.horizon) == (2, 10.0, 90.0)
