"""Laws of dipole moments, of cross spectra, and of what MEG sees of a column."""

from __future__ import annotations

import numpy as np
import pytest

from msim.base.errors import InputError
from msim.definitions.models.fast_inputs import fast_inputs
from msim.definitions.models.read_model import read_model
from msim.definitions.models.values import with_changes
from msim.measures.dipole import dipole_moment
from msim.measures.spectra import cross_spectral_density, power_spectrum
from msim.meg.fields import AFTER, BEFORE, read_sensors, seen, set_receptors


def test_a_moment_is_current_times_length_times_cells_around_its_mean() -> None:
    current = 1e-12 * np.array([[1.0, 3.0, 5.0], [2.0, 2.0, 2.0]])
    wanted = 1000 * 2e-4 * 1e-12 * np.array([[-2.0, 0.0, 2.0], [0.0, 0.0, 0.0]])
    assert dipole_moment(current, 1000, 2e-4) == pytest.approx(wanted, rel=1e-12)
    with pytest.raises(InputError, match="finite currents"):
        dipole_moment(np.array([1.0, np.nan]), 1000, 2e-4)


def test_a_cross_spectrum_has_the_power_and_the_phase_of_its_signals() -> None:
    """A signal and the same one 20 ms later, twice as large: coherent, with a phase that grows with frequency."""
    rate, late = 500.0, 10
    noise = np.random.default_rng(1).standard_normal(60_000)
    signals = np.stack([noise[late:], 2 * noise[:-late]])
    frequency, density = cross_spectral_density(signals, rate, 1.0, (2.0, 20.0))
    assert (frequency[0], frequency[-1]) == (2.0, 20.0)
    assert density == pytest.approx(np.conj(np.swapaxes(density, 1, 2)), abs=1e-12)
    whole, power = power_spectrum(signals, rate, 1.0)
    inside = (whole >= 2.0) & (whole <= 20.0)
    assert np.real(density[:, 1, 1]) == pytest.approx(power[1, inside], rel=1e-9)
    # Row 1, column 0 is the mean of X_1 X_0*: the later signal lags. The shift is small against the segment of 1 s.
    ratio = density[:, 1, 0] / density[:, 0, 0]
    assert np.abs(ratio) == pytest.approx(np.full(frequency.size, 2.0), rel=0.05)
    assert np.angle(ratio * np.exp(2j * np.pi * frequency * late / rate)) == pytest.approx(0, abs=0.05)


def test_bad_signals_are_refused() -> None:
    with pytest.raises(InputError, match="signals of shape"):
        cross_spectral_density(np.zeros(100), 100.0, 0.5, (2.0, 20.0))
    with pytest.raises(InputError, match="at least 2 frequencies"):
        cross_spectral_density(np.ones((1, 100)), 100.0, 0.5, (80.0, 90.0))


@pytest.mark.slow
def test_a_column_answers_touch_after_it_and_states_of_receptors_arrive() -> None:
    """Before the onset nothing but noise; a touch is seen; block of all NMDA receptors of PV cells slows these."""
    model = with_changes(read_model("circuits/cortical_column"), {"column.n_cells": 500}, "test")
    sensors = read_sensors()
    rest = seen(model, {}, sensors, 4.0, 20, 1)
    onset = round(BEFORE * rest.rate_hz)
    assert rest.evoked.size == pytest.approx((BEFORE + AFTER) * rest.rate_hz, abs=2)
    assert np.abs(rest.evoked[onset : onset + 50]).max() > 4 * np.abs(rest.evoked[:onset]).max()
    blocked = seen(model, {"block_pv.b": 0.8}, sensors, 4.0, 1, 1)
    assert blocked.firing["pv"] < 0.9 * rest.firing["pv"]
    assert rest.ongoing.mean() == pytest.approx(0, abs=1e-6 * rest.ongoing.std())


def test_shares_of_links_arrive_at_the_receptors() -> None:
    """What a link hands down is its share of the change from 1, of block all of it."""
    model = read_model("circuits/cortical_column")
    given: dict[str, float] = {}

    class Cells:
        def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
            assert values.shape == (model.cells(population),)
            given[f"{population}.{receptor}.{name}"] = float(values[0])

    set_receptors(Cells(), model, {"ampar_scaling.AMPAR_scale": 1.5, "block_pv.b": 0.3})  # type: ignore[arg-type]
    share = model["gain_on_long_range.share"]
    assert given["pyramidal.ampa.gain"] == 1.5 and given["pv.nmda_pv.block"] == 0.3
    assert given["pyramidal.ampa_background.gain"] == pytest.approx(1 + 0.5 * share)
    assert "sst.nmda_sst.block" not in given and "block_sst.b" in fast_inputs(model)
    with pytest.raises(InputError, match="nearest known: 'block_pv.b'"):
        set_receptors(Cells(), model, {"block_pv.c": 0.1})  # type: ignore[arg-type]
