"""Run of a whole sweep: stored trials are left alone, trials of other processes are waited for, the rest is run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from msim.base.file_lease import now_at
from msim.executors.executor import Executor, Limits, Report
from msim.storage.trial_store import TrialStore, done_keys, failed_keys, prepare, read_failure_record
from msim.sweep.plan import Plan
from msim.sweep.plan_files import write_plan
from msim.sweep.status import Status, status
from msim.sweep.work import Sweep, SweepTrials
from msim.trials.claimed import ClaimedWork, run_all


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
    trials = SweepTrials(store, write_plan(store, plan))
    return Sweep(plan, ClaimedWork(store, trials, limits, now_at(store.root)))


def run_sweep(sweep: Sweep, executor: Executor, report: Report = lambda news: None) -> SweepResult:
    """Run all trials that are not done; failed ones of earlier commands are tried again, once.

    raises: DiskFullError where nothing more can be stored
    """
    run_all(sweep.work, _todo(sweep), executor, report)
    return result_of(sweep)


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
