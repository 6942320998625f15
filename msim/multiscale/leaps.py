"""Length of leaps, and the test that repeats a leap which was too long."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msim.definitions.experiments.schedule import Schedule

SAFETY = 0.8
SMALLEST_FACTOR = 0.25
LARGEST_FACTOR = 3.0


def next_leap(leap: float, error: float) -> float:
    """Return the leap that should meet the tolerance, from the last leap and its error (1 = just met).

    The error of a prediction grows with the square of the leap where averages are held, and with its third power where
    they lie on a line. The next leap therefore grows as slowly as the third power needs, and shrinks as fast as the
    square needs.
    """
    factor = LARGEST_FACTOR if error == 0 else SAFETY * error ** (-1 / 3 if error < 1 else -1 / 2)
    return leap * min(LARGEST_FACTOR, max(SMALLEST_FACTOR, factor))


def is_accepted(error: float, leap: float, schedule: Schedule) -> bool:
    """Return whether a leap is accepted: its error is within tolerance, or it cannot be shorter."""
    return error <= 1 or leap <= schedule.shortest_leap * (1 + 1e-9)


def bounded_leap(now: float, leap: float, events: Sequence[float], schedule: Schedule) -> float:
    """Return a leap from `now` within the schedule's bounds that ends at or before the next event.

    events: sorted times that no leap may step over
    """
    leap = min(max(leap, schedule.shortest_leap), schedule.longest_leap)
    ahead = next((event - now for event in events if event > now + 1e-6), math.inf)
    if leap >= ahead:
        return ahead
    # Two equal leaps rather than a long one and a sliver.
    return ahead / 2 if leap > 0.6 * ahead else leap
