"""Statistics of an MEG study: fitted AMPA and NMDA, and changes of spectra and of responses to touch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from msim.imaging.group import Test, against_zero, mean_alone, share
from msim.measures.spectra import band_power
from msim.meg.fields import Source, answer
from msim.meg.session import Session

BANDS: Mapping[str, tuple[float, float]] = {"alpha": (8.0, 13.0), "beta": (13.0, 30.0), "gamma": (30.0, 90.0)}  # Hz


def meg_table(sessions: Sequence[Session], late: float = 0.02) -> list[Test]:
    """Return one row a measure over participants; changes of power and amplitude are logarithms of ratios.

    late: s from the touch; the search for the largest response also starts there, for a column that responds to itself
    """
    comparisons = [one.comparison for one in sessions]
    rows = []
    for kind in comparisons[0].changing:
        estimates = np.array([one.change(kind)[0] for one in comparisons])
        rows.append(against_zero(f"change of {kind} by the fit", estimates))
        rows.append(against_zero(f"change of {kind} in the column", np.array([one.truth[kind] for one in comparisons])))
        covered = [_covers(one.change(kind), one.truth[kind]) for one in comparisons]
        rows.append(share(f"share of 90 % intervals that hold the change of {kind}", np.array(covered)))
    for name, (low, high) in BANDS.items():
        power = [
            [float(band_power(one.frequency, one.autospectra[:, 0], low, high)) for one in (fit.before, fit.after)]
            for fit in comparisons
        ]
        rows.append(against_zero(f"change of {name} power", _log_ratio(np.array(power))))
    rows.append(against_zero("change of the largest answer to touch", _log_ratio(_largest(sessions, 0.0))))
    rows.append(against_zero("change of the largest late answer", _log_ratio(_largest(sessions, late))))
    rows.append(mean_alone("variance explained by the fit", np.array([one.explained for one in comparisons])))
    return rows


def _covers(estimate: tuple[float, float], truth: float) -> bool:
    return bool(abs(estimate[0] - truth) < 1.645 * estimate[1])


def _largest(sessions: Sequence[Session], late: float) -> np.ndarray:
    def largest(source: Source) -> float:
        return float(np.abs(answer(source)[round(late * source.rate_hz) :]).max())

    return np.array([[largest(source) for source in one.sources] for one in sessions])


def _log_ratio(pairs: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(pairs[:, 1] / pairs[:, 0]))
