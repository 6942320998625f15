"""A readout: synaptic current relative to rest, averaged from the first burst on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.readout import COURSE, Readout

FORM = Mechanism(
    name="mean_load",
    meaning="synaptic activity so far",
    scale="readout",
    inputs=(Port("activity", 1, "synaptic activity relative to rest", at_rest=1),),
    parameters=(Parameter("weight", 1, "of activity", low=0),),
    outputs=(Port("load", 1, "mean activity relative to rest since the first burst"),),
)


def mean_load(
    current: np.ndarray, times: np.ndarray, samples: np.ndarray, parameters: Mapping[str, float]
) -> dict[str, np.ndarray]:
    """Average activity, which is linear between bursts.

    current: A, at `times` (s), shape (bursts,); samples: s; returns: by output, shape (samples,)
    """
    activity = parameters["weight"] * current / current[0]
    steps = np.diff(times)
    area = np.concatenate([[0.0], np.cumsum(steps * (activity[1:] + activity[:-1]) / 2)])
    known = np.interp(samples, times, activity)
    before = np.clip(np.searchsorted(times, samples, side="right") - 1, 0, times.size - 1)
    since = samples - times[before]
    total = area[before] + since * (activity[before] + known) / 2
    elapsed = samples - times[0]
    return {"load": np.where(elapsed > 0, total / np.where(elapsed > 0, elapsed, 1.0), activity[0])}


MEAN_LOAD = Readout(FORM, COURSE, ("load",), mean_load)
