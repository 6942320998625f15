"""Trials of a store that several commands share: each is claimed, simulated, stored and released by one process.

Runs, sweeps, evidence, calibration and studies differ in what their trials are and where results go (`Trials`); all
else about a trial is here.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msim.backends.context import Context
from msim.backends.mpi import RankGroup
from msim.backends.progress import BurstProgress
from msim.base.endings import WORDS, Failure, failure_of
from msim.base.errors import DiskFullError, StorageError
from msim.base.file_lease import heartbeat, is_alive, take
from msim.base.made import make_own
from msim.definitions.experiments.definition import Arm, ExperimentDefinition
from msim.executors.executor import STOPPED, Executor, Limits, ProgressEvent, Report, Stop, Stopped, Work
from msim.multiscale.trial_state import TrialState
from msim.recording.spool import SpoolFile
from msim.storage.checkpoints import read_checkpoint, remove_checkpoints, write_checkpoint
from msim.storage.trial_store import WORK, TrialStore, read_failure_record, remove_work, write_failure_record
from msim.trials.trial import Checkpoints, Journal, simulate_trial

if TYPE_CHECKING:
    import xarray as xr

POLL = 1.0  # s


@dataclass(frozen=True)
class Attempt:
    """An attempt at a claimed trial in this process.

    ranks: that share its cells; checkpoints: that it goes on from, and writes
    progress: called with the time reached, s; report_burst: called every second with the progress of a burst
    folder: for what is too large for memory
    """

    ranks: RankGroup
    checkpoints: Checkpoints
    progress: Callable[[float], None]
    report_burst: Callable[[BurstProgress], None]
    folder: Path

    def simulate(
        self, experiment: ExperimentDefinition, arm: Arm, seed: int, context: Context,
        journal: Journal | None = None,
    ) -> dict[str, xr.Dataset]:  # fmt: skip
        """Simulate the trial and return its datasets; journal: as `simulate_trial` has it.

        raises: Stopped after a request to stop, once there is a checkpoint
        """
        self.progress(experiment.begin)
        return simulate_trial(
            experiment, arm, seed, replace(context, ranks=self.ranks), self.progress, journal, self.checkpoints,
            self.report_burst, self.folder,
        )  # fmt: skip


class Trials(Protocol):
    """Interface of the trials of a command, by key: what they are, and where results go; pickled to reach processes."""

    @property
    def target(self) -> str:
        """Return what code runs the cells, as `Context.target` names it."""

    def is_stored(self, key: str) -> bool:
        """Return whether a trial is done and stored."""

    def simulate(self, key: str, attempt: Attempt) -> None:
        """Simulate a claimed trial and store it in one step.

        raises: Stopped after a request to stop, once there is a checkpoint
        """


@dataclass(frozen=True)
class ClaimedWork:
    """Trials as the work of executors; see `Work`.

    store: of claims, failures and checkpoints; since: begin of this command, s by the clock of the store's folder
    """

    store: TrialStore
    trials: Trials
    limits: Limits = Limits()
    since: float = 0.0

    @property
    def target(self) -> str:
        """Return what code runs the cells."""
        return self.trials.target

    def run(self, key: str, report: Report, stop: Stop, ranks: RankGroup) -> ProgressEvent:
        """Run a trial unless it is done, or another process has claimed it; keep any exception as its failure."""
        known = self.outcome(key)
        if known is not None:
            return known
        try:
            if not take(self.store.claim(key)):
                return ProgressEvent(key, "elsewhere")
        except OSError as problem:
            return failed(self.store, key, problem)
        with heartbeat(self.store.claim(key)):
            try:
                self.trials.simulate(key, _attempt(self, key, report, stop, ranks))
            except Exception as problem:  # the reason has to reach the user whatever it is
                if stop.asked:
                    # On several ranks a signal ends a burst in its midst: nothing is wrong with the trial.
                    raise Stopped(STOPPED) from problem
                return failed(self.store, key, problem, self.limits.memory)
            self.store.failure(key).unlink(missing_ok=True)
            remove_work(self.store, key)
        return ProgressEvent(key, "done")

    def fail(self, key: str, failure: Failure) -> ProgressEvent:
        """Record the failure of a trial, whose checkpoint stays."""
        return _record_failure(self.store, key, failure)

    def outcome(self, key: str) -> ProgressEvent | None:
        """Return what the store has of a trial since this command began."""
        if self.trials.is_stored(key):
            return ProgressEvent(key, "done")
        record = read_failure_record(self.store, key) if self.store.failure(key).is_file() else {}
        if not record or float(record.get("time", 0.0)) < self.since:
            return None
        return ProgressEvent(key, "failed", message=str(record["reason"]), kind=str(record.get("kind", "unknown")))

    def is_claimed(self, key: str) -> bool:
        """Return whether a living process runs a trial."""
        return self.store.claim(key).exists() and is_alive(self.store.claim(key))


def run_all(work: Work, keys: Sequence[str], executor: Executor, report: Report) -> dict[str, Failure]:
    """Run trials to their last events, those that other commands run and do not finish among them.

    returns: the failures by key
    raises: DiskFullError where nothing more can be stored, so that no further trial runs
    """
    last: dict[str, ProgressEvent] = {}

    def noted(news: ProgressEvent) -> None:
        last[news.key] = news
        report(news)
        if news.kind == "disk":
            why = news.message.removeprefix(WORDS["disk"])
            raise DiskFullError(f"the disk is full ({why}); finished trials are kept, the same command goes on")

    todo = list(keys)
    while todo:
        executor.run(work, todo, noted)
        todo = _left_by_others(work, [key for key in todo if key in last and last[key].state == "elsewhere"], noted)
    return {key: Failure(news.kind, news.message) for key, news in last.items() if news.state == "failed"}


def _left_by_others(work: Work, elsewhere: Sequence[str], report: Report) -> list[str]:
    """Wait until no other process runs these trials.

    returns: those that were not finished, because their process was killed
    """
    waiting = list(elsewhere)
    left: list[str] = []
    while waiting and not left:
        time.sleep(POLL)
        still = []
        for key in waiting:
            claimed, news = work.is_claimed(key), work.outcome(key)
            if news is not None and not (claimed and news.state == "failed"):
                report(news)
            elif claimed:
                still.append(key)
            else:
                left.append(key)
        waiting = still
    return [*left, *waiting]


def failed(store: TrialStore, key: str, problem: Exception, memory: int | None = None) -> ProgressEvent:
    """Record the reason and the traceback of a failure; where the disk is full, only the message has them.

    The checkpoint stays where the trial may end otherwise next time, as with more memory, or another state of the disk.
    memory: B that the trial was allowed
    """
    found = failure_of(problem)
    reason = found.reason
    if memory is not None and found.kind == "memory":
        reason += f" (the trial may have no more than {memory / 1e6:g} MB of memory)"
    if found.kind in ("raised", "refused") and not isinstance(problem, OSError):
        with suppress(OSError):
            remove_work(store, key)
    return _record_failure(store, key, Failure(found.kind, reason), traceback.format_exc())


def _record_failure(store: TrialStore, key: str, failure: Failure, trace: str = "") -> ProgressEvent:
    """Record a failure where the disk has room for it, and return the trial's last event; its checkpoint stays."""
    with suppress(OSError):
        write_failure_record(store, key, failure.reason, trace, failure.kind)
    return ProgressEvent(key, "failed", message=failure.reason, kind=failure.kind)


