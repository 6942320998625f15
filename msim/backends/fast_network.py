"""What the multiscale loop asks of a spiking network, whatever target runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from msim.backends.progress import BurstProgress
from msim.base.errors import InputError
from msim.definitions.models.model import ModelDefinition
from msim.recording.spool import Series, SpoolFile, spooled


@dataclass(frozen=True)
class Burst:
    """What a burst says about its cells.

    halves: address to averages over its two halves, shape (2, cells), SI units
    spikes: population to (times in s from the end of the burn-in, cells)
    field: population to what makes its field, per cell, A, at `field_rate` Hz: the current along the cells where they
        have one, else their absolute synaptic current; only if kept
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
class Recorded:
    """A burst, and what was laid down of it.

    burst: without spikes and field; spikes, field: as of a burst, in a file
    """

    burst: Burst
    spikes: Mapping[str, tuple[Series, Series]]
    field: Mapping[str, Series]


@dataclass(frozen=True)
class NetworkState:
    """Everything that a network's future depends on.

    arrays: by name, cells and synapses in global order; about: what network it is of, and at which step
    """

    arrays: Mapping[str, np.ndarray]
    about: Mapping[str, Any]


class NetworkSource(ABC):
    """What makes the networks of a target that this layer does not know; can be sent to a worker process.

    about: what decides on the numbers that come out
    """

    about: str

    @abstractmethod
    def network(self, model: ModelDefinition, seed: int) -> FastNetwork:
        """The cells of a model."""


class FastNetwork(ABC):
    """A spiking network that keeps its state from burst to burst.

    pulse: told every second how far a burst is, on targets that know
    alike: whether all cells of a population have the same averages, so that one of each stands for all of them
    """

    report_burst: Callable[[BurstProgress], None] | None = None
    alike = False

    @abstractmethod
    def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
        """Set a gain or a block, one value per cell of the population."""

    @abstractmethod
    def burst(self, burn_in: float, seconds: float, keep_field: bool) -> Burst:
        """Run the cells for burn_in + seconds; average over the last `seconds`."""

    def recorded(self, burn_in: float, seconds: float, file: SpoolFile) -> Recorded:
        """As `burst` with its field, for a burst of any length: spikes and field are laid down in a file.

        raises: OSError where the disk is full
        """
        found = self.burst(burn_in, seconds, keep_field=True)
        spikes = {
            name: (spooled(np.asarray(times), file), spooled(np.asarray(cells), file))
            for name, (times, cells) in found.spikes.items()
        }
        field = {name: spooled(np.asarray(values), file) for name, values in found.field.items()}
        return Recorded(replace(found, spikes={}, field={}), spikes, field)

    def update_parameters(self, model: ModelDefinition) -> None:
        """Go on with other values: those of a model of the same cells and wiring.

        raises: InputError where they differ in more than values, or the target cannot change any
        """
        raise InputError("network: this target cannot change values between bursts")

    def state(self) -> NetworkState | None:
        """What a new process needs to go on exactly; None on targets that cannot tell."""
        return None

    def restore(self, state: NetworkState) -> None:
        """Go on from a state of the same network.

        raises: InputError where it is one of another network, or the target cannot take one up
        """
        raise InputError("checkpoint: only target cpp can be taken up from one")
