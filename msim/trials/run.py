"""Every arm and seed of an experiment, in parallel processes, into one run folder."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msim.backends.context import Context
from msim.backends.mpi import RankGroup
from msim.backends.progress import BurstProgress
from msim.backends.registry import require_target
from msim.base.endings import Failure, ended_by, failure_of, is_full
from msim.base.errors import DiskFullError, InputError, SimulationError
from msim.base.paths import given_folder
from msim.base.quantities import parse_in, quantity_text, second
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import read_experiment, validate_effective_changes
from msim.emulator.library import emulators_of, models_of, validate_emulated
from msim.executors.executor import Executor, Limits, ProgressEvent, Report, Stop
from msim.executors.kinds.local import LocalExecutor
from msim.executors.shared import SharedExecutor
from msim.multiscale.trial_state import TrialState
from msim.recording.spool import Series, SpoolFile
from msim.storage.checkpoints import checkpoint_folder, read_checkpoint, remove_checkpoints, write_checkpoint
from msim.storage.journal import journal_path, journal_reach, remove_journal, write_journal
from msim.storage.owner import owned
from msim.storage.provenance import command_line, experiment_from_provenance, provenance
from msim.storage.run_store import (
    Run,
    RunFolder,
    finish_run,
    finished_trials,
    open_run,
    start_run,
    write_failure,
    write_trial,
)
from msim.storage.unfinished import reached_by, remove_unfinished, unfinished_path, write_unfinished
from msim.trials.trial import CHECKPOINT_EVERY, Checkpoints, simulate_trial
from msim.trials.trial_key import trial_keys

if TYPE_CHECKING:
    import xarray as xr

# A run ends within seconds: what a trial has recorded is kept as it is, and its last checkpoint.
LIMITS = Limits(grace=3.5, at_once=True)


@dataclass(frozen=True)
class TrialProgress:
    """Progress of one trial.

    state: 'stored' before the run, 'running', 'done' or 'failed'
    fraction: of the simulated time; time: s, reached so far
    message: why it failed, or the progress of a burst of spikes
    """

    arm: str
    seed: int
    state: str
    fraction: float
    time: float
    message: str = ""


@dataclass
class RunResult:
    """Result of a run: its folder, and the trials that failed with their reasons."""

    path: Path
    failures: dict[tuple[str, int], Failure] = field(default_factory=dict)


def run_experiment(
    experiment: ExperimentDefinition,
    out: Path,
    context: Context,
    workers: int,
    report: Callable[[TrialProgress], None] = lambda news: None,
) -> RunResult:
    """Run all trials that are not stored yet; a failed trial does not stop the others.

    returns: the finished run, or the growing folder where trials failed
    raises, before anything runs: StorageError where `out` cannot take a run, OwnerError where another process runs into
        it, StartError where no process can be started that runs this code; at any time: DiskFullError
    """
    require_target(context.target)
    keys = trial_keys(experiment, context)
    about = provenance(experiment, context.about, command_line())
    about["keys"] = {arm: {str(seed): keys[arm, seed] for seed in about["seeds"]} for arm in about["arms"]}
    try:
        with owned(out):
            return _run(experiment, start_run(out, about), about, context, workers, report)
    except OSError as problem:
        if not is_full(problem):
            raise
        raise DiskFullError(
            f"{out}: the disk is full ({problem}); finished trials are kept, the same command goes on"
        ) from None


def _run(
    experiment: ExperimentDefinition, folder: RunFolder, about: dict[str, Any], context: Context, workers: int,
    report: Callable[[TrialProgress], None],
) -> RunResult:  # fmt: skip
    stored = finished_trials(folder, about["arms"], about["seeds"])
    for arm, seed in stored:
        report(TrialProgress(arm, seed, "stored", 1.0, experiment.end))
    todo = [(arm, seed) for seed in about["seeds"] for arm in about["arms"] if (arm, seed) not in stored]
    failures = _run_all(folder, about, context, todo, max(1, min(workers, len(todo))), report)
    if failures:
        return RunResult(folder.partial, failures)
    return RunResult(finish_run(folder))


def _run_all(
    folder: RunFolder, about: dict[str, Any], context: Context, todo: list[tuple[str, int]], workers: int,
    report: Callable[[TrialProgress], None],
) -> dict[tuple[str, int], Failure]:  # fmt: skip
    """Run trials, and return the failures of those that have one."""
    work = RunWork(folder, about, context)
    trials = work.trials
    ranks = context.ranks
    executor: Executor = SharedExecutor(ranks) if ranks.size > 1 else LocalExecutor(workers)
    failures: dict[tuple[str, int], Failure] = {}

    def noted(news: ProgressEvent) -> None:
        arm, seed = trials[news.key]
        if news.state == "failed":
            failures[arm, seed] = Failure(news.kind, news.message + kept_text(folder, arm, seed))
            report(TrialProgress(arm, seed, "failed", 0.0, 0.0, failures[arm, seed].reason))
        elif news.state == "done":
            report(TrialProgress(arm, seed, "done", 1.0, about["end_s"]))
        else:
            part = (news.time - about["begin_s"]) / (about["end_s"] - about["begin_s"])
            report(TrialProgress(arm, seed, "running", part, news.time, news.message))

    keys = {trial: key for key, trial in trials.items()}
    executor.run(work, [keys[one] for one in todo], noted)
    return failures


@dataclass(frozen=True)
class RunWork:
    """Trials of a run, as the work of executors; see `Work`. The run's owner gives out each of them once."""

    folder: RunFolder
    about: dict[str, Any]
    context: Context
    limits: Limits = LIMITS

    @property
    def target(self) -> str:
        """Return what code runs the cells."""
        return self.context.target

    @property
    def trials(self) -> dict[str, tuple[str, int]]:
        """Return arm and seed of every trial, by its key."""
        keys = self.about["keys"]
        return {key: (arm, int(seed)) for arm, seeds in keys.items() for seed, key in seeds.items()}

    def run(self, key: str, report: Report, stop: Stop, ranks: RankGroup) -> ProgressEvent:
        """Run a trial in this process and store it; see `Work`."""
        arm, seed = self.trials[key]
        try:
            _trial(self.folder, self.about, replace(self.context, ranks=ranks), arm, seed, key, report)
        except Exception as problem:  # the reason has to reach the user whatever it is
            return self.fail(key, _kept_failure(self.folder, arm, seed, problem))
        return ProgressEvent(key, "done")

    def fail(self, key: str, failure: Failure) -> ProgressEvent:
        """Return the last event of a failed trial, whose journal says how far it came."""
        return ProgressEvent(key, "failed", message=failure.reason, kind=failure.kind)

    def outcome(self, key: str) -> ProgressEvent | None:
        """Return 'done' for a trial in the store."""
        arm, seed = self.trials[key]
        return ProgressEvent(key, "done") if finished_trials(self.folder, [arm], [seed]) else None

    def is_claimed(self, key: str) -> bool:
        """Return False: nobody but the owner of the run has trials of it."""
        return False


