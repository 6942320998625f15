"""Every arm and seed of an experiment, in parallel processes, into one run folder."""

from __future__ import annotations

import os
import queue
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msim.backends.context import Context, require_compiler
from msim.backends.progress import BurstProgress
from msim.base.endings import Failure, exit_status_of, failure_of, is_full
from msim.base.errors import DiskFullError, InputError, SimulationError
from msim.base.paths import given_folder
from msim.base.quantities import parse_in, quantity_text, second
from msim.base.signals import stops_held
from msim.definitions.experiments.experiment import ExperimentDefinition, read_experiment, validate_effective_changes
from msim.emulator.library import emulators_of, models_of
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
from msim.executors.processes import ended_by_stop, report_progress, starting, worker_pool

if TYPE_CHECKING:
    import xarray as xr

POLL = 0.2  # s
KILLED = Failure("killed", "its process was killed, or ended with another one that was, perhaps for want of memory")


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
    require_compiler(context.target)
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
    if not todo:
        return {}
    if context.ranks.size > 1:
        outcomes: Iterable[tuple[str, int, Failure | None]] = _one_by_one(folder, about, context, todo, report)
        return _reported(outcomes, folder, about, report)
    with worker_pool(workers) as (pool, news):
        with starting():
            futures = {_submitted(pool, folder, about, context, arm, seed): (arm, seed) for arm, seed in todo}
        return _reported(_outcomes(futures, news, report), folder, about, report)


def _reported(
    outcomes: Iterable[tuple[str, int, Failure | None]], folder: RunFolder, about: dict[str, Any],
    report: Callable[[TrialProgress], None],
) -> dict[tuple[str, int], Failure]:  # fmt: skip
    failures: dict[tuple[str, int], Failure] = {}
    for arm, seed, outcome in outcomes:
        if outcome:
            failures[arm, seed] = Failure(outcome.kind, outcome.reason + kept_text(folder, arm, seed))
            report(TrialProgress(arm, seed, "failed", 0.0, 0.0, failures[arm, seed].reason))
        else:
            report(TrialProgress(arm, seed, "done", 1.0, about["end_s"]))
    return failures


def _one_by_one(
    folder: RunFolder, about: dict[str, Any], context: Context, todo: list[tuple[str, int]],
    report: Callable[[TrialProgress], None],
) -> Iterator[tuple[str, int, Failure | None]]:  # fmt: skip
    """Run trials in this process, whose ranks share the cells of each."""
    for arm, seed in todo:
        try:
            _trial(folder, about, context, arm, seed, lambda news: report(TrialProgress(*news)))
        except Exception as problem:  # the reason has to reach the user whatever it is
            yield arm, seed, _kept_failure(folder, arm, seed, problem)
        else:
            yield arm, seed, None


def _kept_failure(folder: RunFolder, arm: str, seed: int, problem: Exception) -> Failure:
    """Return the failure of a trial, and write its traceback where the disk has room for it."""
    found = failure_of(problem)
    try:
        path = write_failure(folder, arm, seed, "".join(traceback.format_exception(problem)))
    except OSError:
        return found
    return Failure(found.kind, f"{found.reason} (traceback in {path})")


def _submitted(
    pool: ProcessPoolExecutor, folder: RunFolder, about: dict[str, Any], context: Context, arm: str, seed: int
) -> Future[Failure | None]:
    try:
        return pool.submit(_work, folder, about, context, arm, seed)
    except BrokenProcessPool as problem:
        failed: Future[Failure | None] = Future()
        failed.set_exception(problem)
        return failed


def _outcomes(
    futures: dict[Future[Failure | None], tuple[str, int]], news: Any, report: Callable[[TrialProgress], None]
) -> Iterator[tuple[str, int, Failure | None]]:
    waiting = set(futures)
    while waiting:
        with stops_held():  # a stop that is raised inside of what waits or prints may be lost there
            done, waiting = wait(waiting, timeout=POLL, return_when=FIRST_COMPLETED)
            _pass_on(news, report)
        for one in done:
            try:
                outcome = one.result()
            except BrokenProcessPool:
                outcome = KILLED
            yield (*futures[one], outcome)


def _pass_on(news: Any, report: Callable[[TrialProgress], None]) -> None:
    while True:
        try:
            report(TrialProgress(*news.get_nowait()))
        except queue.Empty:
            return


def kept_text(folder: RunFolder, arm: str, seed: int) -> str:
    """Return the place of an unfinished trial's record, as a clause to append to a message, or ''."""
    kept = [(reached_by(folder, arm, seed), unfinished_path(folder, arm, seed))]
    kept.append((journal_reach(folder, arm, seed), journal_path(folder, arm, seed)))
    reached, path = max(((time, path) for time, path in kept if time is not None), default=(None, None))
    return "" if reached is None else f"; its record up to {quantity_text(reached * second)} is kept in {path}"


def _work(folder: RunFolder, about: dict[str, Any], context: Context, arm: str, seed: int) -> Failure | None:
    """Run one trial in this process and store it, or return its failure."""
    with ended_by_stop():
        try:
            _trial(folder, about, context, arm, seed, report_progress)
        except Exception as problem:  # the reason has to reach the user whatever it is
            return _kept_failure(folder, arm, seed, problem)
    return None


def _trial(
    folder: RunFolder, about: dict[str, Any], context: Context, arm: str, seed: int,
    news: Callable[[tuple[Any, ...]], None],
) -> None:  # fmt: skip
    experiment = experiment_from_provenance(about)
    span = experiment.end - experiment.begin

    reached = experiment.begin

    def progress(time: float) -> None:
        nonlocal reached
        reached = float(time)
        news((arm, seed, "running", (reached - experiment.begin) / span, reached))

    def report_burst(now: BurstProgress) -> None:
        text = f"{now.done:.1f} of {now.total:.1f} s of spikes, {now.speed:.2g} s/s, {now.left:.0f} s left"
        news((arm, seed, "running", (reached - experiment.begin) / span, reached, text))

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
    target: code that runs the cells: 'cpp', 'runtime', 'numpy', or 'emulator', which is fitted first where there is
        none
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
    emulators = emulators_of(models_of(definition), None) if target == "emulator" else None
    context = Context(target, definition.schedule, emulators=emulators)
    result = run_experiment(definition, folder, context, workers or os.cpu_count() or 1)
    if result.failures:
        reasons = "; ".join(f"{arm}, seed {seed}: {one.reason}" for (arm, seed), one in result.failures.items())
        problem = SimulationError(
            f"{len(result.failures)} trials failed: {reasons}; the others are kept in {result.path}"
        )
        problem.exit_status = exit_status_of(one.kind for one in result.failures.values())
        raise problem
    return open_run(result.path)
