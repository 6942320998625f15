"""Leaps end at events, stay within their bounds, cover the time, and shorten as the square root of the error."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msim.multiscale.leaps import (  # fmt: skip
    LARGEST_FACTOR,
    SAFETY,
    SMALLEST_FACTOR,
    Schedule,
    bounded_leap,
    is_accepted,
    next_leap,
)

SCHEDULE = Schedule(shortest_leap=60.0, longest_leap=86400.0)
TIMES = st.floats(0.0, 1e6)
EVENTS = st.lists(TIMES, max_size=8).map(sorted)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(now=TIMES, leap=st.floats(1e-3, 1e7), events=EVENTS)
def test_no_leap_crosses_an_event(now: float, leap: float, events: list[float]) -> None:
    """It ends at the next event or before it."""
    taken = bounded_leap(now, leap, events, SCHEDULE)
    ahead = [event - now for event in events if event > now + 1e-6]
    assert taken > 0
    assert not ahead or taken <= ahead[0]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(now=TIMES, ahead=st.floats(200.0, 8e4), part=st.floats(0.61, 0.999))
def test_two_equal_leaps_take_the_place_of_a_long_one_and_a_sliver(now: float, ahead: float, part: float) -> None:
    """A leap that would end shortly before an event goes half of the way."""
    taken = bounded_leap(now, part * ahead, [now + ahead], SCHEDULE)
    assert taken == pytest.approx(ahead / 2, rel=1e-6)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(now=TIMES, leap=st.floats(1e-3, 1e7), events=EVENTS)
def test_leaps_keep_their_bounds(now: float, leap: float, events: list[float]) -> None:
    """Never above the longest; below the shortest only to meet an event, in one leap or two equal ones."""
    taken = bounded_leap(now, leap, events, SCHEDULE)
    assert taken <= SCHEDULE.longest_leap
    ahead = min((event - now for event in events if event > now + 1e-6), default=math.inf)
    assert taken >= min(SCHEDULE.shortest_leap, ahead) / 2


def test_with_nothing_ahead_a_leap_is_what_was_asked() -> None:
    """Within bounds; events in the past or at this moment do not count."""
    assert bounded_leap(100.0, 500.0, [], SCHEDULE) == 500.0
    assert bounded_leap(100.0, 500.0, [50.0, 100.0], SCHEDULE) == 500.0
    assert bounded_leap(100.0, 1e9, [], SCHEDULE) == SCHEDULE.longest_leap
    assert bounded_leap(100.0, 1.0, [], SCHEDULE) == SCHEDULE.shortest_leap


@settings(max_examples=100, deadline=None, derandomize=True)
@given(events=st.lists(st.floats(1.0, 5e4), min_size=1, max_size=6), errors=st.lists(st.floats(0, 30), min_size=5))
def test_leaps_cover_everything_and_stop_at_every_event(events: list[float], errors: list[float]) -> None:
    """Whatever errors they meet: time never stands still, and every event is met exactly, in order."""
    end = 6e4
    stops = sorted({*events, end})
    now, leap, met, tries = 0.0, 300.0, [], 0
    while now < end - 1e-6:
        leap = bounded_leap(now, leap, stops, SCHEDULE)
        error = errors[tries % len(errors)]
        tries += 1
        assert tries < 20_000
        if is_accepted(error, leap, SCHEDULE):
            now += leap
            met += [stop for stop in stops if abs(stop - now) < 1e-6]
        leap = next_leap(leap, error)
    assert sorted(set(met)) == stops


@settings(max_examples=200, deadline=None, derandomize=True)
@given(leap=st.floats(1.0, 1e5), error=st.floats(0.0, 1e6))
def test_a_leap_changes_by_a_bounded_factor(leap: float, error: float) -> None:
    """Between a quarter and three times; a rejected one always shrinks, and with it its error."""
    factor = next_leap(leap, error) / leap
    assert SMALLEST_FACTOR * (1 - 1e-12) <= factor <= LARGEST_FACTOR * (1 + 1e-12)
    if error > 1:
        assert factor <= SAFETY * (1 + 1e-12)


@pytest.mark.parametrize(("error", "order"), [(0.1, 3), (0.5, 3), (1.0, 3), (1.0, 2), (3.0, 2), (10.0, 2)])
def test_an_error_of_known_order_is_met_in_one_step(error: float, order: int) -> None:
    """The next leap has the error SAFETY^order: of the third order where it grows, of the second where it shrinks."""
    leap = next_leap(100.0, error)
    assert error * (leap / 100.0) ** order == pytest.approx(SAFETY**order)


def test_a_leap_without_error_grows_by_the_largest_factor() -> None:
    """Rest costs few bursts: a month takes the doubling of minutes to days and then a leap a day."""
    assert next_leap(100.0, 0.0) == 100.0 * LARGEST_FACTOR
    leaps, now, leap = 0, 0.0, SCHEDULE.shortest_leap
    while now < 30 * 86400.0:
        leap = bounded_leap(now, leap, [30 * 86400.0], SCHEDULE)
        now, leap, leaps = now + leap, next_leap(leap, 0.0), leaps + 1
    assert leaps < 30 + math.log(86400.0 / 60.0) / math.log(LARGEST_FACTOR) + 3


@settings(max_examples=100, deadline=None, derandomize=True)
@given(error=st.floats(0.0, 10.0), leap=st.floats(1.0, 1e5))
def test_a_leap_stands_within_tolerance_or_when_it_cannot_be_shorter(error: float, leap: float) -> None:
    """And in no other case."""
    assert is_accepted(error, leap, SCHEDULE) == (error <= 1 or leap <= SCHEDULE.shortest_leap * (1 + 1e-9))


def test_an_error_that_is_not_a_number_is_not_within_tolerance() -> None:
    """NaN compares with nothing."""
    assert not is_accepted(np.nan, 1000.0, replace(SCHEDULE))
