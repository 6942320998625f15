"""Emulator of a column: steady averages as functions of its axes, the domain of these, and their errors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from dataclasses import field as default
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from msim.base.errors import InputError, nearest
from msim.emulator.axes import Axis
from msim.emulator.derived import Derived
from msim.emulator.field import FieldSurfaces
from msim.emulator.relaxation import Relaxation
from msim.emulator.surfaces import Basis

# Rates near nothing are as good as nothing: errors count relative to a value and a tenth of rest.
FLOOR = 0.1
ROUNDING = 1e-9


@dataclass(frozen=True)
class Output:
    """One average over the cells of a population.

    is_positive: whether it is fitted as log(value / rest + FLOOR); otherwise as value / scale
    error: root mean square of the residuals of left-out points, relative to value + FLOOR rest for a positive output
        and to `scale` for another; worst: the largest of them; noise: of the bursts themselves
    trial_error: as error, for points with all values of the model at rest, which a trial does not move
    """

    name: str
    rest: float
    is_positive: bool
    scale: float
    error: float = 0.0
    trial_error: float = 0.0
    worst: float = 0.0
    noise: float = 0.0

    def fitted(self, values: np.ndarray) -> np.ndarray:
        """Return values on the scale on which they are fitted."""
        return np.asarray(np.log(values / self.rest + FLOOR) if self.is_positive else values / self.scale)

    def value(self, fitted: np.ndarray) -> np.ndarray:
        """Return the values at values of the scale on which they are fitted."""
        if self.is_positive:
            return np.asarray(self.rest * np.maximum(np.exp(fitted) - FLOOR, 0.0))
        return np.asarray(self.scale * fitted)

    def slope(self, fitted: np.ndarray) -> np.ndarray:
        """Return the derivative of `value`."""
        if self.is_positive:
            return np.asarray(self.rest * np.exp(fitted) * (np.exp(fitted) > FLOOR))
        return np.full(np.shape(fitted), self.scale)


@dataclass(frozen=True)
class Domain:
    """The domain of an emulator: within the range of each axis, near enough to its points, and short of synchrony.

    leverage: the highest of the points that it was fitted to; inverse: as in Regression
    synchrony: population to the Fano factor above which its points were left out
    """

    leverage: float
    inverse: np.ndarray
    synchrony: Mapping[str, float]


@dataclass(frozen=True)
class Emulator:
    """Steady averages of a model's spiking cells.

    cells_digest: `fast_digest` of the model; cells: of the column it was fitted to, by population
    coefficients: shape (terms, outputs); synchrony: such coefficients of the logarithms of Fano factors
    covariance: of the residuals of the outputs, shape (outputs, outputs)
    field: spectra of the fields that readouts see; relaxation: by population, time constant of its rate
    record: points and bursts that it was fitted to, for tables and figures; about: provenance, plain values
    """

    model: str
    cells_digest: str
    axes: tuple[Axis, ...]
    outputs: tuple[Output, ...]
    derived: tuple[Derived, ...]
    basis: Basis
    coefficients: np.ndarray
    domain: Domain
    synchrony_basis: Basis
    synchrony: np.ndarray
    covariance: np.ndarray
    cells: Mapping[str, int]
    field: FieldSurfaces | None = None
    relaxation: Mapping[str, Relaxation] = default(default_factory=dict)
    record: Mapping[str, np.ndarray] = default(default_factory=dict)
    about: Mapping[str, Any] = default(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of all that the averages follow from: surfaces, ranges, domain and cells.

        The record of its making, and who made it, are not in it.
        """
        return plain_digest({name: one for name, one in self.as_plain().items() if name not in ("about", "record")})

    def as_plain(self) -> dict[str, Any]:
        """Return the emulator as plain values, as its file holds them."""
        return {
            "model": self.model, "digest": self.cells_digest, "cells": dict(self.cells), "about": dict(self.about),
            "axes": [asdict(one) for one in self.axes], "outputs": [asdict(one) for one in self.outputs],
            "derived": [asdict(one) for one in self.derived], "basis": asdict(self.basis),
            "coefficients": self.coefficients.tolist(), "covariance": self.covariance.tolist(),
            "domain": {
                "leverage": self.domain.leverage, "inverse": self.domain.inverse.tolist(),
                "synchrony": dict(self.domain.synchrony),
            },
            "synchrony": {"basis": asdict(self.synchrony_basis), "coefficients": self.synchrony.tolist()},
            "field": None if self.field is None else self.field.as_plain(),
            "relaxation": {name: asdict(one) for name, one in self.relaxation.items()},
            # For tables and figures only, so that six digits are enough.
            "record": {name: _rounded(values) for name, values in self.record.items()},
        }  # fmt: skip

    def averages(self, values: Mapping[str, Any] | None = None) -> dict[str, np.ndarray]:
        """Return averages by address, SI units, at values of axes; axes that are not named are at rest.

        values: axis to a number, or to an array of one shape for all
        raises: InputError for an unknown axis, or a point outside the domain
        """
        points, shape = self.points(values or {})
        self.check(points)
        return {name: found.reshape(shape) for name, found in self.at(points).items()}

    def points(self, values: Mapping[str, Any]) -> tuple[np.ndarray, tuple[int, ...]]:
        """Return points, shape (points, axes), from values by axis, and the shape of the values."""
        names = [one.name for one in self.axes]
        for name in values:
            if name not in names:
                raise InputError(f"emulator: has no axis '{name}'{nearest(name, names)}")
        columns = np.broadcast_arrays(*(np.asarray(values.get(one.name, one.rest), dtype=float) for one in self.axes))
        return np.stack([one.ravel() for one in columns], axis=1), columns[0].shape

    def at(self, points: np.ndarray) -> dict[str, np.ndarray]:
        """Return averages at points of shape (points, axes), by address, without a check of the domain."""
        fitted = self.basis.terms(self.scaled(points)) @ self.coefficients
        found = {one.name: one.value(fitted[:, k]) for k, one in enumerate(self.outputs)}
        values = {one.name: points[:, k] for k, one in enumerate(self.axes)}
        found.update({one.name: one.values(found[one.source], values) for one in self.derived})
        return found

    def drawn(self, seed: int) -> Emulator:
        """Return another emulator that the same bursts allow: its surfaces move by a random draw of their errors."""
        from msim.base.seeds import stream

        size = self.coefficients.shape
        draw = stream(seed, "twin").standard_normal(size)
        moved = self.coefficients + _root(self.domain.inverse) @ draw @ _root(self.covariance).T
        return replace(self, coefficients=moved)

    def slopes(self, points: np.ndarray, axis: str) -> np.ndarray:
        """Return derivatives of all fitted averages by an axis, shape (points, outputs), per SI unit of the axis."""
        index = [one.name for one in self.axes].index(axis)
        own, scaled = self.axes[index], self.scaled(points)
        fitted = self.basis.terms(scaled) @ self.coefficients
        change = self.basis.slopes(scaled, index) @ self.coefficients * own.scaled_slope(points[:, index])[:, None]
        return np.stack([one.slope(fitted[:, k]) * change[:, k] for k, one in enumerate(self.outputs)], axis=1)

    def scaled(self, points: np.ndarray) -> np.ndarray:
        """Return points on the scales of the axes."""
        return np.stack([one.scaled(points[:, k]) for k, one in enumerate(self.axes)], axis=1)

    def check(self, points: np.ndarray) -> None:
        """Refuse points outside the domain of the emulator.

        raises: InputError that names the axis, the value and the allowed range
        """
        for k, axis in enumerate(self.axes):
            slack = ROUNDING * (axis.high - axis.low)
            outside = (points[:, k] < axis.low - slack) | (points[:, k] > axis.high + slack)
            if outside.any() or not np.isfinite(points[:, k]).all():
                worst = points[outside | ~np.isfinite(points[:, k]), k][0]
                raise ExtrapolationError(
                    f"{axis.name} = {worst:.4g} {axis.unit}".rstrip(), self._range(axis), axis.name
                )
        scaled = self.scaled(points)
        fano = np.exp(self.synchrony_basis.terms(scaled) @ self.synchrony)
        for k, (population, limit) in enumerate(self.domain.synchrony.items()):
            if (fano[:, k] > limit).any():
                worst = int(np.argmax(fano[:, k]))
                problem = f"wants a Fano factor of '{population}' of at most {limit:.3g}, expects {fano[worst, k]:.3g}"
                raise ExtrapolationError(self._where(points[worst]), problem, "")
        terms = self.basis.terms(scaled)
        leverage = np.einsum("pt,ts,ps->p", terms, self.domain.inverse, terms)
        if (leverage > self.domain.leverage * (1 + 1e-6)).any():
            worst = int(np.argmax(leverage))
            problem = f"is farther from its bursts (leverage {leverage[worst]:.3g}) than {self.domain.leverage:.3g}"
            raise ExtrapolationError(self._where(points[worst]), problem, "")

    def _range(self, axis: Axis) -> str:
        return f"wants {axis.low:.4g} to {axis.high:.4g}"

    def _where(self, point: np.ndarray) -> str:
        moved = [
            f"{axis.name} = {value:.4g}"
            for axis, value in zip(self.axes, point, strict=True)
            if abs(value - axis.rest) > 1e-6 * max(abs(axis.rest), 1e-3)
        ]
        return ", ".join(moved) or "rest"


def _root(covariance: np.ndarray) -> np.ndarray:
    """Return a matrix whose product with its transpose is the covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


class ExtrapolationError(InputError):
    """A point outside the domain of an emulator."""

    def __init__(self, came: str, problem: str, axis: str) -> None:
        hint = f"; fit one that reaches there: msim emulator fit MODEL --range '{axis}=LOW:HIGH'" if axis else ""
        super().__init__(f"emulator: outside its domain at {came}: {problem}{hint}")


def plain_digest(body: Any) -> str:
    """Return the SHA-256 of plain values."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _rounded(values: np.ndarray) -> list[Any]:
    return [
        _rounded(one) if np.ndim(one) else (float(f"{one:.6g}") if np.isfinite(one) else None) for one in values
    ]  # fmt: skip