def _kept_failure(folder: RunFolder, arm: str, seed: int, problem: Exception) -> Failure:
    """Return the failure of a trial, and write its traceback where the disk has room for it."""
    found = failure_of(problem)
    try:
        path = write_failure(folder, arm, seed, "".join(traceback.format_exception(problem)))
    except OSError:
        return found
    return Failure(found.kind, f"{found.reason} (traceback in {path})")


def kept_text(folder: RunFolder, arm: str, seed: int) -> str:
    """Return the place of an unfinished trial's record, as a clause to append to a message, or ''."""
    kept = [(reached_by(folder, arm, seed), unfinished_path(folder, arm, seed))]
    kept.append((journal_reach(folder, arm, seed), journal_path(folder, arm, seed)))
    reached, path = max(((time, path) for time, path in kept if time is not None), default=(None, None))
    return "" if reached is None else f"; its record up to {quantity_text(reached * second)} is kept in {path}"


def _trial(
    folder: RunFolder, about: dict[str, Any], context: Context, arm: str, seed: int, key: str, report: Report
) -> None:
    experiment = experiment_from_provenance(about)
    reached = experiment.begin

    def progress(time: float) -> None:
        nonlocal reached
        reached = float(time)
        report(ProgressEvent(key, "running", reached))

    def report_burst(now: BurstProgress) -> None:
        text = f"{now.done:.1f} of {now.total:.1f} s of spikes, {now.speed:.2g} s/s, {now.left:.0f} s left"
        report(ProgressEvent(key, "running", reached, text))

    def keep(datasets: Mapping[str, xr.Dataset], reached: float, reason: str) -> None:
        # Where the disk is full the trial goes on, or ends with its own reason.
        with suppress(OSError):
            write_unfinished(folder, arm, seed, datasets, reached, reason)
            remove_journal(folder, arm, seed)

    def journal(arrays: Mapping[str, Series], reached: float) -> None:
        with suppress(OSError):
            write_journal(folder, arm, seed, arrays, reached)

    progress(experiment.begin)
    checkpoints = trial_checkpoints(folder, arm, seed)
    datasets = simulate_trial(
        experiment,
        experiment.arm(arm),
        seed,
        context,
        progress,
        keep,
        journal,
        checkpoints,
        report_burst,
        folder.partial,
    )
    write_trial(folder, arm, seed, datasets)
    remove_unfinished(folder, arm, seed)
    remove_journal(folder, arm, seed)
    remove_checkpoints(checkpoint_folder(folder, arm, seed))


