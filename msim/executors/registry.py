"""Executors by name: those that come with msim, and those of other packages."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec

from msim.backends.mpi import SERIAL, RankGroup
from msim.base.errors import InputError, nearest
from msim.base.plugins import plugins
from msim.executors import kinds
from msim.executors.executor import Executor


@dataclass(frozen=True)
class ExecutorOptions:
    """Options of the command line that concern executors.

    workers: trials at a time; ranks: processes that mpiexec started, which share each trial
    memory: B that a trial may take; slurm, profile: request to Slurm; scheduler: address of a scheduler
    """

    workers: int = 1
    ranks: RankGroup = SERIAL
    memory: int | None = None
    slurm: Sequence[str] = ()
    profile: str = ""
    scheduler: str = ""


@dataclass(frozen=True)
class ExecutorKind:
    """A kind of executor. What it needs of other packages is imported by `start` and later, never before.

    start: from the options, returns a context of the executor; the context gives None in a process that only served
        the first one, and has ended when that is
    takes: fields of ExecutorOptions that have an effect on it, beside memory; others are refused where they are given
    of_ranks: whether it gives each rank that mpiexec started trials of its own; ranks share each trial otherwise
    package: that is imported, and has to be installed; install: what pip installs it by
    """

    start: Callable[[ExecutorOptions], AbstractContextManager[Executor | None]]
    takes: tuple[str, ...] = ()
    of_ranks: bool = False
    package: str = ""
    install: str = ""


@functools.cache
def executors() -> dict[str, ExecutorKind]:
    """Return all kinds of executors by name: msim's own, and those of installed packages.

    raises: StartError for a package whose executors cannot be taken
    """
    found = {name: importlib.import_module(f"{kinds.__name__}.{name}").EXECUTOR for name in kinds.NAMES}
    return found | plugins("msim.executors", ExecutorKind, kinds.NAMES)


def executor_kind(name: str) -> ExecutorKind:
    """Return the kind of executor with a name.

    raises: InputError for an unknown name, and where the package that it needs is not installed
    """
    if name not in executors():
        raise InputError(f"--executor: unknown executor '{name}'{nearest(name, executors())}")
    kind = executors()[name]
    if kind.package and find_spec(kind.package) is None:
        raise InputError(f"--executor {name} wants {kind.package}: pip install '{kind.install}'")
    return kind
