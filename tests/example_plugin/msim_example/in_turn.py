"""An executor: one trial after the other, in the process of the command itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msim.backends.mpi import SERIAL
from msim.executors.executor import Report, Stop, Work
from msim.executors.registry import ExecutorKind, ExecutorOptions


class InTurn:
    """Executor of one trial after the other."""

    def run(self, work: Work, keys: Sequence[str], report: Report) -> None:
        """Run the trials with these keys, and report the last event of each."""
        for key in keys:
            report(work.run(key, report, Stop(), SERIAL))


@contextmanager
def start(_: ExecutorOptions) -> Iterator[InTurn]:
    """Yield the executor; what it opens, such as a pool, is closed after the yield."""
    yield InTurn()


IN_TURN = ExecutorKind(start)
