"""Power spectra, power in a band, the peak of a band and the aperiodic slope."""

from __future__ import annotations

import numpy as np

from msim.base.errors import InputError


def power_spectrum(
    signal: np.ndarray, sampling_rate_hz: float, segment_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the one-sided power spectral density by Welch's method.

    Segments overlap by half, lose their mean and are tapered with a Hann window.
    signal: evenly sampled, shape (..., time)
    segment_s: frequencies are 1 / segment_s apart
    returns: frequency in Hz, shape (frequencies,), and density in the signal's unit squared per Hz,
        shape (..., frequencies)
    """
    from scipy.signal import welch

    values = np.asarray(signal, dtype=float)
    n_segment = round(segment_s * sampling_rate_hz)
    if not 2 <= n_segment <= values.shape[-1]:
        raise InputError(
            f"power_spectrum: wants a segment of 2 to {values.shape[-1]} samples, "
            f"got {segment_s!r} s, which is {n_segment}"
        )
    return welch(values, fs=sampling_rate_hz, window="hann", nperseg=n_segment, detrend="constant")


def band_power(frequency: np.ndarray, psd: np.ndarray, low: float, high: float) -> np.ndarray:
    """Sum the density over low <= frequency < high, so that adjoining bands add up.

    frequency: evenly spaced, in Hz, shape (frequencies,)
    psd: shape (..., frequencies)
    returns: power in the signal's unit squared, shape (...)
    """
    inside = _band("band_power", frequency, low, high)
    return np.asarray(psd)[..., inside].sum(axis=-1) * (frequency[1] - frequency[0])


def peak_frequency(frequency: np.ndarray, psd: np.ndarray, low: float, high: float) -> np.ndarray:
    """Find the frequency of the greatest density in low <= frequency < high.

    psd: shape (..., frequencies)
    returns: Hz, shape (...); NaN where the greatest lies at an edge, so that the band holds no peak
    """
    inside = _band("peak_frequency", frequency, low, high)
    best = np.argmax(np.asarray(psd)[..., inside], axis=-1)
    at_edge = (best == 0) | (best == inside.sum() - 1)
    return np.where(at_edge, np.nan, np.asarray(frequency)[inside][best])


def aperiodic_slope(frequency: np.ndarray, psd: np.ndarray, low: float, high: float) -> float:
    """Fit the slope of log power against log frequency, robustly (Theil-Sen).

    The slope is the median over all pairs of frequencies, so a peak narrower than about a quarter of
    the band does not pull it.
    psd: above 0, shape (frequencies,)
    returns: 0 for white noise, -2 for Brownian noise
    """
    from scipy.stats import theilslopes

    inside = _band("aperiodic_slope", frequency, low, high) & (np.asarray(frequency) > 0)
    density = np.asarray(psd)[inside]
    if density.ndim != 1 or not (density > 0).all():
        raise InputError("aperiodic_slope: wants one spectrum with a density above 0 throughout the band")
    return float(theilslopes(np.log(density), np.log(np.asarray(frequency)[inside])).slope)


def _band(where: str, frequency: np.ndarray, low: float, high: float) -> np.ndarray:
    inside = (np.asarray(frequency) >= low) & (np.asarray(frequency) < high)
    if inside.sum() < 2:
        raise InputError(f"{where}: wants at least 2 frequencies from {low!r} to {high!r} Hz, got {inside.sum()}")
    return inside
