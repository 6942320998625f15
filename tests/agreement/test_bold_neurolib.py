"""The BOLD response against neurolib, which someone else wrote from the same paper."""

from __future__ import annotations

import numpy as np
import pytest

from msim.measures.bold import BalloonWindkessel, bold_response

# neurolib uses the classical coefficients k1 = 7 rho, k2 = 2 and k3 = 2 rho - 0.2; ours are products of scanner
# constants, chosen here to give the same three.
RHO, TE = 0.34, 0.04
EPSILON = 1.2 - 2 * RHO
CLASSICAL = BalloonWindkessel(
    kappa=0.65, gamma=0.41, efficacy=1.0, tau=0.98, alpha=0.32, E0=RHO, V0=0.02,
    theta0=7 / (4.3 * TE), r0=2 / (EPSILON * RHO * TE), epsilon=EPSILON, TE=TE,
)
DURATION = 40


def _activity(times: np.ndarray) -> np.ndarray:
    """A slow wave and a bump, from rest at time 0, shape (2, times)."""
    return np.stack([0.15 * np.sin(0.3 * times) ** 2 - 0.05 * np.sin(0.11 * times), np.exp(-((times - 8) ** 2)) / 2])


def _by_neurolib(dt: float) -> np.ndarray:
    """Percent signal change at 1, 2, ... s, shape (2, DURATION); neurolib gives a fraction, after each Euler step."""
    integration = pytest.importorskip("neurolib.models.bold.timeIntegration")
    steps = np.arange(round(DURATION / dt)) * dt
    at_rest = {"X": np.zeros(2), "F": np.ones(2), "Q": np.ones(2), "V": np.ones(2)}
    bold = integration.simulateBOLD(_activity(steps), dt, None, **at_rest)[0]
    return 100 * bold[:, round(1 / dt) - 1::round(1 / dt)]


def test_neurolib_converges_to_our_response() -> None:
    """Euler's error halves with its step, and what it extrapolates to is ours.

    What is left is of second order in the step, 1e-6, and in the 1/80 s between our knots, 4e-6 of the signal.
    """
    times = np.linspace(0, DURATION, 80 * DURATION + 1)
    ours = bold_response(_activity(times), times, CLASSICAL, np.arange(1.0, DURATION + 1))
    coarse, fine = _by_neurolib(0.002), _by_neurolib(0.001)
    size = np.abs(ours).max()
    assert np.abs(coarse - ours).max() == pytest.approx(2 * np.abs(fine - ours).max(), rel=0.02)
    assert np.abs(2 * fine - coarse - ours).max() < 1e-5 * size
