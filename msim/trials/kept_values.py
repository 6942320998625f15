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

from msim.base.endings import Failure
from msim.base.errors import StorageError
from msim.base.file_lease import now_at
from msim.base.made import make_shared, shared_as
from msim.executors.executor import Executor, Limits, ProgressEvent
from msim.storage.trial_store import CLAIMS, FAILED, WORK, TrialStore, place_file
from msim.trials.claimed import Attempt, ClaimedWork, run_all

Report = Callable[[str, int, int, str], None]  # 'kept', 'done' or a failure's kind, how many of how many, a word


class Job(Protocol):
    """Interface of a trial of which values are kept; all that a process needs for it can be pickled."""

    @property
    def key(self) -> str:
        """Return the text of the trial's `TrialKey`."""

    def values(self, attempt: Attempt) -> Any:
        """Run the trial and return its values as plain JSON."""

    def holds(self, kept: Any) -> bool:
        """Return whether kept values are all that this trial is to give."""


@dataclass(frozen=True)
class KeptTrials:
    """Trials of which values are kept; see `Trials`. jobs: by key."""

    folder: Path
    jobs: Mapping[str, Job]
    target: str

    def is_stored(self, key: str) -> bool:
        """Return whether the values of a trial are kept."""
        return kept_values(self.folder, self.jobs[key]) is not None

    def simulate(self, key: str, attempt: Attempt) -> None:
        """Run a trial and keep its values."""
        keep_values(self.folder, key, self.jobs[key].values(attempt))


def kept_work(jobs: Mapping[str, Job], target: str, folder: Path, limits: Limits = Limits()) -> ClaimedWork:
    """Return trials of which values are kept as the work of executors, and make their folder; jobs: by key.

    raises: StorageError where the folder cannot be written
    """
    return ClaimedWork(TrialStore(folder), KeptTrials(folder, jobs, target), limits, _prepared(folder))


def run_kept(
    jobs: Mapping[str, Job], target: str, folder: Path, executor: Executor, report: Report = lambda *news: None
) -> dict[str, Failure]:
    """Run the trials that a folder does not hold yet, and return the failures by key.

    jobs: by key
    raises: StorageError where the folder cannot be written; DiskFullError where there is no room for more
    """
    work = kept_work(jobs, target, folder)
    todo = [key for key in jobs if work.outcome(key) is None]
    ended = len(jobs) - len(todo)
    report("kept", ended, len(jobs), "")

    def noted(news: ProgressEvent) -> None:
        nonlocal ended
        if news.state in ("done", "failed"):
            ended += 1
            report(news.kind or "done", ended, len(jobs), news.message)

    return run_all(work, todo, executor, noted)


def _prepared(folder: Path) -> float:
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
