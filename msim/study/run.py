"""Every arm and seed of an experiment, in parallel processes, into one run folder."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing.context import SpawnContext
from multiprocessing.managers import SyncManager
from pathlib import Path
from typing import Any

from msim.base.errors import InputError, SimulationError
from msim.base.quantities import parse_in, second
from msim.definitions.experiment import ExperimentDefinition, read_experiment
from msim.engine.context import Context
from msim.storage.provenance import command_line, provenance
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
from msim.study.stored import experiment_from_provenance
from msim.study.trial import simulate_trial

POLL = 0.2  # s
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class TrialProgress:
    """News of one trial.

    state: 'stored' before the run, 'running', 'done' or 'failed'
    fraction: of the simulated time; time: s, reached so far
    """

    arm: str
    seed: int
    state: str
    fraction: float
    time: float
    message: str = ""


@dataclass
class RunResult:
    """What came of a run: its folder, and the trials that failed with their reasons."""

    path: Path
    failures: dict[tuple[str, int], str] = field(default_factory=dict)


def run_experiment(
    experiment: ExperimentDefinition,
    out: Path,
    context: Context,
    workers: int,
    report: Callable[[TrialProgress], None] = lambda news: None,
) -> RunResult:
    """Run all trials that are not stored yet; a failed trial does not stop the others.

    returns: the finished run, or the growing folder where trials failed
    raises: StorageError before anything runs where `out` cannot take a run
    """
    about = provenance(experiment, context.target, command_line())
    folder = start_run(out, about)
    stored = finished_trials(folder, about["arms"], about["seeds"])
    for arm, seed in stored:
        report(TrialProgress(arm, seed, "stored", 1.0, experiment.end))
    todo = [(arm, seed) for seed in about["seeds"] for arm in about["arms"] if (arm, seed) not in stored]
    failures = _run_all(folder, about, context, todo, max(1, min(workers, len(todo))), report)
    if failures:
        return RunResult(folder.growing, failures)
    return RunResult(finish_run(folder))


def _run_all(
    folder: RunFolder, about: dict[str, Any], context: Context, todo: list[tuple[str, int]], workers: int,
    report: Callable[[TrialProgress], None],
) -> dict[tuple[str, int], str]:  # fmt: skip
    failures: dict[tuple[str, int], str] = {}
    if not todo:
        return failures
    # Workers get one thread each: with more, processes fight for cores.
    saved = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    methods = multiprocessing.get_context("spawn")
    try:
        with (
            ProcessPoolExecutor(workers, methods, _leave_interrupts) as pool,
            _manager(methods, pool, workers) as manager,
        ):
            news, stop = manager.Queue(), manager.Event()
            futures = {
                pool.submit(_work, folder, about, context, arm, seed, news, stop): (arm, seed) for arm, seed in todo
            }
            try:
                for arm, seed, outcome in _outcomes(futures, news, report):
                    if outcome:
                        failures[arm, seed] = outcome
                        report(TrialProgress(arm, seed, "failed", 0.0, 0.0, outcome))
                    else:
                        report(TrialProgress(arm, seed, "done", 1.0, about["end_s"]))
            except BaseException:
                stop.set()
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        for name, value in saved.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    return failures


def _manager(methods: SpawnContext, pool: ProcessPoolExecutor, workers: int) -> SyncManager:
    """A process that keeps queues, started while those that will work import msim."""
    for _ in range(workers):
        pool.submit(_wake)
    return methods.Manager()


def _wake() -> None:
    pass


def _outcomes(
    futures: dict[Future[str], tuple[str, int]], news: Any, report: Callable[[TrialProgress], None]
) -> Iterator[tuple[str, int, str]]:
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=POLL, return_when=FIRST_COMPLETED)
        _pass_on(news, report)
        for one in done:
            try:
                outcome = one.result()
            except BrokenProcessPool:
                outcome = "its process was killed, perhaps for want of memory"
            yield (*futures[one], outcome)


def _pass_on(news: Any, report: Callable[[TrialProgress], None]) -> None:
    while True:
        try:
            report(TrialProgress(*news.get_nowait()))
        except queue.Empty:
            return


class _Stopped(Exception):
    """The run was interrupted."""


def _leave_interrupts() -> None:
    """Let the process that started this one answer Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(
    folder: RunFolder, about: dict[str, Any], context: Context, arm: str, seed: int, news: Any, stop: Any
) -> str:
    """Run one trial in this process and store it; the reason is returned where it fails."""
    try:
        experiment = experiment_from_provenance(about)
        span = experiment.end - experiment.begin

        def tell(time: float) -> None:
            parent = multiprocessing.parent_process()
            if parent is not None and not parent.is_alive():
                os._exit(1)  # nobody is left to take the result
            if stop.is_set():
                raise _Stopped
            # Plain values: the process that keeps the queue need not import msim to pass them on.
            news.put((arm, seed, "running", (time - experiment.begin) / span, float(time)))

        tell(experiment.begin)
        datasets = simulate_trial(experiment, experiment.arm(arm), seed, context, tell)
        write_trial(folder, arm, seed, datasets)
    except _Stopped:
        return "interrupted"
    except Exception as problem:  # the reason has to reach the user whatever it is
        path = write_failure(folder, arm, seed, traceback.format_exc())
        return f"{type(problem).__name__}: {problem} (traceback in {path})"
    return ""


def simulate(
    experiment: str | Path | ExperimentDefinition,
    out: str | Path,
    *,
    arms: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    until: str | None = None,
    changes: Mapping[str, str | int | float] | None = None,
    workers: int | None = None,
) -> Run:
    """Run an experiment into a folder and open what was stored.

    experiment: a file, the name of a shipped one, or a definition that was read before
    out: a folder that does not exist or is empty
    arms, seeds, until: narrow it, such as until="2 * hour"
    changes: values of the model by dotted path; not with a definition that was read before
    workers: trials at a time; all cores if left out. Scripts (not notebooks) that start processes
        need their work under `if __name__ == "__main__":`
    raises: InputError for bad input, SimulationError where a trial failed
    """
    if isinstance(experiment, ExperimentDefinition):
        if changes:
            raise InputError("changes: give them to read_experiment, which checks them with the rest")
        definition = experiment
    else:
        definition = read_experiment(experiment, changes)
    end = float(parse_in(until, second, "until")) if until else None
    definition = definition.narrowed(arms, seeds, end)
    context = Context(schedule=definition.schedule)
    result = run_experiment(definition, Path(out), context, workers or os.cpu_count() or 1)
    if result.failures:
        reasons = "; ".join(f"{arm}, seed {seed}: {reason}" for (arm, seed), reason in result.failures.items())
        raise SimulationError(f"{len(result.failures)} trials failed: {reasons}; the others are kept in {result.path}")
    return open_run(result.path)
