"""A labelled resting scan is the scan that the command takes."""

from __future__ import annotations

import numpy as np
import pytest

import msim
from msim.brain.connectome import connectome_of
from msim.brain.emulator_axes import brain_emulator
from msim.brain.field import field_of
from msim.brain.scans import resting_scans, scan_seed
from msim.definitions.brains.brain import read_brain
from msim.imaging.connectivity import functional_connectivity
from msim.imaging.scan import Label


def test_it_is_the_scan_that_the_command_takes_and_connectivity_is_the_field_s_own() -> None:
    found = msim.resting_bold(minutes=5, tr=2.0, seed=3)
    brain = read_brain("brains/brain19")
    connectome = connectome_of(brain)
    field = field_of(brain, connectome, brain_emulator(brain), None)
    labels = [Label("01", "rest"), Label("02", "rest")]
    first, second = resting_scans(brain, field, 300, 2.0, labels, [scan_seed(3, one) for one in labels])
    np.testing.assert_allclose(found, first.signal, rtol=1e-9, atol=1e-12)
    assert list(found.region.values) == list(first.regions) and found.time[1] == 2.0
    np.testing.assert_allclose(msim.connectivity_of(found), functional_connectivity(first), atol=1e-9)
    assert np.abs(found.values - second.signal).max() > 0.1


def test_a_scan_too_short_for_its_band_is_refused() -> None:
    with pytest.raises(msim.MsimError, match="0.009 Hz wants at least"):
        msim.connectivity_of(msim.resting_bold(minutes=1))
    with pytest.raises(msim.MsimError, match="brain1"):
        msim.resting_bold("brains/brain1")


@pytest.mark.parametrize(("options", "message"), [
    ({"tr": 0.715}, "TR of whole steps of 0.01 s"), ({"minutes": 0}, "at least two volumes"),
    ({"minutes": float("nan")}, "at least two volumes"), ({"minutes": float("inf")}, "at least two volumes"),
    ({"coupling": 1.5}, "coupling: wants a share from 0 to 1"), ({"coupling": float("nan")}, "coupling: wants a share"),
])  # fmt: skip
def test_scans_that_cannot_be_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(msim.MsimError, match=message):
        msim.resting_bold(**options)  # type: ignore[arg-type]


def test_a_scan_with_the_repetition_time_of_the_human_connectome_project() -> None:
    found = msim.resting_bold(minutes=0.2, tr=0.72)
    assert found.shape == (16, 19) and np.isfinite(found).all() and float(found.time[1]) == pytest.approx(0.72)