def trial_checkpoints(folder: RunFolder, arm: str, seed: int) -> Checkpoints:
    """Return the checkpoints of a trial in the folder of its run."""
    root = checkpoint_folder(folder, arm, seed)

    def read(file: SpoolFile) -> TrialState | None:
        found = read_checkpoint(root, file)
        return None if found is None else TrialState(*found)

    def write(state: TrialState) -> None:
        # Where the disk is full the trial goes on without.
        with suppress(OSError):
            write_checkpoint(root, state.arrays, state.about)

    return Checkpoints(read, write, float(os.environ.get("MSIM_CHECKPOINT_EVERY", CHECKPOINT_EVERY)))


def simulate(
    experiment: str | Path | ExperimentDefinition,
    out: str | Path,
    *,
    arms: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    until: str | None = None,
    changes: Mapping[str, str | int | float] | None = None,
    hypothesis: str = "",
    workers: int | None = None,
    target: str = "cpp",
) -> Run:
    """Run an experiment into a folder and open what was stored.

    experiment: a file, the name of a shipped one, or a definition that was read before
    out: a folder that does not exist or is empty
    arms, seeds, until: narrow it, such as until="2 * hour"
    changes, hypothesis: values of the model by dotted path, and one of its hypotheses for all arms; not with a
        definition that was read before
    workers: trials at a time; all cores if left out
    target: backend that runs the cells, such as 'cpp'; 'emulator' is fitted first where there is none
    raises: InputError for bad input, SimulationError where a trial failed
    """
    folder = given_folder(out, "out")
    if isinstance(experiment, ExperimentDefinition):
        if changes or hypothesis:
            raise InputError("changes, hypothesis: give them to read_experiment, which checks them with the rest")
        definition = experiment
    else:
        definition = read_experiment(experiment, changes, hypothesis)
    end = float(parse_in(until, second, "until")) if until else None
    definition = definition.narrowed(arms, seeds, end)
    validate_effective_changes(definition)
    emulators = None
    if target == "emulator":
        validate_emulated(definition)
        emulators = emulators_of(models_of(definition), None)
    context = Context(target, definition.schedule, emulators=emulators)
    result = run_experiment(definition, folder, context, workers or os.cpu_count() or 1)
    if result.failures:
        reasons = "; ".join(f"{arm}, seed {seed}: {one.reason}" for (arm, seed), one in result.failures.items())
        problem = SimulationError(
            f"{len(result.failures)} trials failed: {reasons}; the others are kept in {result.path}"
        )
        raise ended_by(problem, result.failures.values())
    return open_run(result.path)
