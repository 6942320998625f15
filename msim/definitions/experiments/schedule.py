"""Schedule of a trial: how finely bursts of spikes sample it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """Settings of the sampling of the fast scale; all times in seconds.

    tolerance: error of a leap that is accepted, relative to each slow state's own size
    noise: share of the tolerance by which sampling noise of a burst may move a state; it sets the length of a burst
    burst, longest_burst: bounds on that length; burn_in: time before a burst that is discarded
    settle: time discarded before the first burst, while the cells forget how they were started
    baseline: length of the first burst; probe: length of bursts in which spikes and fields are kept
    """

    tolerance: float = 0.05
    noise: float = 0.25
    burst: float = 1.0
    longest_burst: float = 20.0
    burn_in: float = 0.2
    settle: float = 1.0
    probe: float = 3.0
    baseline: float = 10.0
    shortest_leap: float = 60.0
    longest_leap: float = 86400.0
