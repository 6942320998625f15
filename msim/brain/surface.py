"""Surfaces of an emulator over a few drives alone, for every region at its own gains and block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from msim.base.errors import InputError, nearest
from msim.emulator.axes import Axis
from msim.emulator.emulator import Emulator
from msim.emulator.surfaces import Basis


@dataclass(frozen=True)
class RegionSurfaces:
    """Fitted averages of regions as polynomials of a few axes.

    axes: those that may move; coefficients: shape (regions, terms, outputs)
    rest, floor: a fitted value y stands for rest * max(exp(y) - floor, 0); shape (outputs,)
    """

    axes: tuple[Axis, ...]
    basis: Basis
    coefficients: np.ndarray
    rest: np.ndarray
    floor: float

    def averages(self, drives: np.ndarray) -> np.ndarray:
        """Return the steady averages at drives in SI units.

        drives: shape (..., regions, axes)
        returns: shape (..., regions, outputs)
        """
        scaled = np.stack([one.scaled(drives[..., k]) for k, one in enumerate(self.axes)], axis=-1)
        terms = self.basis.terms(scaled.reshape(-1, len(self.axes))).reshape(*scaled.shape[:-1], 1, self.basis.size)
        fitted = (terms @ self.coefficients)[..., 0, :]
        return np.asarray(self.rest * np.maximum(np.exp(fitted) - self.floor, 0.0))

    def reach(self) -> np.ndarray:
        """Return the lowest and highest drive that was sampled, shape (2, axes)."""
        return np.array([[one.low for one in self.axes], [one.high for one in self.axes]])


def region_surfaces(
    emulator: Emulator, moving: Sequence[str], outputs: Sequence[str], fixed: Sequence[Mapping[str, float]]
) -> RegionSurfaces:
    """Build surfaces over some axes of an emulator, with all others fixed at each region's own values.

    moving: axes that may move; outputs: addresses of positive averages
    fixed: for each region values of further axes, rest where left out
    raises: InputError for an unknown name, or values outside the emulator's domain
    """
    from msim.emulator.emulator import FLOOR

    names = [one.name for one in emulator.axes]
    known = {one.name: index for index, one in enumerate(emulator.outputs) if one.is_positive}
    for name in moving:
        if name not in names:
            raise InputError(f"emulator: has no axis '{name}'{nearest(name, names)}")
    for name in outputs:
        if name not in known:
            raise InputError(f"emulator: has no positive average '{name}'{nearest(name, known)}")
    points = np.concatenate([emulator.points(dict(one))[0] for one in fixed])
    emulator.check(points)
    scaled = emulator.scaled(points)
    places = [names.index(one) for one in moving]
    basis = Basis(len(moving), emulator.basis.degree)
    chosen = emulator.coefficients[:, [known[one] for one in outputs]]
    found = np.zeros((len(points), basis.size, len(outputs)))
    for row, target in zip(chosen, _targets(emulator.basis, basis, places), strict=True):
        others, index = target
        found[:, index, :] += np.prod(scaled[:, others], axis=1)[:, None] * row
    rest = np.array([emulator.outputs[known[one]].rest for one in outputs])
    return RegionSurfaces(tuple(emulator.axes[one] for one in places), basis, found, rest, FLOOR)


def _targets(whole: Basis, part: Basis, places: Sequence[int]) -> list[tuple[list[int], int]]:
    """Return, for each term of a basis, its factors that do not move, and the term of the part that the others make."""
    terms = {tuple(sorted(one)): index for index, one in enumerate(part.factors.tolist())}
    found = []
    for factors in whole.factors.tolist():
        axes = [one - 1 for one in factors if one]
        moved = [places.index(one) + 1 for one in axes if one in places]
        key = tuple(sorted([0] * (part.degree - len(moved)) + moved))
        found.append(([one for one in axes if one not in places], terms[key]))
    return found
