"""Backends: what runs the spiking cells of a model, by the name of its target; msim's own, and of plug-ins."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msim.base.errors import InputError, nearest

if TYPE_CHECKING:
    from msim.backends.fast_network import FastNetwork
    from msim.definitions.models.model import ModelDefinition


@dataclass(frozen=True)
class Backend:
    """What runs the spiking cells of a model under one target.

    name: of the target, one word; meaning: in a few words
    build: makes the cells of a model, from it, a seed and the `Context` of the trial; imports what it needs
    require: refuses a machine that lacks what it needs, by an InputError; called before anything runs
    shares_cells: whether ranks can share the cells of a network, and their states can be in single precision
    compiles: whether the slow scale of its trials is compiled, too
    """

    name: str
    meaning: str
    build: Callable[..., FastNetwork]
    require: Callable[[], None] = lambda: None
    shares_cells: bool = False
    compiles: bool = False

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise InputError(f"backend: wants a name of letters, digits and underscores, got '{self.name}'")


def _compiled(model: ModelDefinition, seed: int, context: Any) -> FastNetwork:
    from msim.backends.cpp.column import CompiledColumn
    from msim.network.column_plan import column_plan

    plan = column_plan(model, seed)
    options = {name: getattr(context, name) for name in ("partition", "interval", "precision")}
    if context.ranks.size == 1:
        return CompiledColumn(plan, context.ranks, **options)
    from msim.backends.cpp.distributed import DistributedColumn

    return DistributedColumn(plan, context.ranks, options)


def _in_brian2(code: str, model: ModelDefinition, seed: int, context: Any) -> FastNetwork:
    from msim.backends.brian2_network import Brian2Network
    from msim.network.column_plan import column_plan

    return Brian2Network(column_plan(model, seed), code)


def _emulated(model: ModelDefinition, seed: int, context: Any) -> FastNetwork:
    if context.emulators is None:
        raise InputError("target 'emulator' wants the emulator of the model: fit one by msim emulator fit")
    network: FastNetwork = context.emulators.network(model, seed)
    return network


def _require_compiler(target: str) -> None:
    from msim.backends.cpp.build import compiler

    compiler(target)
    if target == "runtime" and not (Path(sysconfig.get_paths()["include"]) / "Python.h").is_file():
        raise InputError(
            "target 'runtime' compiles its kernels: no Python.h (on Debian: package python3-dev) found; "
            "--target numpy needs none, but is slow"
        )


BACKENDS = {
    one.name: one for one in (
        Backend("cpp", "msim's own engine, compiled from the equations", _compiled,
                partial(_require_compiler, "cpp"), shares_cells=True, compiles=True),
        Backend("runtime", "Brian2 with Cython", partial(_in_brian2, "cython"),
                partial(_require_compiler, "runtime")),
        Backend("numpy", "Brian2 without a compiler", partial(_in_brian2, "numpy")),
        Backend("emulator", "the mean-field emulator: no spikes, weeks in seconds", _emulated, compiles=True),
    )
}  # fmt: skip
RENAMED = {"twin": "emulator"}  # what a target was called before
_SAID = ", ".join(f"{name} ({one.meaning})" for name, one in BACKENDS.items())
TARGETS_HELP = f"What runs the spiking cells: {_SAID}, or a plug-in's."


def backends() -> dict[str, Backend]:
    """Return every backend by the name of its target: msim's own, and those of installed packages.

    raises: StartError for a package whose backends cannot be taken
    """
    from msim.base.plugins import plugins

    return {**BACKENDS, **plugins("msim.backends", Backend, tuple(BACKENDS), attrgetter("name"))}


def backend_of(target: str) -> Backend:
    """Return the backend of a target.

    raises: InputError that names the nearest known one
    """
    if target in RENAMED:
        raise InputError(f"target: '{target}' is called '{RENAMED[target]}' now")
    known = BACKENDS if target in BACKENDS else backends()
    if target not in known:
        raise InputError(f"target: unknown target '{target}'{nearest(target, known)}")
    return known[target]


def require_target(target: str) -> None:
    """Refuse a target that cannot run on this machine; to be called before anything runs.

    raises: InputError
    """
    backend_of(target).require()
