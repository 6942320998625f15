"""Settings of the execution of a trial: target, ranks and numerical settings, which no model file names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from msim.backends.fast_network import FastNetwork, NetworkSource
from msim.backends.mpi import SERIAL, RankGroup
from msim.backends.partition import PARTITIONS
from msim.backends.registry import backend_of
from msim.base.errors import InputError, nearest
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.models.model import ModelDefinition

PRECISIONS = ("double", "single")


@dataclass(frozen=True)
class Context:
    """Settings of how a trial runs.

    target: name of the backend that simulates the spiking cells
    precision: of the states of cells on target cpp; 'single' is faster and gives other spikes at like rates
    ranks: processes that share the cells of a trial on target cpp
    partition: sharing by 'cell', 'region' or 'round_robin'
    interval: steps between exchanges of spikes; the longest possible if None
    emulators: makes the networks of target emulator
    """

    target: str = "cpp"
    schedule: Schedule = field(default_factory=Schedule)
    precision: str = "double"
    ranks: RankGroup = SERIAL
    partition: str = "cell"
    interval: int | None = None
    emulators: NetworkSource | None = None

    def __post_init__(self) -> None:
        backend = backend_of(self.target)
        for name, known in (("precision", PRECISIONS), ("partition", PARTITIONS)):
            given = getattr(self, name)
            if given not in known:
                raise InputError(f"{name}: unknown {name} '{given}'{nearest(given, known)}")
        if not backend.shares_cells and (self.ranks.size > 1 or self.precision != "double"):
            raise InputError(f"target '{self.target}' knows one rank and double precision only; choose --target cpp")

    @property
    def about(self) -> str:
        """Return the settings that decide on the numbers of a trial, in words."""
        if self.emulators is not None:
            return f"emulator ({self.emulators.about})"
        return self.target if self.precision == "double" else f"{self.target} in {self.precision} precision"

    def identity(self, models: Iterable[ModelDefinition]) -> dict[str, Any]:
        """Return everything but definitions, seed and code that decides on the numbers of trials of some models.

        returns: plain values; ranks, partition and interval are not among them, as they change no number
        """
        emulators = self.emulators.marks(models) if self.emulators is not None else []
        return {
            "target": self.target, "precision": self.precision, "schedule": vars(self.schedule), "emulators": emulators
        }


def build_network(model: ModelDefinition, seed: int, context: Context) -> FastNetwork:
    """Build the spiking cells of a model on the target that the context names.

    raises: InputError where the target cannot run here
    """
    backend = backend_of(context.target)
    backend.require()
    return backend.build(model, seed, context)
