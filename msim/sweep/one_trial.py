"""Run of one trial of a sweep."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msim.backends.context import Context
from msim.backends.mpi import SERIAL, RankGroup
from msim.backends.progress import BurstProgress
from msim.definitions.experiments.experiment import ExperimentDefinition
from msim.emulator.library import emulators_of, models_of
from msim.executors.executor import ProgressEvent, Report, Stop
from msim.storage.provenance import made_by
from msim.storage.trial_store import WORK, remove_work, write_trial_file
from msim.sweep.plan import Plan, Trial
from msim.trials.claimed import claimed_checkpoints, run_claimed
from msim.trials.trial import simulate_trial

if TYPE_CHECKING:
    from msim.sweep.work import Sweep


def run_trial(sweep: Sweep, trial: Trial, report: Report, stop: Stop, ranks: RankGroup = SERIAL) -> ProgressEvent:
    """Run a trial unless it is done, or another process has claimed it; keep any exception as its failure."""
    return run_claimed(sweep, sweep.store, trial.key, stop, lambda: _simulated(sweep, trial, report, stop, ranks))


def _simulated(sweep: Sweep, trial: Trial, report: Report, stop: Stop, ranks: RankGroup) -> None:
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
