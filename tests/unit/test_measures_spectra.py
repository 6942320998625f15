"""Laws that spectra obey whatever the signal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msim.base.errors import InputError
from msim.measures.spectra import band_power, long_power_spectrum, peak_frequency, power_spectrum

RATE = 1000.0


def test_power_of_all_frequencies_is_the_tapered_variance() -> None:
    """Parseval's theorem, exact for one segment."""
    signal = np.random.default_rng(1).standard_normal(1000) + 3
    frequency, psd = power_spectrum(signal, RATE, 1.0)
    taper = np.sin(np.pi * np.arange(1000) / 1000) ** 2
    expected = ((signal - signal.mean()) ** 2 * taper**2).sum() / (taper**2).sum()
    assert band_power(frequency, psd, 0, RATE) == pytest.approx(expected, rel=1e-12)


def test_white_noise_is_flat() -> None:
    """Each half of the band holds half the variance.

    Half the band of n samples has n / 2 degrees of freedom, so a relative spread of sqrt(4 / n), and 6 % more for
    overlapping segments; 5 spreads: 1 failure in 2e6.
    """
    n = 2**16
    frequency, psd = power_spectrum(np.random.default_rng(2).standard_normal(n), RATE, 0.5)
    for low, high in ((0, 250), (250, 501)):
        assert band_power(frequency, psd, low, high) == pytest.approx(0.5, rel=5 * 1.06 * np.sqrt(4 / n))


@pytest.mark.parametrize("segment_s", [0.5, 1.0, 2.0])
def test_a_sinusoid_has_half_its_squared_amplitude_in_its_band(segment_s: float) -> None:
    """Whatever the segment: a Hann window leaks into the two neighbouring frequencies alone."""
    times = np.arange(8000) / RATE
    frequency, psd = power_spectrum(3 * np.sin(2 * np.pi * 40 * times), RATE, segment_s)
    assert band_power(frequency, psd, 30, 50) == pytest.approx(4.5, rel=1e-10)
    assert band_power(frequency, psd, 60, 500) == pytest.approx(0, abs=1e-10)
    assert peak_frequency(frequency, psd, 30, 90) == pytest.approx(40)


def test_adjoining_bands_add_up() -> None:
    """No frequency is counted twice or lost, also where a band ends on one."""
    frequency, psd = power_spectrum(np.random.default_rng(3).standard_normal((2, 4000)), RATE, 1.0)
    parts = band_power(frequency, psd, 4, 30) + band_power(frequency, psd, 30, 90)
    assert parts.shape == (2,)
    assert parts == pytest.approx(band_power(frequency, psd, 4, 90), rel=1e-12)


def test_a_band_in_which_power_only_falls_has_no_peak() -> None:
    """The greatest density at an edge belongs to something outside the band."""
    frequency = np.arange(1.0, 200)
    assert np.isnan(peak_frequency(frequency, 1 / frequency, 30, 90))
    assert np.isnan(peak_frequency(frequency, frequency, 30, 90))


def test_a_segment_must_fit_the_signal() -> None:
    """Longer than the signal, or too short to have a frequency."""
    for segment_s in (1.1, 0.0004):
        with pytest.raises(InputError, match="segment of 2 to 1000"):
            power_spectrum(np.zeros(1000), RATE, segment_s)
    with pytest.raises(InputError, match="at least 2 frequencies"):
        band_power(np.arange(10.0), np.ones(10), 20, 30)


@settings(deadline=None, max_examples=50)
@given(st.integers(500, 9000), st.lists(st.integers(0, 9000), max_size=6), st.integers(2, 500))
def test_the_spectrum_of_blocks_is_that_of_the_whole(size: int, cuts: list[int], segment: int) -> None:
    """Wherever the signal is cut, to the rounding of a mean; to the last bit where it is not cut at all."""
    signal = np.random.default_rng(size).standard_normal(size) + 2
    blocks = np.split(signal, sorted(min(one, size) for one in cuts))
    frequency, whole = power_spectrum(signal, RATE, segment / RATE)
    found = long_power_spectrum(blocks, RATE, segment / RATE)
    np.testing.assert_array_equal(found[0], frequency)
    np.testing.assert_allclose(found[1], whole, rtol=1e-10, atol=1e-14 * whole.max())
    np.testing.assert_array_equal(long_power_spectrum([signal], RATE, segment / RATE)[1], whole)


def test_blocks_without_a_segment_between_them_are_refused() -> None:
    with pytest.raises(InputError, match="wants a segment of 2 to 8 samples"):
        long_power_spectrum([np.ones(5), np.ones(3)], RATE, 0.1)
