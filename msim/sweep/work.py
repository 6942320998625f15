"""A sweep in its folder, as the work of executors."""

from __future__ import annotations

import functools
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from msim.backends.mpi import RankGroup
from msim.base.endings import Failure
from msim.base.file_lease import is_alive
from msim.executors.executor import Limits, ProgressEvent, Report, Stop
from msim.storage.trial_store import TrialStore, read_failure_record, write_failure_record
from msim.sweep.one_trial import run_trial
from msim.sweep.plan import Plan
from msim.sweep.plan_files import read_plan

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
        with suppress(OSError):
            write_failure_record(self.store, key, failure.reason, "", failure.kind)
        return ProgressEvent(key, "failed", message=failure.reason, kind=failure.kind)

    def outcome(self, key: str) -> ProgressEvent | None:
        """Return what the store has of a trial since this command began."""
        if self.store.trial(key).is_file():
            return ProgressEvent(key, "done")
        record = read_failure_record(self.store, key) if self.store.failure(key).is_file() else {}
        if not record or float(record.get("time", 0.0)) < self.since:
            return None
        return ProgressEvent(key, "failed", message=str(record["reason"]), kind=str(record.get("kind", "unknown")))

    def is_claimed(self, key: str) -> bool:
        """Return whether a living process runs a trial."""
        return self.store.claim(key).exists() and is_alive(self.store.claim(key))
