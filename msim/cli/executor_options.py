"""Options of commands that choose where trials run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msim.cli.options import core_count, validate_effective
from msim.executors.kinds import NAMES

if TYPE_CHECKING:
    from msim.backends.mpi import RankGroup
    from msim.executors.executor import Executor

ExecutorName = Annotated[str, typer.Option(
    "--executor", help=f"Where trials run: {', '.join(NAMES)}, or what another package brings."
)]  # fmt: skip
Workers = Annotated[int, typer.Option("--workers", min=0, help="Trials at a time; 0 takes all cores.")]
Ranks = Annotated[int, typer.Option(
    "--ranks", min=0, help="MPI ranks that share out each trial; starts mpiexec itself."
)]  # fmt: skip
Slurm = Annotated[list[str], typer.Option("--slurm", help="Of jobs: key=value, such as partition=long; repeatable.")]
Profile = Annotated[str, typer.Option("--profile", help="A TOML file with keys of --slurm.")]
Scheduler = Annotated[str, typer.Option(
    "--scheduler", help="Of Dask: its address, such as tcp://10.0.0.1:8786."
)]  # fmt: skip


@contextmanager
def executor_and_ranks(
    name: str, given: Mapping[str, Any], check: Callable[[], None] = lambda: None, memory: int | None = None
) -> Iterator[tuple[Executor | None, RankGroup]]:
    """Yield the executor with a name, as options ask for it, and the ranks that share out each trial.

    given: options by the names of fields of ExecutorOptions; those without a value are not given
    check: called before ranks are started; raises where the trials are impossible on them
    memory: B that a trial may take
    returns: an executor of None in a process that has only served others
    """
    from msim.backends.mpi import SERIAL
    from msim.cli.ranks import shared_out
    from msim.executors.registry import ExecutorOptions, executor_kind

    kind = executor_kind(name)
    for option, value in given.items():
        if value and option not in kind.takes:
            validate_effective(f"--{option}", value, f"--executor {name} does not take it")
    _validate_workers(given["workers"], given.get("ranks", 0))
    # Ranks of a pool hand out trials, and so do those of a command that cannot share its trials out.
    with shared_out(given["ranks"], check) if "ranks" in given and not kind.of_ranks else nullcontext(SERIAL) as ranks:
        _validate_workers(given["workers"], ranks.size)
        options = {**given, "workers": given["workers"] or core_count(), "ranks": ranks, "memory": memory}
        with kind.start(ExecutorOptions(**options)) as executor:
            yield executor, ranks


def _validate_workers(workers: int, ranks: int) -> None:
    """Refuse --workers with several ranks."""
    if workers and ranks > 1:
        validate_effective("--workers", workers, f"{ranks} ranks share out one trial after the other")


@contextmanager
def chosen_executor(name: str, given: Mapping[str, Any]) -> Iterator[Executor | None]:
    """Yield the executor with a name for trials that no ranks share; see `executor_and_ranks`."""
    with executor_and_ranks(name, given) as (executor, _):
        yield executor
