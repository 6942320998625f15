"""Steady states of linked slow equations, found from the resting states that their forms declare."""

from __future__ import annotations

import numpy as np

from msim.base.errors import SimulationError
from msim.multiscale.slow.ode import SlowSystem

STANDS_STILL = 1e-13  # 1/s: nothing of order one moves in a human life
FIRST_STEP = 1.0  # s
GROWTH = 3.0
MOST_STEPS = 80


def steady_states(system: SlowSystem, outside: np.ndarray) -> np.ndarray:
    """Find the states that stand still under constant outside values, on the path from the declared rest.

    Implicit Euler with steps that grow: at first it follows the path of the states, so that of two stable states it
    finds the one that a life without drug leads to; in the end it is Newton's method.

    outside: shape (names, cells)
    returns: shape (states, cells)
    raises: SimulationError where the states do not come to rest
    """
    y, step = system.rest, FIRST_STEP
    for _ in range(MOST_STEPS):
        slopes = system.derivative(y, outside)
        if np.abs(slopes).max(initial=0.0) < STANDS_STILL:
            return y
        y = y + _moves(system, y, outside, slopes, step)
        step *= GROWTH
    worst = system.states[int(np.argmax(np.abs(system.derivative(y, outside)).max(axis=1)))]
    raise SimulationError(f"slow equations of '{system.population}' find no rest: '{worst}' keeps moving")


def _moves(system: SlowSystem, y: np.ndarray, outside: np.ndarray, slopes: np.ndarray, step: float) -> np.ndarray:
    """Solve (1/step - J) x = slopes, cell by cell."""
    matrices = np.tile(np.eye(len(y)) / step, (y.shape[1], 1, 1))
    entries = system.jacobian(y, outside)
    for (row, column), entry in zip(system.elimination.entries, entries, strict=True):
        matrices[:, row, column] -= entry
    return np.asarray(np.linalg.solve(matrices, slopes.T[..., None])[..., 0].T)
