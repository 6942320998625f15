"""Volume and deoxyhemoglobin of the venous balloon that blood flow fills."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from msim.base.errors import SimulationError
from msim.measures.blood_flow import FlowPath, Regions, flow_course


def steady_balloon(change: np.ndarray, alpha: float, E0: float) -> np.ndarray:
    """Compute the logarithms of volume and deoxyhemoglobin under a flow held for ever.

    change: flow less its resting value of 1, above -1, any shape
    returns: exactly 0 at rest, shape (2, ...)
    """
    volume = alpha * np.log1p(change)
    return np.stack([volume, volume + np.log1p(_extraction_change(change, E0))])


def balloon_path(
    flow: FlowPath, tau: float, alpha: float, E0: float, sample_times_s: np.ndarray, relative_tolerance: float
) -> np.ndarray:
    """Compute the logarithms of volume and deoxyhemoglobin at the wanted times.

    tau: transit time, s
    sample_times_s: within the times of the flow, shape (samples,)
    relative_tolerance: error of a step, relative to the farthest that flow goes from rest
    returns: shape (2, regions, samples)
    """
    from scipy.integrate import solve_ivp

    dense = min(1 / flow.kappa, flow.gamma**-0.5, tau)
    grid = np.unique(np.concatenate([sample_times_s, flow.times_s]))
    states = np.empty((2 * flow.rise.shape[0], grid.size))
    states[:, 0] = _by_region(steady_balloon(flow.change[:, 0], alpha, E0))
    size = max(flow.largest_change, np.finfo(float).eps)
    for start, stop, longest_step in _stretches(flow.times_s, dense):
        first, last = np.searchsorted(grid, [start, stop])
        solution = solve_ivp(
            _rates(flow, tau, alpha, E0), (start, stop), states[:, first], t_eval=grid[first:last + 1],
            method="LSODA", lband=1, uband=0, rtol=relative_tolerance, atol=relative_tolerance * size,
            max_step=longest_step,
        )
        if not solution.success:
            raise SimulationError(f"BOLD from {start:.6g} s: {solution.message}")
        states[:, first:last + 1] = solution.y
    wanted = states[:, np.searchsorted(grid, sample_times_s)]
    return np.stack([wanted[0::2], wanted[1::2]])


def _stretches(times_s: np.ndarray, dense: float) -> Iterator[tuple[float, float, float]]:
    """Split the knots into single long intervals and runs of short ones: start, stop, longest step.

    Within a long interval the drive is one straight line, so no step can leap over anything. Within a run it may
    turn at every knot, but flow remembers each turn for longer than the longest step allowed there.
    """
    is_long = np.diff(times_s) > dense
    long = np.flatnonzero(is_long)
    bounds = np.unique(np.concatenate([[0], long, long + 1, [times_s.size - 1]]))
    for first, last in zip(bounds[:-1], bounds[1:]):
        if times_s[last] > times_s[first]:
            yield float(times_s[first]), float(times_s[last]), np.inf if is_long[first] else dense


def _rates(flow: FlowPath, tau: float, alpha: float, E0: float) -> Callable[[float, np.ndarray], np.ndarray]:
    """Return the rates of the logarithms, which keep volume and deoxyhemoglobin above 0 and small changes accurate."""

    flow_change = flow_course(flow)
    is_single = flow.rise.shape[0] == 1

    def rates(t: float, state: np.ndarray) -> np.ndarray:
        volume, deoxyhemoglobin = state.tolist() if is_single else (state[0::2], state[1::2])
        change = flow_change(t)
        if not (change if is_single else change.min()) > -1:
            raise SimulationError(f"BOLD: activity fell too fast or too far: blood flow would stop at {t:.6g} s")
        extraction = _extraction_change(change, E0)
        delivered = change + extraction + change * extraction
        cleared = deoxyhemoglobin + volume * (1 / alpha - 1)
        found = np.empty_like(state)
        found[0::2] = (change - np.expm1(volume / alpha)) * np.exp(-volume) / tau
        found[1::2] = (delivered - np.expm1(cleared)) * np.exp(-deoxyhemoglobin) / tau
        return found

    return rates


def _extraction_change(change: Regions, E0: float) -> Regions:
    """Return extraction over its resting value, less 1, keeping all digits near rest.

    It is (1 - (1 - E0)^(1/f)) / E0 - 1.
    """
    at_rest = np.log1p(-E0)
    return np.exp(at_rest) * np.expm1(-at_rest * change / (1 + change)) / np.expm1(at_rest)


def _by_region(pair: np.ndarray) -> np.ndarray:
    """Interleave both variables, so that the solver meets a Jacobian two entries wide."""
    return pair.T.ravel()
