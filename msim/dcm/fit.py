"""Fit of a neural mass to the spectra of one or more sources: drives, decays, and the certainty of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from msim.base.errors import InputError, nearest
from msim.dcm.laplace import Fit, Gaussian, fitted
from msim.dcm.mass import Circuit
from msim.dcm.rest import fixed_point
from msim.dcm.spectrum import circuit_of, cross_spectrum

WITHIN = ("ampa", "nmda", "gaba", "tau_ampa", "tau_nmda", "tau_gaba", "background")
BETWEEN = ("forward_ampa", "forward_nmda", "backward_ampa", "backward_nmda")
CHANGE = "change of "
OBSERVATION = ("log_noise", "exponent", "log_sensor")
LOG_PRECISION = (4.0, 4.0)  # prior of the features' noise: about 14 %, give or take an e-fold squared


@dataclass(frozen=True)
class Spectra:
    """Cross-spectral density of some sources.

    frequency: Hz, shape (frequencies,)
    density: Hermitian, in the square of any unit of signal per Hz, shape (frequencies, sources, sources)
    """

    frequency: np.ndarray
    density: np.ndarray

    def __post_init__(self) -> None:
        wanted = (self.frequency.size, *self.density.shape[1:2] * 2)
        if self.density.ndim != 3 or self.density.shape != wanted or not np.isfinite(self.density).all():
            raise InputError(f"spectra: want finite densities of shape (frequencies, sources, sources), "
                             f"got {self.density.shape} at {self.frequency.size} frequencies")
        if not (self.frequency > 0).all() or not (self.autospectra > 0).all():
            raise InputError("spectra: want frequencies above 0 Hz and densities above 0")

    @property
    def autospectra(self) -> np.ndarray:
        """Return the power spectra of the sources, shape (frequencies, sources)."""
        return np.real(np.diagonal(self.density, axis1=1, axis2=2))


@dataclass(frozen=True)
class Estimate:
    """Parameters that a fit estimated, with their prior.

    names: parameters in the order of `fit.parameters`; strengths and decays as logarithms of factors on the model's
    fit: posterior, noise, evidence
    prior: prior of the fit
    """

    names: tuple[str, ...]
    fit: Fit
    prior: Gaussian

    def of(self, name: str) -> tuple[float, float]:
        """Return the posterior mean and standard deviation of a parameter."""
        if name not in self.names:
            raise InputError(f"estimate: unknown parameter '{name}'{nearest(name, self.names)}")
        index = self.names.index(name)
        posterior = self.fit.parameters
        return float(posterior.mean[index]), float(np.sqrt(posterior.covariance[index, index]))


def free_parameters(connected: np.ndarray) -> tuple[str, ...]:
    """Return the names of the parameters that a fit estimates for sources with these connections."""
    forward = BETWEEN[:2] if (connected > 0).any() else ()
    backward = BETWEEN[2:] if (connected < 0).any() else ()
    return (*WITHIN, *forward, *backward, *OBSERVATION)


def features(spectra: Spectra) -> np.ndarray:
    """Return the data that a fit explains: log autospectra, and real and imaginary coherency between sources.

    returns: all in one row, shape (features,)
    """
    auto = spectra.autospectra
    size = auto.shape[1]
    first, second = np.triu_indices(size, k=1)
    coherency = spectra.density[:, first, second] / np.sqrt(auto[:, first] * auto[:, second])
    return np.concatenate([np.log(auto).ravel(), coherency.real.ravel(), coherency.imag.ravel()])


def predicted_spectra(
    values: Mapping[str, float], connected: np.ndarray, frequency: np.ndarray, named: Mapping[str, float],
    near: np.ndarray | None = None,
) -> Spectra:  # fmt: skip
    """Compute the spectra of a mass with these parameters, in V^2/Hz.

    values: parameters of the form `neural_mass`, SI units
    named: parameters as in `free_parameters`; 0 is the model's own value of all but OBSERVATION
    near: states near which to look for the fixed point
    raises: SimulationError where the mass does not rest
    """
    circuit, rest = _rested(values, connected, named, near)
    return _seen(circuit, rest, frequency, named)


def _rested(
    values: Mapping[str, float], connected: np.ndarray, named: Mapping[str, float], near: np.ndarray | None
) -> tuple[Circuit, np.ndarray]:
    circuit = circuit_of(values, connected, {name: one for name, one in named.items() if name not in OBSERVATION})
    return circuit, fixed_point(circuit, near)


def _seen(circuit: Circuit, rest: np.ndarray, frequency: np.ndarray, named: Mapping[str, float]) -> Spectra:
    noise, sensor = np.exp(named["log_noise"]), np.exp(named["log_sensor"])
    return Spectra(frequency, cross_spectrum(circuit, rest, frequency, noise, named["exponent"], sensor))


def prior_of(
    values: Mapping[str, float], connected: np.ndarray, spectra: Spectra, changing: Sequence[str]
) -> tuple[tuple[str, ...], Gaussian]:
    """Build the names and the prior of a fit: the model's own values with its prior scatter, and the noise of the data.

    The model does not know the unit of the data, so the two sizes of noise get wide priors around values that explain
    the power.
    """
    base = predicted_spectra(
        values, connected, spectra.frequency, {"log_noise": 0.0, "exponent": values["exponent"], "log_sensor": -60.0}
    )
    level = float(np.mean(np.log(spectra.autospectra) - np.log(base.autospectra)))
    floor = float(np.log(spectra.autospectra.min())) - 1.0
    mean = {"log_noise": level, "exponent": values["exponent"], "log_sensor": floor}
    spread = {"log_noise": 2.0, "exponent": 0.5, "log_sensor": 2.0, "background": values["prior_background"]}

    def sd(name: str) -> float:
        return spread.get(name, values["prior_decay"] if name.startswith("tau_") else values["prior_strength"])

    common = free_parameters(connected)
    names = (*common, *(f"{CHANGE}{one}" for one in changing))
    scatter = [sd(one) for one in common] + [sd(one) for one in changing]
    return names, Gaussian(np.array([mean.get(one, 0.0) for one in names]), np.diag(np.square(scatter)))


def fit_spectra(
    values: Mapping[str, float], connected: np.ndarray, spectra: Spectra, after: Spectra | None = None,
    changing: Sequence[str] = ("ampa", "nmda"),
) -> Estimate:  # fmt: skip
    """Estimate the drives, decays and noise of a mass from spectra.

    connected: +1 where a source (row) receives from another (column) forward, -1 backward, 0 neither;
        shape (sources, sources)
    after: the same sources in another state, say under a drug; all parameters but `changing` keep their values
    changing: parameters of which the change from `spectra` to `after` is estimated, as 'change of NAME'
    raises: InputError where shapes do not agree or a parameter is unknown, SimulationError where the model's own
        values have no stable fixed point
    """
    _check(connected, spectra, after, changing)
    states = [spectra] if after is None else [spectra, after]
    names, prior = prior_of(values, connected, spectra, () if after is None else changing)
    # Parameters move little from one prediction to the next, so each fixed point is looked for near the last.
    near = [fixed_point(circuit_of(values, connected))] * len(states)

    def predict(at: np.ndarray) -> np.ndarray:
        given = dict(zip(names, at, strict=True))
        common = {name: one for name, one in given.items() if not name.startswith(CHANGE)}
        found = []
        for index, state in enumerate(states):
            changed = {} if state is spectra else {one: common[one] + given[CHANGE + one] for one in changing}
            circuit, near[index] = _rested(values, connected, common | changed, near[index])
            found.append(features(_seen(circuit, near[index], state.frequency, common | changed)))
        return np.concatenate(found)

    data = np.concatenate([features(one) for one in states])
    return Estimate(names, fitted(predict, data, prior, LOG_PRECISION), prior)


def _check(connected: np.ndarray, spectra: Spectra, after: Spectra | None, changing: Sequence[str]) -> None:
    sources = spectra.density.shape[1]
    if connected.shape != (sources, sources):
        raise InputError(f"connected: wants shape ({sources}, {sources}) as the spectra, got {connected.shape}")
    if after is not None and after.density.shape[1] != sources:
        raise InputError(f"after: wants {sources} sources as before, got {after.density.shape[1]}")
    known = [one for one in free_parameters(connected) if one not in OBSERVATION]
    for one in changing:
        if one not in known:
            raise InputError(f"changing: wants parameters of the mass, got '{one}'{nearest(one, known)}")
