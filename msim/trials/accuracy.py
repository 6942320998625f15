"""Accuracy of a run's trials: seconds simulated as spikes, and errors of leaps against the tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from msim.storage.run_store import Run


@dataclass(frozen=True)
class Accuracy:
    """Cost and errors of one trial or of several.

    spiking, horizon: seconds simulated as spikes, and seconds of the slow clock, each for one trial (a mean over them)
    leaps, repeated: leaps that were accepted, and leaps that were taken again, shorter
    error, noise: the largest of accepted leaps, in units of the tolerance
    above: accepted leaps above the tolerance, as they could not be shorter
    loud: leaps whose noise is above its share of the tolerance, as bursts could not be longer
    """

    trials: int
    spiking: float
    horizon: float
    leaps: int
    repeated: int
    error: float
    noise: float
    above: int
    loud: int


def accuracy(bursts: Sequence[xr.Dataset], share: float) -> Accuracy:
    """Compute the accuracy of trials from their datasets 'bursts'.

    share: of the tolerance that noise was allowed, as in the schedule
    """
    leaps = [one.where(one["leap"] > 0, drop=True) for one in bursts]
    stood = [one["accepted"].values == 1 for one in leaps]
    error, noise = (
        np.concatenate([one[name].values[stands] for one, stands in zip(leaps, stood, strict=True)])
        for name in ("leap_error", "leap_noise")
    )
    rounding = 1 + 1e-9
    return Accuracy(
        trials=len(bursts),
        spiking=float(np.mean([one.attrs["spiking_seconds"] for one in bursts])),
        horizon=float(np.mean([one.attrs["horizon_seconds"] for one in bursts])),
        leaps=error.size,
        repeated=sum(int(np.sum(~stands)) for stands in stood),
        error=float(error.max(initial=0.0)),
        noise=float(noise.max(initial=0.0)),
        above=int(np.sum(error > rounding)),
        loud=int(np.sum(noise > share * rounding)),
    )


def run_accuracy(run: Run) -> Accuracy:
    """Compute the accuracy of all trials of a run."""
    bursts = [run.trial(arm, seed, "bursts") for arm in run.arms for seed in run.seeds]
    return accuracy(bursts, run.provenance["schedule"]["noise"])
