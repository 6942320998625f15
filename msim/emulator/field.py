"""Spectrum of a population's field on an emulator, and a random field with it, for readouts of the field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from msim.definitions.models.model import ModelDefinition
from msim.emulator.surfaces import Basis, regression
from msim.measures.spectra import power_spectrum

SEGMENT = 0.5  # s; frequencies are 2 Hz apart
# Above this frequency bands grow wider, each by this share of its own: a burst of seconds tells single ones badly.
NARROW_TO, WIDENING = 30.0, 0.08
DEGREE = 2


@dataclass(frozen=True)
class FieldSurfaces:
    """Logarithms of the power density of a field (A^2/Hz), as polynomials of the axes.

    rate: samples of the field per second; frequency: Hz, middle of each band, shape (bands,)
    coefficients: population to shape (terms, bands)
    error: population to root mean square of the logarithm's error in left-out bursts, shape (bands,); a burst's own
        noise is most of it
    """

    rate: float
    frequency: np.ndarray
    basis: Basis
    coefficients: Mapping[str, np.ndarray]
    error: Mapping[str, np.ndarray]

    def as_plain(self) -> dict[str, Any]:
        """Return the surfaces as plain values, as a file holds them."""
        return {
            "rate": self.rate, "frequency": self.frequency.tolist(), "basis": asdict(self.basis),
            "coefficients": {name: one.tolist() for name, one in self.coefficients.items()},
            "error": {name: one.tolist() for name, one in self.error.items()},
        }  # fmt: skip

    def density(self, scaled: np.ndarray, population: str, frequency: np.ndarray) -> np.ndarray:
        """Return the power density at frequencies above 0, A^2/Hz, at one point of the scaled axes, shape (axes,)."""
        known = self.basis.terms(scaled[None]) @ self.coefficients[population]
        return np.asarray(np.exp(np.interp(np.log(frequency), np.log(self.frequency), known[0])))

    def series(
        self, scaled: np.ndarray, population: str, mean: float, seconds: float, random: np.random.Generator
    ) -> np.ndarray:
        """Draw a Gaussian field with the spectrum at a point and a mean (A), shape (samples,)."""
        count = round(seconds * self.rate)
        frequency = np.fft.rfftfreq(count, 1 / self.rate)[1:]
        size = np.sqrt(self.density(scaled, population, frequency) * self.rate * count / 4)
        parts = random.standard_normal((2, frequency.size))
        return np.asarray(mean + np.fft.irfft(np.concatenate([[0.0], size * (parts[0] + 1j * parts[1])]), count))


def seen_populations(model: ModelDefinition) -> list[str]:
    """Return the populations whose activity a readout reads."""
    readouts = {one.name for one in model.on_scale("readout")}
    seen = [link.origin[0].split(".")[0] for link in model.links.values() if link.to.split(".")[0] in readouts]
    return list(dict.fromkeys(one for one in seen if one in model.populations))


def bands(rate: float) -> list[slice]:
    """Return the bands of frequencies, as slices of a spectrum with `SEGMENT`; 0 Hz is in none."""
    found, first, last = [], 1, round(rate * SEGMENT / 2)
    while first <= last:
        frequency = first / SEGMENT
        width = 1 if frequency < NARROW_TO else max(1, round(WIDENING * first))
        found.append(slice(first, min(first + width, last + 1)))
        first += width
    return found


def band_densities(field: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the middle (Hz) and the mean power density of every band of a field."""
    frequency, density = power_spectrum(field, rate, SEGMENT)
    groups = bands(rate)
    return (np.array([frequency[one].mean() for one in groups]), np.array([density[one].mean() for one in groups]))


def field_surfaces(
    scaled: np.ndarray, spectra: Mapping[str, np.ndarray], frequency: np.ndarray, rate: float, weights: np.ndarray
) -> FieldSurfaces | None:
    """Fit the spectra of bursts; None where there are none.

    scaled: shape (points, axes); spectra: population to shape (points, bands)
    """
    known = {name: one for name, one in spectra.items() if one.shape[1] and np.all(one > 0)}
    if not known:
        return None
    basis = Basis(scaled.shape[1], DEGREE)
    coefficients, error = {}, {}
    for name, densities in known.items():
        found = regression(basis, scaled, np.log(densities), weights)
        # The mean of a logarithm is less than the logarithm of the mean, and power is what adds up.
        unbiased = np.log(np.mean(densities / np.exp(np.log(densities) - found.left_out), axis=0))
        coefficients[name] = found.coefficients.copy()
        coefficients[name][0] += unbiased
        error[name] = np.sqrt((found.left_out**2).mean(axis=0))
    return FieldSurfaces(rate, frequency, basis, coefficients, error)
