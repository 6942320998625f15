"""What the multiscale loop asks of a spiking network, whatever target runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Burst:
    """What a burst says about its cells.

    halves: address to averages over its two halves, shape (2, cells), SI units
    spikes: population to (times in s from the end of the burn-in, cells)
    field: population to mean absolute synaptic current per cell, A, at `field_rate` Hz; only if kept
    """

    seconds: float
    halves: Mapping[str, np.ndarray]
    spikes: Mapping[str, tuple[np.ndarray, np.ndarray]]
    field: Mapping[str, np.ndarray]
    field_rate: float

    def mean(self, address: str) -> float:
        """Population mean of an average."""
        return float(self.halves[address].mean())


class FastNetwork(ABC):
    """A spiking network that keeps its state from burst to burst."""

    @abstractmethod
    def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
        """Set a gain or a block, one value per cell of the population."""

    @abstractmethod
    def burst(self, burn_in: float, seconds: float, keep_field: bool) -> Burst:
        """Run the cells for burn_in + seconds; average over the last `seconds`."""
