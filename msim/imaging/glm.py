"""The general linear model of a scan during a task, by nilearn: regressors, betas and a contrast of every region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from msim.base.errors import InputError, nearest
from msim.imaging.optional_imports import library
from msim.imaging.scan import Scan

HIGH_PASS = 1 / 128  # Hz; the usual cut-off of drifts


@dataclass(frozen=True)
class Estimates:
    """Estimates of a general linear model for every region.

    conditions: with at least one event; betas: percent signal change, shape (conditions, regions)
    contrast, t: of the contrast given to the fit, shape (regions,); degrees: of freedom of t
    """

    conditions: tuple[str, ...]
    betas: np.ndarray
    contrast: np.ndarray
    t: np.ndarray
    degrees: float

    def beta(self, condition: str) -> np.ndarray:
        """Return the betas of one condition, shape (regions,); NaN where the condition had no event."""
        if condition not in self.conditions:
            return np.full(self.betas.shape[1], np.nan)
        return np.asarray(self.betas[self.conditions.index(condition)])


def design_of(scan: Scan, onsets: Mapping[str, np.ndarray], event_s: float) -> tuple[tuple[str, ...], np.ndarray]:
    """Build the regressors of a scan: events convolved with the canonical (SPM) HRF, slow cosines, and a constant.

    onsets: by condition, s from the first volume; a condition without events gets no regressor
    returns: names of the columns, conditions first, and the matrix, shape (volumes, columns)
    """
    seconds = len(scan.signal) * scan.tr
    for name, times in onsets.items():
        if len(times) and not ((times >= 0) & (times < seconds)).all():
            raise InputError(f"scan {scan.label.stem}: wants events of '{name}' within its {seconds:g} s")
    filled = {name: times for name, times in onsets.items() if len(times)}
    if not filled:
        raise InputError(f"scan {scan.label.stem}: wants at least one event")
    frame = library("pandas").DataFrame
    events = frame({
        "trial_type": np.concatenate([[name] * len(times) for name, times in filled.items()]),
        "onset": np.concatenate(list(filled.values())),
        "duration": event_s,
    })  # fmt: skip
    # A volume holds what was at its end.
    frames = (np.arange(len(scan.signal)) + 1) * scan.tr
    design = library("nilearn.glm.first_level").make_first_level_design_matrix(
        frames, events, hrf_model="spm", drift_model="cosine", high_pass=HIGH_PASS
    )
    names = [*filled, *(one for one in design.columns if one not in filled)]
    return tuple(filled), np.asarray(design[names])


def estimated(scan: Scan, onsets: Mapping[str, np.ndarray], event_s: float, contrast: Mapping[str, float]) -> Estimates:
    """Fit the model with noise that is autoregressive of first order.

    contrast: weight of each condition, such as {'nogo_correct': 1, 'go_correct': -1}
    raises: InputError where a condition of the contrast is unknown or has no event
    """
    conditions, design = design_of(scan, onsets, event_s)
    for name in contrast:
        if name not in onsets:
            raise InputError(f"contrast: unknown condition '{name}'{nearest(name, list(onsets))}")
        if name not in conditions:
            raise InputError(f"scan {scan.label.stem}: the contrast wants events of '{name}', got none")
    labels, results = library("nilearn.glm.first_level").run_glm(scan.signal, design, noise_model="ar1")
    weights = np.zeros(design.shape[1])
    weights[: len(conditions)] = [contrast.get(one, 0.0) for one in conditions]
    found = library("nilearn.glm").compute_contrast(labels, results, weights, stat_type="t")
    betas = np.zeros((len(conditions), scan.signal.shape[1]))
    for label, one in results.items():
        betas[:, labels == label] = one.theta[: len(conditions)]
    t = np.asarray(found.stat()).ravel()
    return Estimates(conditions, betas, np.asarray(found.effect_size()).ravel(), t, float(np.ravel(found.dof)[0]))
