"""Execution of one trial after the other in this process, each shared between all ranks that mpiexec started."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from msim.backends.mpi import RankGroup
from msim.executors.executor import ProgressEvent, Report, Stop, Stopped, Work, past_limit


@dataclass
class SharedExecutor:
    """Executor of one trial after the other on all ranks."""

    ranks: RankGroup

    def run(self, work: Work, keys: Sequence[str], report: Report) -> None:
        """Run trials; see Executor."""
        for key in keys:
            report(self._within_limit(work, key, report))

    def _within_limit(self, work: Work, key: str, report: Report) -> ProgressEvent:
        """Run a trial, and end it after a burst with a failure where it takes longer than its limit."""
        stop = Stop()
        if work.limits.limit is None:
            return work.run(key, report, stop, self.ranks)
        timer = threading.Timer(work.limits.limit, stop.ask)
        timer.daemon = True
        timer.start()
        try:
            return work.run(key, report, stop, self.ranks)
        except Stopped:
            return work.fail(key, past_limit(work.limits))
        finally:
            timer.cancel()
