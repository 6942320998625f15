"""Runaway and broken activity: refused from the first window that breaks the limit, by population, cell and time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msim.backends.failures import WINDOW, validate_finite, validate_rates
from msim.base.errors import SimulationError

CELLS = 10
HIGHEST = 40.0  # Hz: 40 spikes of 10 cells in 0.1 s
MOST = round(HIGHEST * WINDOW * CELLS)


def is_refused(times: np.ndarray, highest: float = HIGHEST) -> bool:
    """Whether spikes at those times, dealt to the cells in turn, stop a run."""
    try:
        validate_rates("pv", (times, np.arange(times.size) % CELLS), CELLS, highest, 0.0)
    except SimulationError:
        return True
    return False


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, 600), max_size=120), st.integers(1, 60))
def test_a_run_is_stopped_where_some_window_holds_too_many_spikes(steps: list[int], highest: int) -> None:
    """Counted here for the window from every spike on, in whole milliseconds, its end left out."""
    steps = sorted(steps)
    fullest = max((sum(one <= other < one + 100 for other in steps) for one in steps), default=0)
    assert is_refused(np.array(steps) * 1e-3, float(highest)) == (fullest > highest)


def test_the_limit_itself_is_allowed_and_one_spike_more_is_not() -> None:
    """In any window, also one that straddles the middle of a burst or lies in its burn-in."""
    for start in (-0.15, -0.04, 0.26, 0.3):
        within = start + np.arange(MOST) * 1e-3
        assert not is_refused(within)
        assert is_refused(np.sort(np.append(within, start + 0.0995)))
        assert not is_refused(np.sort(np.append(within, start + 0.1)))


def test_a_runaway_is_named_by_population_cell_and_time() -> None:
    """A volley 0.5 s into a burst that began at 2 s, two thirds of it by cell 7; spikes before it do not count."""
    quiet = np.linspace(0, 0.35, 5)
    volley = 0.5 + np.arange(MOST + 5) * 1e-3
    cells = np.concatenate([np.zeros(5, dtype=int), np.where(np.arange(MOST + 5) % 3, 7, 3)])
    wanted = (
        "population 'pv' ran away: it fired at 45 Hz on average over 0.1 s from 2.500 s of spiking, "
        "above its highest_rate of 40 Hz; most active: cell 7 at 300 Hz"
    )
    with pytest.raises(SimulationError) as told:
        validate_rates("pv", (np.concatenate([quiet, volley]), cells), CELLS, HIGHEST, 2.0)
    assert str(told.value) == wanted


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("half", [0, 1])
def test_what_is_no_number_is_named_by_population_quantity_cell_and_time(bad: float, half: int) -> None:
    """The half of the burst in which it happened, and the first of the cells."""
    values = np.zeros((2, CELLS))
    validate_finite("sst.v", values, 1.0, 0.6)
    values[half:, 4] = bad
    values[half:, 6] = bad
    span = ("1.000 and 1.300", "1.300 and 1.600")[half]
    with pytest.raises(SimulationError, match=f"'sst': v of cell 4 and of 1 more is not finite between {span} s"):
        validate_finite("sst.v", values, 1.0, 0.6)
