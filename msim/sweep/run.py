"""Run of a whole sweep: stored trials are left alone, trials of other processes are waited for, the rest is run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msim.base.file_lease import is_alive, now_at
from msim.storage.trial_store import TrialStore, done_keys, failed_keys, prepare, read_failure_record
from msim.sweep.plan import Plan, Trial
from msim.sweep.plan_files import write_plan
from msim.sweep.settings import Executor, ProgressEvent, Report, Settings, Sweep
from msim.sweep.status import Status, status

POLL = 1.0  # s


@dataclass(frozen=True)
class SweepResult:
    """Status of a sweep at its end; failures: reasons of failed trials, by key; kinds: as in msim.base.endings."""

    store: TrialStore
    status: Status
    failures: dict[str, str]
    kinds: frozenset[str] = frozenset()


def begin_sweep(plan: Plan, out: Path, settings: Settings) -> Sweep:
    """Write the plan of a sweep into its folder.

    raises: StorageError where the folder holds something else or cannot be written
    """
    store = prepare(out)
    return Sweep(store, plan, write_plan(store, plan), settings, now_at(store.root))


def run_sweep(sweep: Sweep, executor: Executor, report: Report = lambda news: None) -> SweepResult:
    """Run all trials that are not done; failed ones of earlier commands are tried again, once."""
    told: dict[str, ProgressEvent] = {}

    def noted(news: ProgressEvent) -> None:
        told[news.key] = news
        report(news)

    todo = _todo(sweep)
    while todo:
        executor.run(sweep, todo, noted)
        todo = _left_by_others(sweep, [one for one in todo if told.get(one.key, _NOTHING).state == "elsewhere"], noted)
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


def _todo(sweep: Sweep) -> list[Trial]:
    """Return the trials that are not done, each key once."""
    done = done_keys(sweep.store)
    return list({one.key: one for one in sweep.plan.trials if one.key not in done}.values())


def _left_by_others(sweep: Sweep, elsewhere: Sequence[Trial], report: Report) -> list[Trial]:
    """Wait until no other process runs these trials.

    returns: those that were not finished, because their process was killed
    """
    waiting = list(elsewhere)
    left: list[Trial] = []
    while waiting and not left:
        time.sleep(POLL)
        still = []
        for one in waiting:
            if sweep.store.trial(one.key).is_file():
                report(ProgressEvent(one.key, "done"))
            elif is_alive(sweep.store.claim(one.key)):
                still.append(one)
            elif _failed_since(sweep, one):
                report(
                    ProgressEvent(one.key, "failed", message=str(read_failure_record(sweep.store, one.key)["reason"]))
                )
            else:
                left.append(one)
        waiting = still
    return [*left, *waiting]


def _failed_since(sweep: Sweep, trial: Trial) -> bool:
    return sweep.store.failure(trial.key).is_file() and (
        float(read_failure_record(sweep.store, trial.key).get("time", 0.0)) >= sweep.since
    )
