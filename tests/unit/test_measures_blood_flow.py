"""The exact solution for blood flow against the matrix exponential, and its bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from msim.measures.blood_flow import flow_course, flow_path

# Under-damped, critical, nearly critical and far over-damped.
DAMPINGS = [(0.65, 0.41), (2.0, 1.0), (2.0, 1.0 - 1e-9), (50.0, 0.3)]


def _by_matrix_exponential(drive: np.ndarray, times: np.ndarray, kappa: float, gamma: float, at: float) -> float:
    """Flow change by exponentials of the system extended by the drive and its slope."""
    state = np.array([0.0, drive[0] / gamma])
    for knot in range(times.size - 1):
        span = min(times[knot + 1], at) - times[knot]
        if span > 0:
            slope = (drive[knot + 1] - drive[knot]) / (times[knot + 1] - times[knot])
            system = np.array([[-kappa, -gamma, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0.0]])
            state = (expm(system * span) @ [*state, drive[knot], slope])[:2]
    return float(state[1])


@pytest.mark.parametrize(("kappa", "gamma"), DAMPINGS)
def test_flow_is_the_solution_of_its_equations(kappa: float, gamma: float) -> None:
    """Ramps, a jump, a plateau; tolerance: rounding times the condition of the ramp, kappa / gamma^2 of about 1e3."""
    times = np.array([0, 1.5, 2, 2, 2.1, 9, 40])
    drive = np.array([[0.1, 0.4, 0.4, -0.2, 0.3, 0.3, 0]])
    path = flow_path(drive, times, kappa, gamma)
    for at in (0.0, 0.7, 2.0, 2.05, 3.3, 20.0, 40.0):
        expected = _by_matrix_exponential(drive[0], times, kappa, gamma, at)
        assert flow_course(path)(at) == pytest.approx(expected, abs=1e-11)
    assert path.change[0] == pytest.approx([flow_course(path)(at) for at in times], abs=1e-12)


@pytest.mark.parametrize(("kappa", "gamma"), DAMPINGS)
def test_flow_follows_a_slow_ramp_with_a_constant_lag(kappa: float, gamma: float) -> None:
    """Days after the start the flow is the steady one of kappa / gamma earlier, and no exponential overflows."""
    end = 1e6
    path = flow_path(np.array([[0.0, 1.0]]), np.array([0.0, end]), kappa, gamma)
    for at in (0.1 * end, 0.5 * end, end):
        assert flow_course(path)(at) == pytest.approx((at - kappa / gamma) / end / gamma, rel=1e-12)


def test_flow_at_rest_stays_there_exactly() -> None:
    """No rounding error may pass for a change of flow."""
    path = flow_path(np.zeros((2, 3)), np.array([0, 1, 1e5]), 0.65, 0.41)
    assert all((flow_course(path)(at) == 0).all() for at in (0, 0.3, 1, 777.7, 1e5))


@settings(max_examples=50, deadline=None)
@given(
    drive=st.lists(st.floats(-1, 1), min_size=2, max_size=12),
    spacing=st.floats(0.05, 20),
    kappa=st.floats(0.2, 5),
    gamma=st.floats(0.1, 2),
)
def test_flow_is_bounded_by_the_area_of_its_response(
    drive: list[float], spacing: float, kappa: float, gamma: float
) -> None:
    """No drive within [-1, 1] moves flow by more than the absolute area under the response to a brief push.

    That area is the sum of a geometric series of half waves.
    """
    damping = kappa / (2 * np.sqrt(gamma))
    waves = 1 / np.tanh(np.pi * damping / (2 * np.sqrt(1 - damping**2))) if damping < 1 else 1
    path = flow_path(np.array([drive]), spacing * np.arange(len(drive)), kappa, gamma)
    assert np.abs(path.change).max() <= waves / gamma * (1 + 1e-9)
