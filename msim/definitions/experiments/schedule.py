"""How finely bursts of spikes sample a trial, as an experiment file says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """How finely the fast scale is sampled; all times in seconds.

    tolerance: error of a leap that is accepted, relative to each slow state's own size
    noise: share of the tolerance by which sampling noise of a burst may move a state; a burst is as long as that takes
    burst, longest_burst: bounds on its length; burn_in: of the part before it that is thrown away
    settle: thrown away before the first burst, while the cells forget how they were started
    baseline, probe: length of the first burst and of those in which spikes and fields are kept
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
