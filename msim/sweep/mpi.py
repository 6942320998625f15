"""Executor 'mpi': a trial on each rank but the first, or each trial shared between all ranks."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msim.backends.mpi import RankGroup, started_by_mpi, validate_same_codes
from msim.base.errors import InputError
from msim.storage.trial_store import TrialStore
from msim.sweep.local import DiskFull, LocalExecutor
from msim.sweep.one_trial import Stop, past_limit, run_trial
from msim.sweep.plan import Trial
from msim.sweep.plan_files import read_plan
from msim.sweep.settings import ProgressEvent, Report, Settings, Sweep
from msim.trials.workers import Stopped

_plan_once = functools.lru_cache(maxsize=2)(read_plan)


@contextmanager
def pool_of_ranks() -> Iterator[Any]:
    """Yield the ranks that mpiexec started as a pool; None on all but the first, which work for it until the pool ends.

    raises: InputError where there are fewer than two, StartError where one runs other code
    """
    if not started_by_mpi():
        raise InputError("--executor mpi: start it with mpiexec -n N msim sweep ..., N of 2 or more")
    from mpi4py import MPI
    from mpi4py.futures import MPICommExecutor

    if MPI.COMM_WORLD.Get_size() < 2:
        raise InputError("--executor mpi: wants 2 ranks or more, as the first one only hands out; got 1")
    validate_same_codes(RankGroup.of(MPI.COMM_WORLD))
    with MPICommExecutor(MPI.COMM_WORLD, root=0) as pool:
        yield pool


@dataclass
class MpiExecutor:
    """Executor on the ranks of a pool, each trial in a process of its own; a killed process loses only its trial."""

    pool: Any

    def run(self, sweep: Sweep, trials: Sequence[Trial], report: Report) -> None:
        """Run trials; see Executor.

        raises: DiskFull where nothing more can be stored
        """
        where = (sweep.store.root.resolve(), sweep.plan_file.resolve(), sweep.settings, sweep.since)
        futures = [self.pool.submit(_on_rank, *where, sweep.plan.number(one)) for one in trials]
        for one in as_completed(futures):
            news = one.result()
            report(news)
            if news.disk_is_full:
                for other in futures:
                    other.cancel()
                raise DiskFull(news.message)


def _on_rank(root: Path, plan_file: Path, settings: Settings, since: float, number: int) -> ProgressEvent:
    plan = _plan_once(plan_file)
    told: list[ProgressEvent] = []
    try:
        sweep = Sweep(TrialStore(root), plan, plan_file, settings, since)
        LocalExecutor(1).run(sweep, [plan.trials[number]], told.append)
    except DiskFull:
        pass  # the last news says so
    return told[-1]


@dataclass
class SharedExecutor:
    """Executor of one trial after the other, each shared between all ranks."""

    ranks: RankGroup

    def run(self, sweep: Sweep, trials: Sequence[Trial], report: Report) -> None:
        """Run trials; see Executor.

        raises: DiskFull where nothing more can be stored
        """
        for one in trials:
            news = self._within_limit(sweep, one, report)
            report(news)
            if news.disk_is_full:
                raise DiskFull(news.message)

    def _within_limit(self, sweep: Sweep, trial: Trial, report: Report) -> ProgressEvent:
        """Run a trial, and end it after a burst with a failure where it takes longer than its limit."""
        limit = sweep.settings.limit
        if limit is None:
            return run_trial(sweep, trial, report, ranks=self.ranks)
        stop = Stop()
        timer = threading.Timer(limit, stop.ask)
        timer.daemon = True
        timer.start()
        try:
            return run_trial(sweep, trial, report, stop, self.ranks)
        except Stopped:
            return past_limit(sweep, trial)
        finally:
            timer.cancel()
