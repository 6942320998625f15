"""The aperiodic exponent of spectra, against power laws whose exponent is known."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from msim.base.errors import InputError
from msim.definitions.experiments.recordings import read_recording
from msim.definitions.files.schema import RecordEntry
from msim.definitions.models.model import ModelDefinition
from msim.measures.aperiodic import aperiodic_exponent
from msim.measures.spectra import power_spectrum

FREQUENCY = np.arange(0.0, 101.0)
EXPONENT = "field_slope.exponent"


def power_law(exponent: float) -> np.ndarray:
    return 1e-22 * np.maximum(FREQUENCY, 1.0) ** -exponent


@pytest.mark.parametrize("exponent", [-1.0, 0.0, 0.7, 2.0])
def test_a_power_law_has_its_exponent(exponent: float) -> None:
    """At any height, and under a peak three times as high, which specparam takes away to a hundredth."""
    pytest.importorskip("specparam", reason="wants the extra 'spectra'")
    density = power_law(exponent)
    assert aperiodic_exponent(FREQUENCY, density, 2, 45) == pytest.approx(exponent, abs=1e-6)
    assert aperiodic_exponent(FREQUENCY, 1e9 * density, 2, 45) == pytest.approx(exponent, abs=1e-6)
    peak = 1 + 2 * np.exp(-((FREQUENCY - 20) ** 2) / 18)
    assert aperiodic_exponent(FREQUENCY, density * peak, 2, 45) == pytest.approx(exponent, abs=0.01)


def test_brownian_noise_falls_with_the_square() -> None:
    """A sum of white noise: 100 averages leave the slope a standard deviation of about 0.02."""
    pytest.importorskip("specparam", reason="wants the extra 'spectra'")
    signal = np.cumsum(np.random.default_rng(5).standard_normal(100_000))
    assert aperiodic_exponent(*power_spectrum(signal, 1000.0, 1.0), 2, 45) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("density", [0.0, np.nan])
def test_nothing_has_no_exponent(density: float) -> None:
    pytest.importorskip("specparam", reason="wants the extra 'spectra'")
    assert np.isnan(aperiodic_exponent(FREQUENCY, np.full(FREQUENCY.size, density), 2, 45))


def test_without_specparam_it_is_refused_before_anything_runs(
    model: ModelDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the command that installs it; what needs no specparam is recorded all the same."""
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "specparam" else real(name))
    with pytest.raises(InputError, match=r"specparam is not installed.*pip install 'msim\[spectra\]'"):
        read_recording([RecordEntry(quantity=EXPONENT, at=["0 second"])], model, (0.0, 60.0), "here")
    read_recording([RecordEntry(quantity="gamma.power", at=["0 second"])], model, (0.0, 60.0), "here")
