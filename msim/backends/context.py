"""Settings of the execution of a trial: target, ranks and numerical settings, which no model file names."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msim.backends.fast_network import FastNetwork, NetworkSource
from msim.backends.mpi import SERIAL, RankGroup
from msim.backends.partition import PARTITIONS
from msim.base.errors import InputError, nearest
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.models.model import ModelDefinition

TARGETS = ("cpp", "runtime", "numpy", "emulator")
RENAMED = {"twin": "emulator"}  # what a target was called before
PRECISIONS = ("double", "single")


@dataclass(frozen=True)
class Context:
    """Settings of how a trial runs.

    target: code that simulates the spiking cells: 'cpp' is msim's own engine, 'runtime' Brian2 with Cython,
        'numpy' Brian2 without a compiler, 'emulator' surfaces that were fitted to bursts before (no spikes)
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
        for name, known in (("target", TARGETS), ("precision", PRECISIONS), ("partition", PARTITIONS)):
            given = getattr(self, name)
            if given in RENAMED:
                raise InputError(f"{name}: '{given}' is called '{RENAMED[given]}' now")
            if given not in known:
                raise InputError(f"{name}: unknown {name} '{given}'{nearest(given, known)}")
        if self.target != "cpp" and (self.ranks.size > 1 or self.precision != "double"):
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


def require_compiler(target: str) -> None:
    """Refuse a target that compiles its kernels where nothing can; to be called before anything runs.

    raises: InputError
    """
    if target not in ("cpp", "runtime"):
        return
    from msim.backends.cpp.build import compiler

    compiler(target)
    if target == "runtime" and not (Path(sysconfig.get_paths()["include"]) / "Python.h").is_file():
        raise InputError(
            "target 'runtime' compiles its kernels: no Python.h (on Debian: package python3-dev) found; "
            "--target numpy needs none, but is slow"
        )


def build_network(model: ModelDefinition, seed: int, context: Context, *later: ModelDefinition) -> FastNetwork:
    """Build the spiking cells of a model on the target that the context names.

    later: models whose values the network is to take later in the trial
    raises: InputError where the target cannot run here
    """
    if context.target == "cpp":
        return _compiled(model, seed, context)
    if context.target == "emulator":
        if context.emulators is None:
            raise InputError("target 'emulator' wants the emulator of the model: fit one by msim emulator fit")
        return context.emulators.network(model, seed)
    from msim.backends.brian2_network import RuntimeNetwork

    require_compiler(context.target)
    return RuntimeNetwork(model, seed, "cython" if context.target == "runtime" else "numpy", later)


def _compiled(model: ModelDefinition, seed: int, context: Context) -> FastNetwork:
    from msim.backends.cpp.column import CompiledColumn
    from msim.network.column_plan import column_plan

    plan = column_plan(model, seed)
    options: dict[str, Any] = {name: getattr(context, name) for name in ("partition", "interval", "precision")}
    if context.ranks.size == 1:
        return CompiledColumn(plan, context.ranks, **options)
    from msim.backends.cpp.distributed import DistributedColumn

    return DistributedColumn(plan, context.ranks, options)
