"""Run of a whole sweep: stored trials are left alone, trials of other processes are waited for, the rest is run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msim.base.file_lease import now_at
from msim.executors.executor import Executor, Limits, ProgressEvent, Report
from msim.storage.trial_store import TrialStore, done_keys, failed_keys, prepare, read_failure_record
from msim.sweep.plan import Plan
from msim.sweep.plan_files import write_plan
from msim.sweep.status import Status, status
from msim.sweep.work import Sweep

POLL = 1.0  # s


class DiskFull(Exception):
    """A full disk, on which no trial can be stored, so that no further trial runs."""


@dataclass(frozen=True)
class SweepResult:
    """Status of a sweep at its end; failures: reasons of failed trials, by key; kinds: as in msim.base.endings."""

    store: TrialStore
    status: Status
    failures: dict[str, str]
    kinds: frozenset[str] = frozenset()


def begin_sweep(plan: Plan, out: Path, limits: Limits) -> Sweep:
    """Write the plan of a sweep into its folder.

    raises: StorageError where the folder holds something else or cannot be written
    """
    store = prepare(out.resolve())
    return Sweep(store, write_plan(store, plan), limits, now_at(store.root))


def run_sweep(sweep: Sweep, executor: Executor, report: Report = lambda news: None) -> SweepResult:
    """Run all trials that are not done; failed ones of earlier commands are tried again, once.

    raises: DiskFull where nothing more can be stored
    """
    told: dict[str, ProgressEvent] = {}

    def noted(news: ProgressEvent) -> None:
        told[news.key] = news
        report(news)
        if news.kind == "disk":
            raise DiskFull(news.message)

    todo = _todo(sweep)
    while todo:
        executor.run(sweep, todo, noted)
        todo = _left_by_others(sweep, [key for key in todo if told.get(key, _NOTHING).state == "elsewhere"], noted)
    return result_of(sweep)


_NOTHING = ProgressEvent("", "pending")


def result_of(sweep: Sweep) -> SweepResult:
    """Return the status of a sweep, and the reasons of its failures."""
    failed = failed_keys(sweep.store) - done_keys(sweep.store)
    keys = dict.fromkeys(one.key for one in sweep.plan.trials if one.key in failed)
    records = {key: read_failure_record(sweep.store, key) for key in keys}
    reasons = {key: str(record["reason"]) for key, record in records.items()}
    kinds = frozenset(str(record.get("kind", "unknown")) for record in records.values())
    return SweepResult(sweep.store, status(sweep.store, sweep.plan), reasons, kinds)


def _todo(sweep: Sweep) -> list[str]:
    """Return the keys of the trials that are not done, each once."""
    done = done_keys(sweep.store)
    return list(dict.fromkeys(one.key for one in sweep.plan.trials if one.key not in done))


def _left_by_others(sweep: Sweep, elsewhere: Sequence[str], report: Report) -> list[str]:
    """Wait until no other process runs these trials.

    returns: those that were not finished, because their process was killed
    """
    waiting = list(elsewhere)
    left: list[str] = []
    while waiting and not left:
        time.sleep(POLL)
        still = []
        for key in waiting:
            claimed, news = sweep.is_claimed(key), sweep.outcome(key)
            if news is not None and not (claimed and news.state == "failed"):
                report(news)
            elif claimed:
                still.append(key)
            else:
                left.append(key)
        waiting = still
    return [*left, *waiting]
