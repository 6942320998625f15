"""What the multiscale loop asks of a spiking network, whatever target runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from msim.base.errors import InputError
from msim.engine.pulse import Pulse


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


@dataclass(frozen=True)
class NetworkState:
    """Everything that a network's future depends on.

    arrays: by name, cells and synapses in global order; about: what network it is of, and at which step
    """

    arrays: Mapping[str, np.ndarray]
    about: Mapping[str, Any]


class FastNetwork(ABC):
    """A spiking network that keeps its state from burst to burst.

    pulse: told every second how far a burst is, on targets that know
    """

    pulse: Callable[[Pulse], None] | None = None

    @abstractmethod
    def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
        """Set a gain or a block, one value per cell of the population."""

    @abstractmethod
    def burst(self, burn_in: float, seconds: float, keep_field: bool) -> Burst:
        """Run the cells for burn_in + seconds; average over the last `seconds`."""

    def state(self) -> NetworkState | None:
        """What a new process needs to go on exactly; None on targets that cannot tell."""
        return None

    def restore(self, state: NetworkState) -> None:
        """Go on from a state of the same network.

        raises: InputError where it is one of another network, or the target cannot take one up
        """
        raise InputError("checkpoint: only target cpp can be taken up from one")
