"""Functional connectivity of a scan, by nilearn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msim.base.errors import InputError
from msim.base.rounding import is_constant
from msim.imaging.optional_imports import library
from msim.imaging.scan import Scan

LARGEST_R = 1 - 1e-7  # a region with itself has no Fisher z
# Of what a signal is made of, BOLD's 100 % or the largest number in it: what changes by less is rounding, in the
# solver or in files, which hold single precision. Rounding of two regions correlates as it happens to.
RESOLUTION = float(np.finfo(np.float32).eps)
WHOLE = 100.0  # percent
LARGEST_Z = float(np.arctanh(LARGEST_R))


@dataclass(frozen=True)
class Band:
    """Frequencies that are kept, Hz."""

    low: float = 0.009
    high: float = 0.08


def validate_length(name: str, seconds: float, tr: float, band: Band | None = None) -> None:
    """Refuse a scan that is too short or too coarse for a band.

    name, seconds, tr: of the scan; the usual band if left out
    raises: InputError
    """
    band = band or Band()
    if not 0 < band.low < band.high < 0.5 / tr:
        raise InputError(f"band: wants 0 < low < high < {0.5 / tr:.4g} Hz, half of the sampling rate, "
                         f"got {band.low!r} to {band.high!r} Hz")
    if seconds < 2 / band.low:
        raise InputError(f"scan {name}: lasts {seconds:g} s, but {band.low!r} Hz wants at least {2 / band.low:.4g} s")


def filtered(scan: Scan, band: Band) -> np.ndarray:
    """Return the signal without mean and trend, in a band (Butterworth, zero phase), shape (volumes, regions)."""
    validate_length(scan.label.stem, len(scan.signal) * scan.tr, scan.tr, band)
    clean = library("nilearn.signal").clean
    return np.asarray(clean(
        np.asarray(scan.signal, dtype=float), detrend=True, standardize=None, low_pass=band.high, high_pass=band.low,
        t_r=scan.tr,
    ))  # fmt: skip


def functional_connectivity(scan: Scan, band: Band | None = None) -> np.ndarray:
    """Compute Fisher z of Pearson's r between regions.

    returns: shape (regions, regions), 0 on the diagonal
    """
    signal = filtered(scan, band or Band())
    validate_varying(scan, signal)
    measure = library("nilearn.connectome").ConnectivityMeasure
    covariance = library("sklearn.covariance").EmpiricalCovariance()
    (matrix,) = measure(cov_estimator=covariance, kind="correlation", standardize=None).fit_transform([signal])
    np.fill_diagonal(matrix, 0.0)
    validate_finite_z(np.arctanh(matrix, where=np.abs(matrix) <= LARGEST_R, out=np.full_like(matrix, np.inf)),
                      scan.regions, f"scan {scan.label.stem}")  # fmt: skip
    return np.asarray(np.arctanh(matrix))


def validate_varying(scan: Scan, signal: np.ndarray) -> None:
    """Refuse regions whose signal is constant but for rounding: nothing correlates with them.

    signal: what is left of the scan in its band, shape (volumes, regions)
    raises: InputError with the regions
    """
    scale = np.maximum(np.abs(np.asarray(scan.signal, dtype=float)).max(axis=0), WHOLE)
    spread = signal.std(axis=0)
    flat = [name for name, is_flat in zip(scan.regions, spread <= RESOLUTION * scale, strict=True) if is_flat]
    if flat:
        more = f"and {len(flat) - 1} more do not" if len(flat) > 1 else "does not"
        raise InputError(f"scan {scan.label.stem}: region '{flat[0]}' {more} vary beyond rounding (SD "
                         f"{spread.min():.2g} %): noise of the solver correlates as it happens to")


def validate_finite_z(z: np.ndarray, regions: Sequence[str], where: str) -> None:
    """Refuse connectivity of which a pair of regions has none, or has one without bound: their signals are the same.

    raises: InputError with the first pair
    """
    wrong = ~(np.abs(z) <= LARGEST_Z)
    np.fill_diagonal(wrong, False)
    if wrong.any():
        one, other = (regions[int(index)] for index in np.argwhere(wrong)[0])
        raise InputError(f"{where}: regions '{one}' and '{other}' have no Fisher z: their signals are the same but for "
                         f"rounding, or not known (z {z[wrong][0]:.3g})")


def between(z: np.ndarray, one: np.ndarray, other: np.ndarray) -> float:
    """Average Fisher z over all pairs of different regions, the first of one set and the second of another.

    one, other: which regions, shape (regions,), bool
    """
    pairs = (one[:, None] & other[None, :]) | (other[:, None] & one[None, :])
    pairs &= np.triu(np.ones_like(pairs), k=1)
    if not pairs.any():
        raise InputError("between: wants at least one pair of different regions")
    if not np.isfinite(z[pairs]).all():
        raise InputError("between: wants connectivity that is known, got numbers that are not finite")
    return float(z[pairs].mean())


def similarity(z: np.ndarray, reference: np.ndarray) -> float:
    """Compute Pearson's r between two connectivity matrices over pairs of regions that both have."""
    rows, columns = np.triu_indices(len(z), k=1)
    first, second = z[rows, columns], reference[rows, columns]
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < 3:
        raise InputError(f"similarity: wants at least 3 pairs of regions that both matrices have, got {both.sum()}")
    for name, values in (("first", first[both]), ("second", second[both])):
        if is_constant(values):
            raise InputError(f"similarity: the {name} matrix has one value in all pairs, so that it is like nothing")
    return float(np.corrcoef(first[both], second[both])[0, 1])


def mean_connectivity(matrices: Sequence[np.ndarray]) -> np.ndarray:
    """Average Fisher z over runs or subjects, NaN left out."""
    return np.asarray(np.nanmean(np.stack(matrices), axis=0))
