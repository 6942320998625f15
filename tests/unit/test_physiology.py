"""The measures behind msim physiology, against signals whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from msim.base.errors import InputError
from msim.cli.options import parse_numbers
from msim.evidence.physiology import Activity, half_of_extra
from msim.measures.spikes import intervals


def test_a_peak_on_a_steep_spectrum_is_seen_above_what_falls() -> None:
    """Where the spectrum itself is largest at the lower edge of gamma."""
    pytest.importorskip("specparam", reason="wants the extra 'spectra'")
    frequency = np.arange(0.0, 101.0)
    spectrum = np.maximum(frequency, 1.0) ** -2 * (1 + 2 * np.exp(-((frequency - 60) ** 2) / 50))
    found = Activity({}, {}, frequency, spectrum, 0.0)
    assert found.exponent == pytest.approx(2, abs=0.05) and found.gamma_peak == pytest.approx(60, abs=1)
    assert spectrum[30] > spectrum[60]


def test_half_of_the_extra_spikes() -> None:
    """A pulse from 5 to 15 ms over rest, then silence: half of what is extra has come at 10 ms."""
    rate = np.full(40, 4.0)
    rate[5:15] = 54.0
    rate[15:] = 0.0
    assert half_of_extra(rate, 4.0) == pytest.approx(0.010, abs=1e-9)
    assert np.isnan(half_of_extra(np.zeros(10), 4.0))


def test_intervals_stay_within_a_cell() -> None:
    """Spikes of two cells that alternate: no interval between cells is counted."""
    times, cells = np.array([0.0, 0.1, 0.3, 0.4, 0.9]), np.array([0, 1, 0, 1, 0])
    np.testing.assert_allclose(np.sort(intervals(times, cells)), [0.3, 0.3, 0.6])


@pytest.mark.parametrize("text", ["1,,3", "1,x", "0", "-1", "1,1", "inf"])
def test_what_is_no_list_of_concentrations_is_refused(text: str) -> None:
    """The message names the option."""
    with pytest.raises(InputError, match="^--concentrations: "):
        parse_numbers(text, "--concentrations")
