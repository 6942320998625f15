"""Blood flow that follows activity as a damped oscillator, solved exactly between knots."""

from __future__ import annotations

import bisect
import cmath
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Regions = Any  # an array over regions, or the plain number of a single one


@dataclass(frozen=True)
class FlowPath:
    """Blood flow under a drive that is linear between knots: after each knot a ramp, and a transient that dies.

    Pairs are the vasodilatory signal in 1/s, and flow less its resting value of 1.
    times_s: non-decreasing; a time given twice is a jump of the drive, shape (knots,)
    ramp, transient: values at each knot, shape (2, regions, knots)
    rise: slope of the ramp's flow after each knot, 1/s, shape (regions, knots)
    kappa, gamma: decay of the signal, 1/s, and feedback of the flow on it, 1/s^2
    """

    times_s: np.ndarray
    ramp: np.ndarray
    transient: np.ndarray
    rise: np.ndarray
    kappa: float
    gamma: float

    @property
    def change(self) -> np.ndarray:
        """Return flow less its resting value of 1 at each knot, shape (regions, knots)."""
        return self.ramp[1] + self.transient[1]

    @property
    def largest_change(self) -> float:
        """Estimate the largest distance of flow from rest: at a knot, or where the signal at a knot will carry it."""
        signal = self.ramp[0] + self.transient[0]
        return float(max(np.abs(self.change).max(), np.abs(signal).max() / self.gamma**0.5))


def flow_path(drive: np.ndarray, times_s: np.ndarray, kappa: float, gamma: float) -> FlowPath:
    """Follow the flow, from the steady state of the first drive.

    drive: 1/s^2, shape (regions, knots)
    times_s: non-decreasing, shape (knots,)
    """
    steps = np.diff(times_s)
    rise = np.zeros_like(drive)
    np.divide(np.diff(drive), steps * gamma, out=rise[:, :-1], where=steps > 0)
    ramp = np.stack([rise, drive / gamma - kappa * rise / gamma])
    ramp_end = ramp[:, :, :-1] + np.stack([np.zeros_like(rise), rise])[:, :, :-1] * steps
    decay = _propagators(steps, kappa, gamma)
    transient = np.zeros_like(ramp)
    transient[:, :, 0] = np.stack([np.zeros_like(rise[:, 0]), drive[:, 0] / gamma]) - ramp[:, :, 0]
    turn = ramp_end - ramp[:, :, 1:]
    for knot in range(steps.size):
        transient[:, :, knot + 1] = turn[:, :, knot] + decay[:, :, knot] @ transient[:, :, knot]
    return FlowPath(times_s, ramp, transient, rise, kappa, gamma)


def flow_course(path: FlowPath) -> Callable[[float], Regions]:
    """Build a function of time that gives the flow less its resting value of 1.

    The time is in s and not before the first knot. The function returns an array of shape (regions,), or a plain number
    for a single region, where calls of arrays would take most of an integrator's time.
    """
    knots = path.times_s.tolist()
    after = np.moveaxis(np.stack([path.ramp[1], path.rise, *path.transient]), -1, 0)
    pieces = after[..., 0].tolist() if after.shape[-1] == 1 else after

    def change(at_s: float) -> Regions:
        knot = bisect.bisect_right(knots, at_s) - 1
        elapsed = at_s - knots[knot]
        decay, divided, slower = _decays(elapsed, path.kappa, path.gamma)
        level, rise, signal, moved = pieces[knot]
        return level + rise * elapsed + float(divided.real) * signal + float((decay - slower * divided).real) * moved

    return change


def _propagators(elapsed_s: np.ndarray, kappa: float, gamma: float) -> np.ndarray:
    """Return exponentials of elapsed time x [[-kappa, -gamma], [1, 0]], shape (2, 2, times)."""
    decay, divided, slower = _decays(elapsed_s, kappa, gamma)
    return np.array([
        [decay - (kappa + slower) * divided, -gamma * divided],
        [divided, decay - slower * divided],
    ]).real


def _decays(elapsed_s: np.ndarray | float, kappa: float, gamma: float) -> tuple[np.ndarray, np.ndarray, complex]:
    """Return the slower eigenmode, Newton's divided difference of both, and the slower eigenvalue.

    From the slower one nothing overflows, and the two may coincide (critical damping).
    """
    half_gap = cmath.sqrt(kappa * kappa / 4 - gamma)
    slower = half_gap - kappa / 2
    decay = np.exp(slower * elapsed_s)
    if half_gap == 0:
        return decay, elapsed_s * decay, slower
    return decay, -decay * np.expm1(-2 * half_gap * elapsed_s) / (2 * half_gap), slower
