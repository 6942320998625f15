"""A sweep in its folder, as the work of executors."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msim.backends.context import Context
from msim.backends.mpi import RankGroup
from msim.backends.progress import BurstProgress
from msim.base.endings import Failure
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.emulator.library import emulators_of, models_of
from msim.executors.executor import Limits, ProgressEvent, Report, Stop
from msim.storage.provenance import made_by
from msim.storage.trial_store import WORK, TrialStore, remove_work, write_trial_file
from msim.sweep.plan import Plan, Trial
from msim.sweep.plan_files import read_plan
from msim.trials.claimed import claimed_checkpoints, failure_since, is_claimed, record_failure, run_claimed
from msim.trials.trial import simulate_trial

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
        trial = self.plan.trial(key)
        return run_claimed(self, self.store, key, stop, lambda: _simulate_and_store(self, trial, report, stop, ranks))

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


def _simulate_and_store(sweep: Sweep, trial: Trial, report: Report, stop: Stop, ranks: RankGroup) -> None:
    """Simulate a claimed trial from its last checkpoint on, and store it.

    raises: Stopped after a request to stop, once there is a checkpoint
    """
    # Brought by what stores a trial, and half a second of imports.
    from msim.storage.trial_file import pack

    began = time.time()
    experiment = sweep.plan.experiment(trial)
    checkpoints = claimed_checkpoints(sweep.store, trial.key, sweep.limits.checkpoint_every, stop)
    reached = experiment.begin

    def progress(now: float) -> None:
        nonlocal reached
        reached = float(now)
        stop.leapt()
        report(ProgressEvent(trial.key, "running", reached))

    def report_burst(now: BurstProgress) -> None:
        text = f"{now.done:.1f} of {now.total:.1f} s of spikes, {now.speed:.2g} s/s"
        report(ProgressEvent(trial.key, "running", reached, text))

    context = _context(sweep, experiment, ranks)
    progress(experiment.begin)
    datasets = simulate_trial(
        experiment, experiment.arms[0], trial.seed, context, progress, checkpoints=checkpoints,
        report_burst=report_burst, folder=sweep.store.root / WORK,
    )  # fmt: skip
    about = {"key": trial.key, "arm": trial.arm, "seed": trial.seed}

    def write(path: Path) -> dict[str, Any]:
        recorded = pack(path, datasets, about)
        return {**about, "plan": sweep.plan.id, "recorded": recorded, "seconds": time.time() - began, **made_by()}

    write_trial_file(sweep.store, trial.key, write)
    remove_work(sweep.store, trial.key)


def _context(sweep: Sweep, experiment: ExperimentDefinition, ranks: RankGroup) -> Context:
    """Return the settings with which a trial of a sweep runs."""
    emulators = emulators_of(models_of(experiment), None) if sweep.target == "emulator" else None
    return Context(sweep.target, experiment.schedule, sweep.plan.precision, ranks, emulators=emulators)
