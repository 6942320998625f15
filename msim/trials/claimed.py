"""Trials of a store that several commands share: each is claimed, simulated, stored and released by one process."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress

from msim.base.endings import Failure, failure_of
from msim.base.errors import StorageError
from msim.base.file_lease import heartbeat, is_alive, take
from msim.base.made import make_own
from msim.executors.executor import STOPPED, Executor, ProgressEvent, Report, Stop, Stopped, Work
from msim.multiscale.trial_state import TrialState
from msim.recording.spool import SpoolFile
from msim.storage.checkpoints import read_checkpoint, remove_checkpoints, write_checkpoint
from msim.storage.trial_store import TrialStore, read_failure_record, remove_work, write_failure_record
from msim.trials.trial import Checkpoints

POLL = 1.0  # s


def run_all(work: Work, keys: Sequence[str], executor: Executor, report: Report) -> None:
    """Run trials to their last events, those that other commands run and do not finish among them."""
    last: dict[str, str] = {}

    def noted(news: ProgressEvent) -> None:
        last[news.key] = news.state
        report(news)

    todo = list(keys)
    while todo:
        executor.run(work, todo, noted)
        todo = _left_by_others(work, [key for key in todo if last.get(key) == "elsewhere"], noted)


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


def run_claimed(
    work: Work, store: TrialStore, key: str, stop: Stop, simulate: Callable[[], None]
) -> ProgressEvent:
    """Run a trial unless it is done, or another process has claimed it; keep any exception as its failure.

    simulate: runs it and stores what it comes to
    """
    known = work.outcome(key)
    if known is not None:
        return known
    try:
        if not take(store.claim(key)):
            return ProgressEvent(key, "elsewhere")
    except OSError as problem:
        return failed(store, key, problem)
    with heartbeat(store.claim(key)):
        try:
            simulate()
        except Exception as problem:  # the reason has to reach the user whatever it is
            if stop.asked:
                # On several ranks a signal ends a burst in its midst: nothing is wrong with the trial.
                raise Stopped(STOPPED) from problem
            return failed(store, key, problem, work.limits.memory)
    return ProgressEvent(key, "done")


def failed(store: TrialStore, key: str, problem: Exception, memory: int | None = None) -> ProgressEvent:
    """Record the reason and the traceback of a failure; where the disk is full, only the message has them.

    memory: B that the trial was allowed
    """
    found = failure_of(problem)
    reason = found.reason
    if memory is not None and found.kind == "memory":
        reason += f" (the trial may have no more than {memory / 1e6:g} MB of memory)"
    with suppress(OSError):
        if found.kind != "disk":
            remove_work(store, key)
    return record_failure(store, key, Failure(found.kind, reason), traceback.format_exc())


def record_failure(store: TrialStore, key: str, failure: Failure, trace: str = "") -> ProgressEvent:
    """Record a failure where the disk has room for it, and return the trial's last event; its checkpoint stays."""
    with suppress(OSError):
        write_failure_record(store, key, failure.reason, trace, failure.kind)
    return ProgressEvent(key, "failed", message=failure.reason, kind=failure.kind)


def failure_since(store: TrialStore, key: str, since: float) -> ProgressEvent | None:
    """Return the last event of a trial that has failed since a time by the clock of the store's folder."""
    record = read_failure_record(store, key) if store.failure(key).is_file() else {}
    if not record or float(record.get("time", 0.0)) < since:
        return None
    return ProgressEvent(key, "failed", message=str(record["reason"]), kind=str(record.get("kind", "unknown")))


def is_claimed(store: TrialStore, key: str) -> bool:
    """Return whether a living process runs a trial."""
    return store.claim(key).exists() and is_alive(store.claim(key))


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
