"""Trials of which some values are kept: one JSON file each under the trial's key, beside claims and failures.

Commands that share a folder share the work: each trial is claimed by one of them, and taken up from its checkpoint by
another where that one is killed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from msim.backends.mpi import RankGroup
from msim.base.endings import Failure
from msim.base.errors import StorageError
from msim.base.file_lease import now_at
from msim.base.made import make_shared, shared_as
from msim.executors.executor import Executor, Limits, ProgressEvent
from msim.executors.executor import Report as EventReport
from msim.executors.executor import Stop
from msim.storage.trial_store import CLAIMS, FAILED, WORK, TrialStore, place_file, remove_work
from msim.trials.claimed import claimed_checkpoints, failure_since, is_claimed, record_failure, run_all, run_claimed
from msim.trials.trial import Checkpoints

Report = Callable[[str, int, int, str], None]  # 'kept', 'done' or a failure's kind, how many of how many, a word


class Job(Protocol):
    """Interface of a trial of which values are kept; all that a process needs for it can be pickled."""

    @property
    def key(self) -> str:
        """Return the text of the trial's `TrialKey`."""

    def values(
        self, ranks: RankGroup, progress: Callable[[float], None], checkpoints: Checkpoints, folder: Path
    ) -> Any:
        """Run the trial and return its values as plain JSON.

        progress: called with the time reached, s; folder: for what is too large for memory
        """

    def holds(self, kept: Any) -> bool:
        """Return whether kept values are all that this trial is to give."""


@dataclass(frozen=True)
class KeptWork:
    """Trials of which values are kept, as the work of executors; see `Work`.

    jobs: by key; since: begin of this command in s, by the clock of the folder
    """

    folder: Path
    jobs: Mapping[str, Job]
    target: str
    since: float
    limits: Limits = Limits()

    @property
    def store(self) -> TrialStore:
        """Return the store of failures, claims and checkpoints; values lie beside them."""
        return TrialStore(self.folder)

    def run(self, key: str, report: EventReport, stop: Stop, ranks: RankGroup) -> ProgressEvent:
        """Run a trial in this process and keep its values; see `Work`."""
        return run_claimed(self, self.store, key, stop, lambda: self._simulated(key, report, stop, ranks))

    def _simulated(self, key: str, report: EventReport, stop: Stop, ranks: RankGroup) -> None:
        def progress(time: float) -> None:
            stop.leapt()
            report(ProgressEvent(key, "running", float(time)))

        checkpoints = claimed_checkpoints(self.store, key, self.limits.checkpoint_every, stop)
        keep_values(self.folder, key, self.jobs[key].values(ranks, progress, checkpoints, self.folder / WORK))
        self.store.failure(key).unlink(missing_ok=True)
        remove_work(self.store, key)

    def fail(self, key: str, failure: Failure) -> ProgressEvent:
        """Record the failure of a trial, whose checkpoint stays."""
        return record_failure(self.store, key, failure)

    def outcome(self, key: str) -> ProgressEvent | None:
        """Return what the folder has of a trial since this command began."""
        done = kept_values(self.folder, self.jobs[key]) is not None
        return ProgressEvent(key, "done") if done else failure_since(self.store, key, self.since)

    def is_claimed(self, key: str) -> bool:
        """Return whether a living process runs a trial."""
        return is_claimed(self.store, key)


def run_kept(
    jobs: Mapping[str, Job], target: str, folder: Path, executor: Executor, report: Report = lambda *news: None
) -> dict[str, Failure]:
    """Run the trials that a folder does not hold yet, and return the failures by key.

    jobs: by key
    raises: StorageError where the folder cannot be written
    """
    work = KeptWork(folder, jobs, target, prepared(folder))
    todo = [key for key in jobs if work.outcome(key) is None]
    failures: dict[str, Failure] = {}
    ended = len(jobs) - len(todo)
    report("kept", ended, len(jobs), "")

    def noted(news: ProgressEvent) -> None:
        nonlocal ended
        if news.state not in ("done", "failed"):
            return
        ended += 1
        if news.state == "failed":
            failures[news.key] = Failure(news.kind, news.message)
        report(news.kind or "done", ended, len(jobs), news.message)

    run_all(work, todo, executor, noted)
    return failures


def prepared(folder: Path) -> float:
    """Make the folder of trials, and return the time in s by its clock.

    raises: StorageError where it cannot be written
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (FAILED, CLAIMS, WORK):
            make_shared(folder / name)
        return now_at(folder)
    except OSError as problem:
        raise StorageError(f"{folder}: cannot be written: {problem.strerror}") from None


def keep_values(folder: Path, key: str, values: Any) -> None:
    """Write the values of a trial, in one step."""
    path = folder / f"{key}.json"
    place_file(path, json.dumps(values).encode())
    shared_as(folder, path)


def kept_values(folder: Path, job: Job) -> Any:
    """Return the kept values of a trial; None where there are none, or fewer than it is to give."""
    try:
        found = json.loads((folder / f"{job.key}.json").read_text(encoding="utf-8"))
        return found if job.holds(found) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def values_of(folder: Path, job: Job) -> Any:
    """Return the kept values of a finished trial.

    raises: StorageError where they are gone
    """
    found = kept_values(folder, job)
    if found is None:
        raise StorageError(f"{folder}: values of trial {job.key} cannot be read any more")
    return found
