"""A sweep in its folder, as the work of executors."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from msim.backends.mpi import RankGroup
from msim.base.endings import Failure
from msim.executors.executor import Limits, ProgressEvent, Report, Stop
from msim.storage.trial_store import TrialStore
from msim.sweep.one_trial import run_trial
from msim.sweep.plan import Plan
from msim.sweep.plan_files import read_plan
from msim.trials.claimed import failure_since, is_claimed, record_failure

_read_once = functools.lru_cache(maxsize=2)(read_plan)


@dataclass(frozen=True)
class Sweep:
    """A sweep in its folder, as the work of executors; see `Work`.

    plan_file: absolute path from which every process reads the plan
    since: begin of this command, by the clock of the folder
    """

    store: TrialStore
    plan_file: Path
    limits: Limits
    since: float = 0.0

    @property
    def plan(self) -> Plan:
        """Return the plan, which is read once."""
        return _read_once(self.plan_file)

    @property
    def target(self) -> str:
        """Return what code runs the cells."""
        return str(self.plan.about["target"]).split()[0]

    def run(self, key: str, report: Report, stop: Stop, ranks: RankGroup) -> ProgressEvent:
        """Run a trial in this process and store it; see `Work`."""
        return run_trial(self, self.plan.trial(key), report, stop, ranks)

    def fail(self, key: str, failure: Failure) -> ProgressEvent:
        """Record the failure of a trial, whose checkpoint stays."""
        return record_failure(self.store, key, failure)

    def outcome(self, key: str) -> ProgressEvent | None:
        """Return what the store has of a trial since this command began."""
        done = self.store.trial(key).is_file()
        return ProgressEvent(key, "done") if done else failure_since(self.store, key, self.since)

    def is_claimed(self, key: str) -> bool:
        """Return whether a living process runs a trial."""
        return is_claimed(self.store, key)
