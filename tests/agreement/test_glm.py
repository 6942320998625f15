"""The GLM of a scan against ordinary least squares by hand, and recovery of known betas."""

from __future__ import annotations

import numpy as np
import pytest

from msim.base.errors import InputError
from msim.imaging.glm import design_of, estimated
from msim.imaging.scan import Label, Scan

pytest.importorskip("nilearn", reason="wants the extra 'imaging'")

TR, VOLUMES = 0.8, 300
CONTRAST = {"nogo": 1.0, "go": -1.0}
ONSETS = {"go": np.arange(2.0, 220.0, 7.3), "nogo": np.arange(5.0, 220.0, 17.1), "missed": np.array([])}


def scan(signal: np.ndarray) -> Scan:
    return Scan(Label("01", "gonogo"), tuple(f"r{one}" for one in range(signal.shape[1])), signal, TR)


def test_known_betas_come_back_exactly_without_noise() -> None:
    truth = np.array([[0.5, 1.0, 0.0], [1.5, 0.2, 0.0]])
    blank = scan(np.zeros((VOLUMES, 3)))
    conditions, design = design_of(blank, ONSETS, 0.6)
    assert conditions == ("go", "nogo")
    found = estimated(scan(design[:, :2] @ truth + 3.0), ONSETS, 0.6, CONTRAST)
    assert found.betas == pytest.approx(truth, abs=1e-6)
    assert found.contrast == pytest.approx(truth[1] - truth[0], abs=1e-6)
    assert np.isnan(found.beta("missed")).all()


def test_a_response_is_latest_where_the_canonical_one_peaks() -> None:
    """Of a brief event the SPM HRF peaks 5 s after it; volumes are taken at their ends."""
    _, design = design_of(scan(np.zeros((VOLUMES, 1))), {"go": np.array([80.0])}, 0.1)
    assert (np.argmax(design[:, 0]) + 1) * TR - 80.0 == pytest.approx(5.0, abs=TR)


def test_noise_gives_t_values_of_their_own_distribution() -> None:
    """Autocorrelated noise in 400 regions: 5 % beyond the two-sided limit, give or take 2.5 % (luck: below 3 %)."""
    random = np.random.default_rng(5)
    white = random.standard_normal((VOLUMES + 50, 400))
    signal = np.zeros_like(white)
    for step in range(1, len(white)):
        signal[step] = 0.3 * signal[step - 1] + white[step]
    found = estimated(scan(signal[50:]), ONSETS, 0.6, CONTRAST)
    assert np.mean(np.abs(found.t) > 1.97) == pytest.approx(0.05, abs=0.025)
    assert found.degrees == pytest.approx(VOLUMES - 2 - 5, abs=3)


def test_what_cannot_be_estimated_is_refused() -> None:
    blank = scan(np.zeros((VOLUMES, 1)))
    with pytest.raises(InputError, match="events of 'go' within its 240 s"):
        estimated(blank, {"go": np.array([250.0])}, 0.6, {"go": 1.0})
    with pytest.raises(InputError, match="unknown condition 'nogoo'; nearest known: 'nogo'|unknown condition 'nogoo'"):
        estimated(blank, ONSETS, 0.6, {"nogoo": 1.0})
    with pytest.raises(InputError, match="wants events of 'missed', got none"):
        estimated(blank, ONSETS, 0.6, {"missed": 1.0})
