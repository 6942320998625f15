"""The field of an emulator: bands, spectra out of noisy bursts, and a field with the spectrum that was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from msim.definitions.models.model import ModelDefinition
from msim.emulator.field import SEGMENT, FieldSurfaces, band_densities, bands, field_surfaces, seen_populations
from msim.emulator.surfaces import Basis
from msim.measures.spectra import band_power, power_spectrum

RATE = 1000.0


def known(slope: float = 0.5) -> FieldSurfaces:
    """Power that falls with frequency and grows with the one axis that there is."""
    frequency, _ = band_densities(np.random.default_rng(1).standard_normal(1000), RATE)
    basis = Basis(1, 1)
    coefficients = np.stack([np.log(1e-22 / frequency), np.full(frequency.size, slope)])
    return FieldSurfaces(RATE, frequency, basis, {"pyramidal": coefficients}, {})


def test_bands_cover_every_frequency_once() -> None:
    """From the lowest above 0 to half the sampling rate, without a gap."""
    groups = bands(RATE)
    members = [index for one in groups for index in range(one.start, one.stop)]
    assert members == list(range(1, round(RATE * SEGMENT / 2) + 1))
    assert max(one.stop - one.start for one in groups[:10]) == 1


def test_the_field_has_the_spectrum_that_was_asked_for() -> None:
    """200 s: 800 half-overlapping segments, so a band of 1 Hz and wider is known to within 4 %, four of it here."""
    surfaces = known()
    for point in (0.0, 1.0):
        field = surfaces.series(np.array([point]), "pyramidal", 5e-10, 200.0, np.random.default_rng(3))
        assert field.mean() == pytest.approx(5e-10, rel=1e-9, abs=0)
        frequency, density = power_spectrum(field, RATE, SEGMENT)
        for low, high in ((4, 8), (8, 30), (30, 90), (90, 400)):
            inside = (frequency >= low) & (frequency < high)
            expected = surfaces.density(np.array([point]), "pyramidal", frequency[inside]).sum() * 2
            assert band_power(frequency, density, low, high) == pytest.approx(expected, rel=0.16, abs=0)


def test_surfaces_of_noisy_bursts_have_the_right_power() -> None:
    """Power is not biased by the logarithm that is fitted: bursts of 2 s have 7 segments, whose log is 9 % low."""
    surfaces = known()
    random = np.random.default_rng(5)
    points = random.uniform(-1, 1, (300, 1))
    spectra = np.array([
        band_densities(surfaces.series(one, "pyramidal", 0.0, 2.0, random), RATE)[1] for one in points
    ])  # fmt: skip
    found = field_surfaces(points, {"pyramidal": spectra}, surfaces.frequency, RATE, np.ones(300))
    assert found is not None
    frequency = np.arange(4.0, 30.0, 2.0)
    for point in (-0.8, 0.0, 0.8):
        ratio = found.density(np.array([point]), "pyramidal", frequency).sum() / surfaces.density(
            np.array([point]), "pyramidal", frequency
        ).sum()  # fmt: skip
        # 13 densities, each known from about 100 bursts to 4 %: 1 to 2 % with what neighbors share.
        assert ratio == pytest.approx(1.0, abs=0.05)


def test_what_readouts_see_is_found_in_the_links(small_model: ModelDefinition) -> None:
    """The populations are those that readouts see; nothing is fitted where no burst had a field."""
    assert seen_populations(small_model) == ["pyramidal"]
    assert field_surfaces(np.zeros((10, 1)), {}, np.empty(0), RATE, np.ones(10)) is None
    more = known(slope=2.0)
    low, high = (more.density(np.array([one]), "pyramidal", np.array([40.0]))[0] for one in (0.0, 1.0))
    assert high == pytest.approx(low * np.exp(2.0), rel=1e-9, abs=0)
