"""Where and how a trial runs: target and numerical settings that no model file names."""

from __future__ import annotations

import os
import shutil
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

from msim.base.errors import InputError, nearest
from msim.coupling.schedule import Schedule
from msim.definitions.model import ModelDefinition
from msim.engine.network import FastNetwork

TARGETS = ("runtime", "numpy")


@dataclass(frozen=True)
class Context:
    """How to run.

    target: what code runs the spiking cells: 'runtime' is Brian2 with Cython, 'numpy' Brian2 without a compiler
    """

    target: str = "runtime"
    schedule: Schedule = field(default_factory=Schedule)

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise InputError(f"target: unknown target '{self.target}'{nearest(self.target, TARGETS)}")


def _require_compiler() -> None:
    compiler = os.environ.get("CXX", "g++").split()[0]
    if shutil.which(compiler) is None:
        missing = f"no C++ compiler '{compiler}'"
    elif not (Path(sysconfig.get_paths()["include"]) / "Python.h").is_file():
        missing = "no Python.h (on Debian: package python3-dev)"
    else:
        return
    raise InputError(f"target 'runtime' compiles its kernels: {missing} found; --target numpy needs none, but is slow")


def build_network(model: ModelDefinition, seed: int, context: Context) -> FastNetwork:
    """The spiking cells of a model on the target that the context names."""
    from msim.engine.runtime import RuntimeNetwork

    if context.target == "runtime":
        _require_compiler()
    return RuntimeNetwork(model, seed, code="cython" if context.target == "runtime" else "numpy")
