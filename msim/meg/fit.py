"""Fit of a neural mass to MEG of a column before and after a drug, beside the true change in the column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from msim.dcm.fit import CHANGE, Estimate, Spectra, features, fit_spectra
from msim.definitions.files.read import find
from msim.definitions.models.fast_inputs import handed_inputs
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_part
from msim.definitions.models.roles import role
from msim.measures.spectra import cross_spectral_density
from msim.meg.fields import Receptors, Source

BAND = (2.0, 90.0)  # Hz
SEGMENT = 1.0  # s
CHANGING = ("ampa", "nmda")  # conductances that a fit lets differ between before and after
ALONE = np.zeros((1, 1))  # one source that hears no other


@dataclass(frozen=True)
class Comparison:
    """Estimated change of a column by a fit, and its true change.

    before, after: spectra of the dipole moment, (A m)^2/Hz
    estimate: of drives, decays and the changes of `changing`
    explained: share of the variance of the log spectra that the fit explains
    predicted: log spectra of the fit, before and after, shape (2, frequencies)
    truth: logarithm of the factor on the conductance of AMPA and NMDA receptors of the output population
    """

    before: Spectra
    after: Spectra
    changing: tuple[str, ...]
    estimate: Estimate
    explained: float
    predicted: np.ndarray
    truth: Mapping[str, float]

    def change(self, name: str) -> tuple[float, float]:
        """Return the posterior mean and standard deviation of the logarithm of a factor."""
        return self.estimate.of(CHANGE + name)


def spectra_of(source: Source) -> Spectra:
    """Estimate the power density of the dipole moment from 2 to 90 Hz."""
    return Spectra(*cross_spectral_density(source.ongoing[None], source.rate_hz, SEGMENT, BAND))


def compared(
    model: ModelDefinition, before: Source, after: Source, receptors: Sequence[Receptors],
    changing: tuple[str, ...] = CHANGING,
) -> Comparison:  # fmt: skip
    """Fit one mass to both spectra at once; all parameters but `changing` are taken to be the same.

    receptors: before and after, as `receptors_at` gives them
    """
    values = read_part(find("imaging/neural_mass", "models")).parameters("neural_mass")
    one, other = spectra_of(before), spectra_of(after)
    estimate = fit_spectra(values, ALONE, one, other, changing)
    data = np.concatenate([features(one), features(other)])
    left = float(np.var(data - estimate.fit.predicted))
    predicted = estimate.fit.predicted.reshape(2, -1)
    truth = {name: true_change(model, receptors[0], receptors[1], name) for name in CHANGING}
    return Comparison(one, other, changing, estimate, 1 - left / float(np.var(data)), predicted, truth)


def true_change(model: ModelDefinition, before: Receptors, after: Receptors, kind: str) -> float:
    """Return the logarithm of the factor on the conductance of contacts in the output population, by gain and block.

    kind: 'ampa' or 'nmda'
    """
    found = [_conductance(model, one, kind) for one in (before, after)]
    return float(np.log(found[1] / found[0]))


def _conductance(model: ModelDefinition, receptors: Receptors, kind: str) -> float:
    value, output = 1.0, role(model, "population")
    for (population, receptor, name), given in handed_inputs(model, receptors).items():
        if (population, receptor) == (output, kind):
            value *= 1 - given if name == "block" else given
    return float(value)
