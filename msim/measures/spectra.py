"""Power spectra, power in a band and the peak of a band."""

from __future__ import annotations

from collections.abc import Iterable

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


def long_power_spectrum(
    blocks: Iterable[np.ndarray], sampling_rate_hz: float, segment_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the power spectral density of a signal that comes in blocks, with at most one block in memory.

    blocks: of the signal, in order, shape (time,); a single block gives the bits that `power_spectrum` gives
    """
    length = round(segment_s * sampling_rate_hz)
    step = length - length // 2
    rest, mean, n_segments = np.empty(0), np.zeros(1), 0
    frequency = None
    for block in blocks:
        rest = np.concatenate([rest, block])
        more = (rest.size - length) // step + 1 if rest.size >= length else 0
        if more > 0:
            frequency, density = power_spectrum(rest[:(more - 1) * step + length], sampling_rate_hz, segment_s)
            n_segments += more
            mean = mean + (density - mean) * (more / n_segments)
            rest = rest[more * step:]
    if frequency is None:
        return power_spectrum(rest, sampling_rate_hz, segment_s)
    return frequency, mean


def cross_spectral_density(
    signals: np.ndarray, sampling_rate_hz: float, segment_s: float, band: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the one-sided cross-spectral density of all pairs of signals by Welch's method, as in `power_spectrum`.

    signals: shape (signals, time); band: lowest and highest frequency that is kept, Hz
    returns: frequency in Hz, shape (frequencies,), and Hermitian density, shape (frequencies, signals, signals);
        the diagonal is the power spectrum, and row i, column j the mean of X_i X_j*
    """
    from scipy.signal import csd

    values = np.asarray(signals, dtype=float)
    n_segment = round(segment_s * sampling_rate_hz)
    if values.ndim != 2 or not 2 <= n_segment <= values.shape[-1]:
        raise InputError(f"cross_spectral_density: wants signals of shape (signals, time) and a segment within them, "
                         f"got {values.shape} and {n_segment} samples")
    # SciPy conjugates the first of two signals.
    frequency, density = csd(
        values[None, :], values[:, None], fs=sampling_rate_hz, window="hann", nperseg=n_segment, detrend="constant"
    )
    low, high = band
    inside = (frequency >= low) & (frequency <= high)
    if inside.sum() < 2:
        raise InputError(f"cross_spectral_density: wants at least 2 frequencies from {low!r} to {high!r} Hz")
    return frequency[inside], np.moveaxis(density, -1, 0)[inside]


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
    returns: Hz, shape (...); NaN where the greatest lies at an edge, so that the band holds no peak, or is not known
    """
    inside = _band("peak_frequency", frequency, low, high)
    density = np.asarray(psd)[..., inside]
    best = np.argmax(density, axis=-1)
    no_peak = (best == 0) | (best == inside.sum() - 1) | np.isnan(density).any(axis=-1)
    return np.where(no_peak, np.nan, np.asarray(frequency)[inside][best])


def _band(where: str, frequency: np.ndarray, low: float, high: float) -> np.ndarray:
    inside = (np.asarray(frequency) >= low) & (np.asarray(frequency) < high)
    if inside.sum() < 2:
        raise InputError(f"{where}: wants at least 2 frequencies from {low!r} to {high!r} Hz, got {inside.sum()}")
    return inside
