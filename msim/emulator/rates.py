"""Rates in time on an emulator: dr/dt = (F(inputs) - r) / tau for every population, of one region or of many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from msim.base.errors import InputError
from msim.emulator.emulator import Emulator


@dataclass(frozen=True)
class RateModel:
    """Steady rates of an emulator, and the time constants with which rates approach them.

    tau: s, shape (populations,)
    """

    emulator: Emulator
    populations: tuple[str, ...]
    tau: np.ndarray

    @staticmethod
    def of(emulator: Emulator) -> RateModel:
        """Build the rate model of an emulator.

        raises: InputError where no time constants were measured, as of a model without drives
        """
        missing = [name for name in emulator.cells if name not in emulator.relaxation]
        if missing:
            raise InputError(f"emulator: has no time constants of {', '.join(missing)}; fit it on a model with drives")
        return RateModel(
            emulator, tuple(emulator.cells), np.array([emulator.relaxation[name].tau for name in emulator.cells])
        )

    def steady(self, values: Mapping[str, Any]) -> np.ndarray:
        """Return the steady rates F in Hz, shape (populations, regions).

        values: axis to a number or one for each region
        raises: InputError outside the domain
        """
        found = self.emulator.averages({name: np.atleast_1d(one) for name, one in values.items()})
        return np.stack([np.atleast_1d(found[f"{name}.firing_rate"]) for name in self.populations])

    def slope(self, rates: np.ndarray, values: Mapping[str, Any]) -> np.ndarray:
        """Return dr/dt in Hz/s, shape (populations, regions), for another solver."""
        return np.asarray((self.steady(values) - rates) / self.tau[:, None])

    def advanced(self, rates: np.ndarray, values: Mapping[str, Any], seconds: float) -> np.ndarray:
        """Return the rates after a stretch in which the axes hold still: exact, however long it is."""
        steady = self.steady(values)
        return np.asarray(steady + (rates - steady) * np.exp(-seconds / self.tau)[:, None])