def _attempt(work: ClaimedWork, key: str, report: Report, stop: Stop, ranks: RankGroup) -> Attempt:
    reached = 0.0

    def progress(time: float) -> None:
        nonlocal reached
        reached = float(time)
        stop.leapt()
        report(ProgressEvent(key, "running", reached))

    def report_burst(now: BurstProgress) -> None:
        text = f"{now.done:.1f} of {now.total:.1f} s of spikes, {now.speed:.2g} s/s, {now.left:.0f} s left"
        report(ProgressEvent(key, "running", reached, text))

    checkpoints = claimed_checkpoints(work.store, key, work.limits.checkpoint_every, stop)
    return Attempt(ranks, checkpoints, progress, report_burst, work.store.root / WORK)


def claimed_checkpoints(store: TrialStore, key: str, every: float, stop: Stop) -> Checkpoints:
    """Return the checkpoints of a trial; a damaged one is removed, and the trial begins anew.

    every: s of the clock on the wall between two
    """
    root = store.work(key) / "checkpoints"

    def read(file: SpoolFile) -> TrialState | None:
        try:
            found = read_checkpoint(root, file)
        except StorageError:
            remove_checkpoints(root)
            return None
        return None if found is None else TrialState(*found)

    def write(state: TrialState) -> None:
        # Where the disk is full the trial goes on without.
        with suppress(OSError):
            make_own(store.work(key))
            write_checkpoint(root, state.arrays, state.about)
        if stop.asked:
            raise Stopped(STOPPED)

    return Checkpoints(read, write, every, lambda: stop.asked)
