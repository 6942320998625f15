"""Run of one trial of a sweep: claim, simulate, store, release the claim."""

from __future__ import annotations

import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msim.backends.context import Context
from msim.backends.mpi import SERIAL, RankGroup
from msim.backends.progress import BurstProgress
from msim.base.endings import failure_of
from msim.base.errors import StorageError
from msim.base.file_lease import heartbeat, take
from msim.base.made import make_own
from msim.definitions.experiments.experiment import ExperimentDefinition
from msim.emulator.library import emulators_of, models_of
from msim.executors.executor import STOPPED, ProgressEvent, Report, Stop, Stopped
from msim.multiscale.trial_state import TrialState
from msim.recording.spool import SpoolFile
from msim.storage.checkpoints import read_checkpoint, remove_checkpoints, write_checkpoint
from msim.storage.provenance import made_by
from msim.storage.trial_store import (
    WORK,
    TrialStore,
    remove_work,
    write_failure_record,
    write_trial_file,
)
from msim.sweep.plan import Plan, Trial
from msim.trials.trial import Checkpoints, simulate_trial

if TYPE_CHECKING:
    from msim.sweep.work import Sweep


def run_trial(
    sweep: Sweep, trial: Trial, report: Report, stop: Stop | None = None, ranks: RankGroup = SERIAL
) -> ProgressEvent:
    """Run a trial unless it is done, or another process has claimed it; keep any exception as its failure."""
    store, key = sweep.store, trial.key
    known = sweep.outcome(key)
    if known is not None:
        return known
    try:
        if not take(store.claim(key)):
            return ProgressEvent(key, "elsewhere")
    except OSError as problem:
        return failed(store, key, problem)
    with heartbeat(store.claim(key)):
        try:
            _simulated(sweep, trial, report, stop or Stop(), ranks)
        except Exception as problem:  # the reason has to reach the user whatever it is
            if stop is not None and stop.asked:
                # On several ranks a signal ends a burst in its midst: nothing is wrong with the trial.
                raise Stopped(STOPPED) from problem
            return failed(store, key, problem, sweep.limits.memory)
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
        write_failure_record(store, key, reason, traceback.format_exc(), found.kind)
    return ProgressEvent(key, "failed", message=reason, kind=found.kind)


def _simulated(sweep: Sweep, trial: Trial, report: Report, stop: Stop, ranks: RankGroup) -> None:
    # Brought by what stores a trial, and half a second of imports.
    from msim.storage.trial_file import pack

    began = time.time()
    experiment = sweep.plan.experiment(trial)
    checkpoints = _checkpoints(sweep, trial, stop)
    reached = experiment.begin

    def progress(now: float) -> None:
        nonlocal reached
        reached = float(now)
        stop.leapt()
        report(ProgressEvent(trial.key, "running", reached))

    def report_burst(now: BurstProgress) -> None:
        text = f"{now.done:.1f} of {now.total:.1f} s of spikes, {now.speed:.2g} s/s"
        report(ProgressEvent(trial.key, "running", reached, text))

    context = context_of(sweep.plan, experiment, ranks)
    progress(experiment.begin)
    datasets = simulate_trial(
        experiment,
        experiment.arms[0],
        trial.seed,
        context,
        progress,
        checkpoints=checkpoints,
        report_burst=report_burst,
        folder=sweep.store.root / WORK,
    )
    about = {"key": trial.key, "arm": trial.arm, "seed": trial.seed}

    def write(path: Path) -> dict[str, Any]:
        recorded = pack(path, datasets, about)
        return {**about, "plan": sweep.plan.id, "recorded": recorded, "seconds": time.time() - began, **made_by()}

    write_trial_file(sweep.store, trial.key, write)
    remove_work(sweep.store, trial.key)


def context_of(plan: Plan, experiment: ExperimentDefinition, ranks: RankGroup = SERIAL) -> Context:
    """Return the settings with which a trial of a plan runs."""
    target = str(plan.about["target"]).split()[0]
    emulators = emulators_of(models_of(experiment), None) if target == "emulator" else None
    return Context(target, experiment.schedule, plan.precision, ranks, emulators=emulators)


def _checkpoints(sweep: Sweep, trial: Trial, stop: Stop) -> Checkpoints:
    """Return the checkpoints of a trial; a damaged one is removed, and the trial begins anew."""
    root = sweep.store.work(trial.key) / "checkpoints"

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
            make_own(sweep.store.work(trial.key))
            write_checkpoint(root, state.arrays, state.about)
        if stop.asked:
            raise Stopped(STOPPED)

    return Checkpoints(read, write, sweep.limits.checkpoint_every, lambda: stop.asked)
