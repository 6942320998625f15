"""The Balloon-Windkessel model step by step, beside a simulation of any length."""

from __future__ import annotations

import numpy as np

from msim.measures.bold import BalloonWindkessel, _signal
from msim.measures.scan_times import whole_steps

LONGEST = 0.05  # s; activity is held that long, or less where a TR is no multiple of it


class BoldStream:
    """Calculator of the BOLD of regions from activity that arrives in pieces; it keeps five numbers per region.

    Activity is averaged over steps of 50 ms, or of the longest below that which fit into TR and hold whole samples;
    states follow by the classical Runge-Kutta method in logarithms, so that flow and volume stay above 0. The result
    is the same to the last bit however activity is cut into pieces.
    """

    def __init__(self, parameters: BalloonWindkessel, shape: tuple[int, ...], sample_step: float, tr: float) -> None:
        """Start at rest.

        shape: of activity at one time; sample_step: time between samples of activity, s; tr: between volumes, s
        """
        self.parameters, self.shape = parameters, shape
        samples = whole_steps(sample_step, tr, "BOLD")
        longest = max(1, round(LONGEST / sample_step))
        self.every = next(one for one in range(min(longest, samples), 0, -1) if samples % one == 0)
        self.step, self.volume_every = self.every * sample_step, samples // self.every
        self.states = np.zeros((4, *shape))
        self.held, self.count, self.steps = np.zeros(shape), 0, 0

    def taken(self, activity: np.ndarray) -> np.ndarray:
        """Take further activity and give the volumes that are complete.

        activity: relative change from rest, shape (times, *shape)
        returns: percent signal change at the end of each TR, shape (volumes, *shape)
        """
        volumes = []
        for now in activity:
            self.held = self.held + now
            self.count += 1
            if self.count < self.every:
                continue
            self._step(self.held / self.every)
            self.held, self.count = np.zeros(self.shape), 0
            self.steps += 1
            if self.steps % self.volume_every == 0:
                volumes.append(_signal(self.states[2:], self.parameters))
        return np.stack(volumes) if volumes else np.empty((0, *self.shape))

    def _step(self, activity: np.ndarray) -> None:
        y, step = self.states, self.step
        first = self._slope(y, activity)
        second = self._slope(y + step / 2 * first, activity)
        third = self._slope(y + step / 2 * second, activity)
        fourth = self._slope(y + step * third, activity)
        self.states = y + step / 6 * (first + 2 * second + 2 * third + fourth)

    def _slope(self, y: np.ndarray, activity: np.ndarray) -> np.ndarray:
        """Return the change of the signal and of the logarithms of flow, volume and deoxyhemoglobin."""
        p = self.parameters
        s, flow, volume, deoxy = y[0], np.exp(y[1]), y[2], y[3]
        out = np.exp(volume / p.alpha)
        extraction = 1 - (1 - p.E0) ** (1 / flow)
        return np.stack([
            p.efficacy * activity - p.kappa * s - p.gamma * (flow - 1),
            s / flow,
            (flow - out) / np.exp(volume) / p.tau,
            (flow * extraction / p.E0 / np.exp(deoxy) - out / np.exp(volume)) / p.tau,
        ])  # fmt: skip
