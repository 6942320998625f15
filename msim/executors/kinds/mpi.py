"""Executor 'mpi': a trial on each rank but the first, which hands out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from msim.backends.mpi import RankGroup, started_by_mpi, validate_same_codes
from msim.base.errors import InputError
from msim.executors.executor import ProgressEvent, Report, SentWork, Work, sent
from msim.executors.kinds.local import run_alone
from msim.executors.registry import ExecutorKind, ExecutorOptions


@contextmanager
def _start(_: ExecutorOptions) -> Iterator[MpiExecutor | None]:
    """Yield an executor on the ranks that mpiexec started; None on all but the first, which work until it ends.

    raises: InputError where there are fewer than two, StartError where one runs other code
    """
    if not started_by_mpi():
        raise InputError("--executor mpi: start it with mpiexec -n N msim ..., N of 2 or more")
    from mpi4py import MPI
    from mpi4py.futures import MPICommExecutor

    if MPI.COMM_WORLD.Get_size() < 2:
        raise InputError("--executor mpi: wants 2 ranks or more, as the first one only hands out; got 1")
    validate_same_codes(RankGroup.of(MPI.COMM_WORLD))
    with MPICommExecutor(MPI.COMM_WORLD, root=0) as pool:
        yield None if pool is None else MpiExecutor(pool)


@dataclass
class MpiExecutor:
    """Executor on the ranks of a pool, each trial in a process of its own; a killed process loses only its trial."""

    pool: Any

    def run(self, work: Work, keys: Sequence[str], report: Report) -> None:
        """Run trials; see Executor."""
        parcel = sent(work)
        futures = [self.pool.submit(_on_rank, parcel, key) for key in keys]
        try:
            for one in as_completed(futures):
                report(one.result())
        except BaseException:
            for other in futures:
                other.cancel()
            raise


def _on_rank(parcel: SentWork, key: str) -> ProgressEvent:
    return run_alone(parcel, key, "a rank")


EXECUTOR = ExecutorKind(_start, of_ranks=True)
