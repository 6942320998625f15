"""Dipole moments of regions as objects of MNE, and files that it opens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from msim.base.errors import InputError
from msim.imaging.optional_imports import library


def raw_of(regions: Sequence[str], moment: np.ndarray, sampling_rate_hz: float) -> Any:
    """Build an mne.io.RawArray with one dipole channel a region.

    moment: dipole moment, A m, shape (regions, times)
    """
    if moment.ndim != 2 or len(moment) != len(regions):
        raise InputError(f"moment: wants shape ({len(regions)}, times), got {moment.shape}")
    if not sampling_rate_hz > 0:
        raise InputError(f"sampling rate: wants more than 0 Hz, got {sampling_rate_hz!r}")
    mne = library("mne")
    info = mne.create_info(list(regions), float(sampling_rate_hz), "dipole", verbose="error")
    return mne.io.RawArray(np.asarray(moment, dtype=float), info, verbose="error")


def evoked_of(regions: Sequence[str], moment: np.ndarray, sampling_rate_hz: float, begin_s: float, trials: int) -> Any:
    """Build an mne.EvokedArray: the mean over trials, time counted from the stimulus.

    moment: A m, shape (regions, times); begin_s: time of the first sample
    """
    raw = raw_of(regions, moment, sampling_rate_hz)
    return library("mne").EvokedArray(
        raw.get_data(), raw.info, tmin=begin_s, nave=trials, comment="simulated by msim", verbose="error"
    )


def write_raw(path: Path, raw: Any) -> None:
    """Write as .fif in double precision, so that it comes back as it was."""
    if not path.name.endswith("_raw.fif"):
        raise InputError(f"{path}: wants a name that ends in '_raw.fif', as MNE does")
    raw.save(path, fmt="double", overwrite=True, verbose="error")


def write_evoked(path: Path, evoked: Any) -> None:
    """Write as .fif, which holds averages in single precision."""
    if not path.name.endswith("-ave.fif"):
        raise InputError(f"{path}: wants a name that ends in '-ave.fif', as MNE does")
    library("mne").write_evokeds(path, evoked, overwrite=True, verbose="error")
