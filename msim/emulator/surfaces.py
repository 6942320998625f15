"""Polynomials through noisy points: their terms, ridge regression, left-out residuals, and leverage."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb

import numpy as np

DEGREES = (1, 2, 3)
# Keeps terms that the points hardly tell apart from growing; smaller than what changes an error by a tenth.
RIDGE = 1e-4
# Fewer points for each term than this, and a polynomial follows the noise.
POINTS_PER_TERM = 2.0


@dataclass(frozen=True)
class Basis:
    """Polynomial basis: all products of up to `degree` of `axes` scaled axes."""

    axes: int
    degree: int

    @property
    def size(self) -> int:
        """Return the number of terms."""
        return comb(self.axes + self.degree, self.degree)

    def terms(self, scaled: np.ndarray) -> np.ndarray:
        """Return the values of all terms, shape (points, terms).

        scaled: shape (points, axes)
        """
        padded = np.concatenate([np.ones((len(scaled), 1)), scaled], axis=1)
        found = padded[:, self.factors[:, 0]]
        for column in range(1, self.degree):
            found = found * padded[:, self.factors[:, column]]
        return np.asarray(found)

    def slopes(self, scaled: np.ndarray, axis: int) -> np.ndarray:
        """Return the derivatives of all terms by one scaled axis, shape (points, terms)."""
        padded = np.concatenate([np.ones((len(scaled), 1)), scaled], axis=1)
        total = np.zeros((len(scaled), self.size))
        for column in range(self.degree):
            others = [one for one in range(self.degree) if one != column]
            product = np.prod(padded[:, self.factors[:, others]], axis=2)
            total += product * (self.factors[:, column] == axis + 1)
        return total

    @property
    def factors(self) -> np.ndarray:
        """Return the axes, from 1 on, of which each term is a product, shape (terms, degree); 0 is the number 1."""
        return _factors(self.axes, self.degree)


_known: dict[tuple[int, int], np.ndarray] = {}


def _factors(axes: int, degree: int) -> np.ndarray:
    """Return the axes, from 1 on, of which each term is a product, shape (terms, degree); 0 is the number 1."""
    if (axes, degree) not in _known:
        _known[axes, degree] = np.array(list(combinations_with_replacement(range(axes + 1), degree)))
    return _known[axes, degree]


@dataclass(frozen=True)
class Regression:
    """Surfaces through points.

    coefficients: shape (terms, outputs); left_out: residual of each point where the surfaces are fitted without it,
    shape (points, outputs); leverage: of each point, shape (points,)
    inverse: covariance of coefficients for noise of unit variance, shape (terms, terms)
    """

    basis: Basis
    coefficients: np.ndarray
    left_out: np.ndarray
    leverage: np.ndarray
    inverse: np.ndarray


def regression(basis: Basis, scaled: np.ndarray, values: np.ndarray, weights: np.ndarray) -> Regression:
    """Fit weighted ridge regression of `values` (points, outputs) on a basis; the constant is not penalized."""
    root = np.sqrt(weights)[:, None]
    terms = basis.terms(scaled) * root
    size = np.sqrt((terms**2).mean(axis=0))
    size[size == 0] = 1.0
    terms = terms / size
    penalty = np.full(basis.size, RIDGE * len(scaled))
    penalty[0] = 0.0
    inverse = np.linalg.inv(terms.T @ terms + np.diag(penalty))
    hat = inverse @ terms.T
    leverage = np.einsum("pt,tp->p", terms, hat)
    coefficients = hat @ (values * root)
    missed = (values * root - terms @ coefficients) / root / np.maximum(1 - leverage, 1e-12)[:, None]
    return Regression(
        basis, coefficients / size[:, None], missed, leverage, inverse / np.multiply.outer(size, size)
    )  # fmt: skip


def candidates(axes: int, points: int) -> list[Basis]:
    """Return the bases that a number of points can determine, the simplest first."""
    found = [Basis(axes, degree) for degree in DEGREES]
    return [one for one in found if one.size * POINTS_PER_TERM <= points] or found[:1]
