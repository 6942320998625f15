"""Variational Laplace: posterior of a nonlinear model's parameters and of the noise, and a bound on the evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from msim.base.errors import SimulationError

DIFFERENCE = 1e-4  # step of the numerical derivatives; parameters are of order one
LEAST_GAIN = 1e-3  # nats; a smaller gain of two steps in a row ends the fit
STEPS = 128


@dataclass(frozen=True)
class Gaussian:
    """A normal distribution of n parameters.

    mean: shape (n,); covariance: shape (n, n)
    """

    mean: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True)
class Fit:
    """Posterior of a model's parameters and noise, given data.

    parameters: posterior
    log_precision: posterior of the logarithm of the noise's precision, mean and variance
    evidence: lower bound on the log of the model's evidence, nats
    predicted: shape of the data
    """

    parameters: Gaussian
    log_precision: tuple[float, float]
    evidence: float
    predicted: np.ndarray


def fitted(
    predict: Callable[[np.ndarray], np.ndarray], data: np.ndarray, prior: Gaussian, noise: tuple[float, float]
) -> Fit:
    """Fit parameters with a Gaussian prior to data with independent noise of one unknown size.

    Friston et al. 2007, Variational free energy and the Laplace approximation: Gauss-Newton steps in parameters and
    in the log precision, each at the other's posterior, with a step taken back where it lowers the bound.

    predict: parameters -> data; raises SimulationError where it has no answer
    noise: prior of the log precision, mean and variance
    raises: SimulationError where the prior's mean has no prediction
    """
    at, level = prior.mean.copy(), noise[0]
    damping = 1e-2
    best = _state(predict, data, prior, noise, at, level)
    short = 0
    for _ in range(STEPS):
        tried = _step(predict, data, prior, noise, best, damping)
        gain = -np.inf if tried is None else tried.bound - best.bound
        if tried is None or gain < 0:
            damping *= 8
            if damping > 1e8:
                break
            continue
        best, damping = tried, damping / 4
        short = short + 1 if gain < LEAST_GAIN else 0
        if short == 2:
            break
    return Fit(
        Gaussian(best.at, best.covariance), (best.level, best.level_variance), best.bound, best.predicted
    )


@dataclass(frozen=True)
class _State:
    at: np.ndarray
    level: float
    predicted: np.ndarray
    slopes: np.ndarray
    covariance: np.ndarray
    level_variance: float
    bound: float


def _step(
    predict: Callable[[np.ndarray], np.ndarray], data: np.ndarray, prior: Gaussian, noise: tuple[float, float],
    state: _State, damping: float,
) -> _State | None:  # fmt: skip
    """Return the state after a damped step, or None where the model has no answer there."""
    inverse = np.linalg.inv(prior.covariance)
    precision = np.exp(state.level)
    gradient = precision * state.slopes.T @ (data - state.predicted) - inverse @ (state.at - prior.mean)
    curvature = precision * state.slopes.T @ state.slopes + inverse
    move = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature)), gradient)
    try:
        return _state(predict, data, prior, noise, state.at + move, state.level)
    except SimulationError:
        return None


def _state(
    predict: Callable[[np.ndarray], np.ndarray], data: np.ndarray, prior: Gaussian, noise: tuple[float, float],
    at: np.ndarray, level: float,
) -> _State:  # fmt: skip
    predicted = predict(at)
    slopes = _slopes(predict, at, prior)
    inverse = np.linalg.inv(prior.covariance)
    error = data - predicted
    for _ in range(16):
        precision = np.exp(level)
        covariance = np.linalg.inv(precision * slopes.T @ slopes + inverse)
        size = float(error @ error + np.trace(slopes @ covariance @ slopes.T))
        gradient = data.size / 2 - precision * size / 2 - (level - noise[0]) / noise[1]
        curvature = precision * size / 2 + 1 / noise[1]
        move = np.clip(gradient / curvature, -2.0, 2.0)
        level += move
        if abs(move) < 1e-6:
            break
    precision = np.exp(level)
    covariance = np.linalg.inv(precision * slopes.T @ slopes + inverse)
    size = float(error @ error + np.trace(slopes @ covariance @ slopes.T))
    variance = 1 / (precision * size / 2 + 1 / noise[1])
    away = at - prior.mean
    # The expected log likelihood holds the scatter of the predictions; with it goes -KL to the prior.
    bound = 0.5 * (
        data.size * (level - np.log(2 * np.pi)) - precision * size
        - away @ inverse @ away - np.trace(inverse @ covariance) + away.size
        + np.linalg.slogdet(inverse @ covariance)[1]
        - ((level - noise[0]) ** 2 + variance) / noise[1] + 1 + np.log(variance / noise[1])
    )  # fmt: skip
    return _State(at, level, predicted, slopes, covariance, variance, float(bound))


def _slopes(predict: Callable[[np.ndarray], np.ndarray], at: np.ndarray, prior: Gaussian) -> np.ndarray:
    columns = []
    for index in range(at.size):
        step = np.zeros(at.size)
        step[index] = DIFFERENCE * np.sqrt(prior.covariance[index, index])
        columns.append((predict(at + step) - predict(at - step)) / (2 * step[index]))
    return np.stack(columns, axis=1)
