"""Behavior in a task: accuracy and speed of the responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from msim.base.errors import InputError
from msim.brain.task import Trials

CONDITIONS = ("go_correct", "go_incorrect", "nogo_correct", "nogo_incorrect")


@dataclass(frozen=True)
class Behavior:
    """Behavior in one scan.

    go, nogo: share of right responses; reaction: mean of responses to Go, s, NaN without any; scatter: their SD
    """

    go: float
    nogo: float
    reaction: float
    scatter: float

    @property
    def accuracy(self) -> float:
        """Return the mean accuracy of both kinds of trial, so that responding always, or never, is 0.5."""
        return (self.go + self.nogo) / 2


def behavior_of(trials: Trials, response: np.ndarray) -> Behavior:
    """Score the responses of a scan.

    response: s from the onset, NaN where there was none, shape (trials,)
    """
    if response.shape != trials.onset.shape:
        raise InputError(f"response: wants shape {trials.onset.shape}, got {response.shape}")
    answered = np.isfinite(response)
    hits = response[answered & ~trials.is_nogo]
    reaction, scatter = (float(hits.mean()), float(hits.std())) if hits.size else (float("nan"), float("nan"))
    right = answered != trials.is_nogo
    return Behavior(float(right[~trials.is_nogo].mean()), float(right[trials.is_nogo].mean()), reaction, scatter)


def onsets_by_condition(trials: Trials, response: np.ndarray) -> Mapping[str, np.ndarray]:
    """Return the onsets of each of CONDITIONS, s; a condition may be empty."""
    right = np.isfinite(response) != trials.is_nogo
    masks = (~trials.is_nogo & right, ~trials.is_nogo & ~right, trials.is_nogo & right, trials.is_nogo & ~right)
    return {name: trials.onset[one] for name, one in zip(CONDITIONS, masks, strict=True)}
