"""The measures behind msim physiology, against signals whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from msim.base.errors import InputError
from msim.cli.options import parse_numbers
from msim.evidence.physiology import half_of_extra
from msim.measures.spectra import octave_slope
from msim.measures.spikes import intervals


@pytest.mark.parametrize("exponent", [0.0, -1.0, -2.0])
def test_octaves_of_a_power_law_have_its_exponent(exponent: float) -> None:
    """Means over thirds of an octave of a straight line bend it by less than a hundredth."""
    frequency = np.arange(0.0, 101.0, 0.25)
    density = np.maximum(frequency, 0.25) ** exponent
    assert octave_slope(frequency, density, 1.0, 50.0) == pytest.approx(exponent, abs=0.01)


def test_every_octave_counts_alike() -> None:
    """White below 25 Hz and steep in the last octave: the octaves below outvote it, though most frequencies are its."""
    frequency = np.arange(0.0, 51.0, 1.0)
    density = np.where(frequency < 26, 1.0, (np.maximum(frequency, 1) / 26) ** -4)
    assert octave_slope(frequency, density, 1.0, 50.0) == pytest.approx(0.0, abs=0.1)


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
