"""Interface between the multiscale loop and a spiking network, the same on every target."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from msim.backends.progress import BurstProgress
from msim.base.errors import InputError
from msim.definitions.models.model import ModelDefinition
from msim.recording.spool import Series, SpoolFile, spooled


@dataclass(frozen=True)
class Burst:
    """Results of a burst.

    halves: address to averages over its two halves, shape (2, cells), SI units
    spikes: population to (times in s from the end of the burn-in, cells)
    field: population to the current that makes its field, per cell, A, at `field_rate` Hz: the current along the cells
        where they have one, otherwise their absolute synaptic current; only if kept
    """

    seconds: float
    halves: Mapping[str, np.ndarray]
    spikes: Mapping[str, tuple[np.ndarray, np.ndarray]]
    field: Mapping[str, np.ndarray]
    field_rate: float

    def mean(self, address: str) -> float:
        """Return the population mean of an average."""
        return float(self.halves[address].mean())


@dataclass(frozen=True)
class Recorded:
    """A burst, with its spikes and field in a file.

    burst: without spikes and field; spikes, field: as of a burst, in a file
    """

    burst: Burst
    spikes: Mapping[str, tuple[Series, Series]]
    field: Mapping[str, Series]


@dataclass(frozen=True)
class NetworkState:
    """Full state of a network, from which it can continue exactly.

    arrays: by name, cells and synapses in global order; about: identity of the network, and its step
    """

    arrays: Mapping[str, np.ndarray]
    about: Mapping[str, Any]


class NetworkSource(ABC):
    """Interface of a maker of networks for a target that this layer does not know; it can be sent to a worker process.

    about: the properties that decide on the numbers of a network, in words
    """

    about: str

    @abstractmethod
    def network(self, model: ModelDefinition, seed: int) -> FastNetwork:
        """Build the cells of a model."""

    @abstractmethod
    def marks(self, models: Iterable[ModelDefinition]) -> list[str]:
        """Return hashes of everything but the models from which networks of some models are made."""


class FastNetwork(ABC):
    """Interface of a spiking network that keeps its state from burst to burst.

    report_burst: called every second with the progress of a burst, on targets that know it
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
        """Run a burst of any length with its field, like `burst`, and store spikes and field in a file.

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
        """Take the values of another model of the same cells and wiring.

        raises: InputError where the models differ in more than values, or the target cannot change any
        """
        raise InputError("network: this target cannot change values between bursts")

    def state(self) -> NetworkState | None:
        """Return the state from which a new process can continue exactly; None on targets that cannot give it."""
        return None

    def restore(self, state: NetworkState) -> None:
        """Continue from a state of the same network.

        raises: InputError where the state is of another network, or the target cannot restore one
        """
        raise InputError("checkpoint: only target cpp can be taken up from one")
