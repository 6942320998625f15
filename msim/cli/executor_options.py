"""Options of commands that choose where trials run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msim.cli.options import core_count, validate_effective
from msim.executors.kinds import NAMES

if TYPE_CHECKING:
    from msim.executors.executor import Executor
    from msim.executors.registry import ExecutorKind

EXECUTOR = f"Where trials run: {', '.join(NAMES)}, or what another package brings."
SLURM = "Of jobs: key=value, such as partition=long; repeatable."
PROFILE = "A TOML file with keys of --slurm."
SCHEDULER = "Of Dask: its address, such as tcp://10.0.0.1:8786."


def kind_of_executor(name: str, given: Mapping[str, Any]) -> ExecutorKind:
    """Return the kind of executor with a name, and refuse options that would have no effect on it.

    given: options by the names of fields of ExecutorOptions; those without a value are not given
    """
    from msim.executors.registry import executor_kind

    kind = executor_kind(name)
    for option, value in given.items():
        if value and option not in kind.takes:
            validate_effective(f"--{option}", value, f"--executor {name} does not take it")
    return kind


@contextmanager
def chosen_executor(name: str, given: Mapping[str, Any]) -> Iterator[Executor | None]:
    """Yield the executor with a name, as options ask for it; None in a process that has only served others."""
    from msim.executors.registry import ExecutorOptions

    kind = kind_of_executor(name, given)
    with kind.start(ExecutorOptions(**{**given, "workers": given["workers"] or core_count()})) as executor:
        yield executor
