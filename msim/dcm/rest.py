"""The fixed point around which a neural mass is linearized: a true one, and stable."""

from __future__ import annotations

import numpy as np

from msim.base.errors import SimulationError
from msim.dcm.mass import POPULATIONS, STATES, Circuit, flow, jacobians

RELAXED = 4.0  # s; many times the slowest time constant
LARGEST_FLOW = 1e-9  # V/s and 1/s left at the fixed point
STEPS = 50


def fixed_point(circuit: Circuit, near: np.ndarray | None = None) -> np.ndarray:
    """Find a fixed point of the mass to which small deviations return.

    near: states to begin from; left out, the states that the mass relaxes to from its leak potential
    returns: shape (sources, populations, states)
    raises: SimulationError where the mass oscillates or diverges instead of resting
    """
    begin = _relaxed(circuit) if near is None else near
    found = _newton(circuit, begin)
    if found is None and near is not None:
        found = _newton(circuit, _relaxed(circuit))
    if found is None:
        raise SimulationError("neural mass: no fixed point found near where it goes from its leak potential")
    growth = slowest_growth(circuit, found)
    if growth >= 0:
        raise SimulationError(f"neural mass: its fixed point is not stable (fastest growth {growth:.3g} per s)")
    return found


def slowest_growth(circuit: Circuit, x: np.ndarray) -> float:
    """Return the largest real part of the eigenvalues, per s: below 0 where x is stable.

    Delays count in first order: a delayed change dx(t - d) is dx(t) - d dx'(t), so that
    (1 + sum d J_d) dx' = (sum J) dx.
    """
    parts = jacobians(circuit, x)
    delays = (0.0, circuit.values["delay_within"], circuit.values["delay_between"])
    mass = np.eye(parts.shape[1]) + sum(delay * part for delay, part in zip(delays, parts, strict=True))
    at_once = np.linalg.eigvals(parts.sum(axis=0)).real.max()
    return float(max(at_once, np.linalg.eigvals(np.linalg.solve(mass, parts.sum(axis=0))).real.max()))


def _relaxed(circuit: Circuit) -> np.ndarray:
    from scipy.integrate import solve_ivp

    begin = np.zeros((circuit.sources, len(POPULATIONS), len(STATES)))
    begin[..., 0] = circuit.values["V_L"]
    path = solve_ivp(
        lambda _, x: flow(circuit, x.reshape(begin.shape)).ravel(), (0.0, RELAXED), begin.ravel(), "LSODA",
        rtol=1e-6, atol=1e-9,
    )  # fmt: skip
    return np.asarray(path.y[:, -1]).reshape(begin.shape)


def _newton(circuit: Circuit, begin: np.ndarray) -> np.ndarray | None:
    x = begin.copy()
    # Steps may lead to potentials at which exponentials are too large for a number: then there is no answer.
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(STEPS):
            slope = flow(circuit, x)
            if not np.isfinite(slope).all():
                return None
            if np.abs(slope).max() < LARGEST_FLOW:
                return x
            x = x - np.linalg.solve(jacobians(circuit, x).sum(axis=0), slope.ravel()).reshape(x.shape)
    return None
