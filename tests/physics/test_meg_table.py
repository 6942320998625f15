"""The table of an MEG study on made-up sources of known changes."""

from __future__ import annotations

import numpy as np
import pytest

from msim.definitions.models.read_model import read_model
from msim.meg.fields import BEFORE, Source
from msim.meg.fit import compared, spectra_of, true_change
from msim.meg.session import Session
from msim.meg.table import meg_table

pytest.importorskip("statsmodels", reason="wants the extra 'imaging'")
RATE = 500.0
MODEL = read_model("circuits/cortical_column")
REST = {"ampar_scaling.AMPAR_scale": 1.0, "block_evoked.b": 0.0}
LATER = {"ampar_scaling.AMPAR_scale": 1.4, "block_evoked.b": 0.1}


def source(size: float, seed: int, late: float = 1.0) -> Source:
    """White noise, and an answer of one peak at once and another after 50 ms, `late` times the first."""
    random = np.random.default_rng(seed)
    evoked = np.zeros(round(0.4 * RATE))
    onset = round(BEFORE * RATE)
    evoked[onset + 2], evoked[onset + 25] = size, -late * size
    return Source(size * random.standard_normal(round(20 * RATE)), evoked, RATE, 10, {"pyramidal": 2.0})


def test_the_true_change_is_that_of_gain_and_of_what_block_leaves() -> None:
    assert true_change(MODEL, REST, LATER, "ampa") == pytest.approx(np.log(1.4))
    assert true_change(MODEL, REST, LATER, "nmda") == pytest.approx(np.log(0.9))
    assert true_change(MODEL, LATER, LATER, "nmda") == 0


def test_power_and_amplitude_come_out_as_logarithms_of_their_ratios() -> None:
    """Twice the amplitude is four times the power; noise of 20 s leaves the mean of bands within some percent."""
    sessions = []
    for seed in range(3):
        # The same noise before and after, so that chance leaves the ratio alone.
        more = 2.0 + 0.01 * seed
        before, after = source(1e-9, seed), source(more * 1e-9, seed, late=0.5)
        sessions.append(Session((REST, LATER), (before, after), compared(MODEL, before, after, (REST, LATER))))
    rows = {one.name: one for one in meg_table(sessions)}
    mean = np.mean([np.log(2.0 + 0.01 * seed) for seed in range(3)])
    for band in ("alpha", "beta", "gamma"):
        assert rows[f"change of {band} power"].estimate == pytest.approx(2 * mean, abs=1e-6)
    assert rows["change of the largest answer to touch"].estimate == pytest.approx(mean, abs=1e-6)
    assert rows["change of the largest late answer"].estimate == pytest.approx(mean + np.log(0.5), abs=1e-6)
    assert rows["change of ampa in the column"].estimate == pytest.approx(np.log(1.4))
    # Nobody would test these against zero: an effect size of them would dwarf all others.
    for name in ("variance explained by the fit", "share of 90 % intervals that hold the change of ampa"):
        assert rows[name].low <= rows[name].estimate <= rows[name].high
        assert np.isnan([rows[name].value, rows[name].p, rows[name].effect]).all()


def test_spectra_have_whole_hertz_from_2_to_90() -> None:
    found = spectra_of(source(1e-9, 1))
    assert found.frequency == pytest.approx(np.arange(2.0, 91.0))
    # White noise of variance s^2 has the one-sided density 2 s^2 / rate.
    assert found.autospectra.mean() == pytest.approx(2 * 1e-18 / RATE, rel=0.05)
