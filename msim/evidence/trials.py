"""Trials of the evidence: run in parallel, each kept under the digest of all that it depends on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msim.backends.context import Context, require_compiler
from msim.base.endings import Failure, exit_status_of, failure_of
from msim.base.errors import SimulationError, StorageError
from msim.base.made import shared_as
from msim.definitions.evidence.rows import Condition
from msim.definitions.experiments.experiment import build_experiment
from msim.definitions.experiments.recordings import TIME_MATCH
from msim.definitions.files import schema as e
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_model_texts
from msim.evidence.plan import Measure, TrialPlan
from msim.storage.trial_store import place_file
from msim.trials.trial import simulate_trial
from msim.trials.trial_key import trial_keys
from msim.executors.processes import ended_by_stop, starting, worker_pool

if TYPE_CHECKING:
    import xarray as xr

Key = tuple[str, str, float | None]  # quantity, statistic, time
Values = dict[Key, float]
Report = Callable[[str, int, int, str], None]  # 'kept', 'done' or a failure's kind, how many of how many, a word
# Endings that say nothing about the model: a row that needs such a trial has no outcome at all.
UNANSWERED = ("killed", "memory", "disk")


@dataclass(frozen=True)
class Job:
    """All values that a process needs for one trial; key: the text of its `TrialKey`."""

    key: str
    entry: e.ExperimentFile
    model: str
    files: Mapping[str, str]
    changes: Mapping[str, Any]
    seed: int
    context: Context
    keys: tuple[Key, ...]


def jobs_of(
    trial: TrialPlan, model: ModelDefinition, changes: Mapping[str, Any], seeds: Sequence[int], context: Context
) -> dict[int, Job]:
    """Return the trials of a condition as processes need them, by seed."""
    tables = trial.entry.model_dump(mode="json", by_alias=True, exclude_none=True)
    measures = keys_of_measures(trial.measures)
    return {
        seed: Job(key, trial.entry, model.name, model.files, changes, seed, context, measures)
        for (_, seed), key in trial_keys(replace(trial.experiment, seeds=tuple(seeds)), context, tables).items()
    }


def run_trials(
    trials: Mapping[Condition, TrialPlan], model: ModelDefinition, changes: Mapping[str, Any], seeds: Sequence[int],
    context: Context, folder: Path, workers: int, report: Report = lambda *news: None,
) -> tuple[dict[Condition, list[Values]], dict[Condition, Failure]]:  # fmt: skip
    """Run the trials whose values the folder does not hold yet.

    returns: values of every trial by condition, one mapping per seed; and the failures by condition
    raises: StartError before any trial where no process can be started that runs this code; SimulationError, once the
        others are done, where a trial was killed, or had no memory or disk
    """
    require_compiler(context.target)
    jobs = {
        (condition, seed): job
        for condition, trial in trials.items() for seed, job in jobs_of(trial, model, changes, seeds, context).items()
    }  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise StorageError(f"{folder}: cannot be written: {problem.strerror}") from None
    found: dict[tuple[Condition, int], Values] = {}
    for which, job in jobs.items():
        kept = _kept(folder, job)
        if kept is not None:
            found[which] = kept
    failures: dict[Condition, Failure] = {}
    todo = {which: job for which, job in jobs.items() if which not in found}
    for which, outcome in _run(todo, folder, max(1, min(workers, len(todo))), report, len(found)):
        if isinstance(outcome, Failure):
            failures[which[0]] = outcome
        else:
            found[which] = outcome
    _validate_answered(failures)
    whole = [one for one in trials if one not in failures]
    return {one: [found[one, seed] for seed in seeds] for one in whole}, failures


def _validate_answered(failures: Mapping[Condition, Failure]) -> None:
    found = [one for one in failures.values() if one.kind in UNANSWERED]
    if found:
        reasons = "; ".join(dict.fromkeys(one.reason for one in found))
        problem = SimulationError(f"trials failed: {reasons}; finished ones are kept, and the same command goes on")
        problem.exit_status = exit_status_of(one.kind for one in found)
        raise problem


def keys_of_measures(measures: Sequence[Measure]) -> tuple[Key, ...]:
    """Return quantity, statistic and time of each measure, as they are read from a trial."""
    return tuple((one.quantity, one.statistic, one.time) for one in measures)


def _run(
    todo: Mapping[tuple[Condition, int], Job], folder: Path, workers: int, report: Report, done: int
) -> Any:
    total = done + len(todo)
    report("kept", done, total, "")
    if not todo:
        return
    with worker_pool(workers) as (pool, _):
        with starting():
            futures = {_submitted(pool, job, folder): which for which, job in todo.items()}
        for future in as_completed(futures):
            try:
                outcome = future.result()
            except BrokenProcessPool:
                outcome = Failure("killed", "its process was killed, perhaps for want of memory")
            done += 1
            if isinstance(outcome, Failure):
                report(outcome.kind, done, total, outcome.reason)
            else:
                report("done", done, total, "")
            yield futures[future], outcome


def _submitted(pool: ProcessPoolExecutor, job: Job, folder: Path) -> Future[Any]:
    try:
        return pool.submit(_work, job, folder)
    except BrokenProcessPool as problem:
        failed: Future[Any] = Future()
        failed.set_exception(problem)
        return failed


def _work(job: Job, folder: Path) -> Values | Failure:
    """Run one trial in this process, store its values and return them, or its failure."""
    with ended_by_stop():
        try:
            values = trial_values(job)
            _keep(folder, job, values)
        except Exception as problem:  # the reason has to reach the user whatever it is
            return failure_of(problem)
    return values


def trial_values(job: Job) -> Values:
    """Run one trial and return the values that rows read from it."""
    model = read_model_texts(job.model, job.files)
    experiment = build_experiment(job.entry, "evidence", "evidence", "", model, dict(job.changes))
    datasets = simulate_trial(experiment, experiment.arms[0], job.seed, job.context)
    return {key: read_value(datasets, key, experiment.begin) for key in job.keys}


def read_value(datasets: Mapping[str, xr.Dataset], key: Key, begin: float) -> float:
    """Read a quantity at a time: mean over cells, or standard deviation over mean, NaN where the mean is 0."""
    quantity, statistic, asked = key
    time = begin if asked is None else asked
    probes, samples = datasets["probes"], datasets["samples"]
    if quantity in probes:
        index = _index_of(probes["probe_time"].values, time)
        if statistic == "mean":
            return float(probes[quantity].values[index])
        cells = probes.get(f"{quantity}_cells")  # which one cell alone does not have
        return float("nan") if cells is None else _relative(np.std(cells.values[index]), np.mean(cells.values[index]))
    index = _index_of(samples["time"].values, time)
    mean = float(samples[quantity].values[index])
    return mean if statistic == "mean" else _relative(samples[f"{quantity}_sd"].values[index], mean)


def _index_of(times: np.ndarray, time: float) -> int:
    index = int(np.argmin(np.abs(times - time)))
    assert abs(times[index] - time) < TIME_MATCH, "the trial was planned to be read then"
    return index


def _relative(spread: Any, mean: Any) -> float:
    return float(spread) / float(mean) if mean else float("nan")


def _kept(folder: Path, job: Job) -> Values | None:
    try:
        rows = json.loads((folder / f"{job.key}.json").read_text(encoding="utf-8"))
        found = {(quantity, statistic, time): float(value) for quantity, statistic, time, value in rows}
    except (OSError, ValueError):
        return None
    return {one: found[one] for one in job.keys} if found.keys() >= set(job.keys) else None


def _keep(folder: Path, job: Job, values: Values) -> None:
    path = folder / f"{job.key}.json"
    place_file(path, json.dumps([[*key, value] for key, value in values.items()]).encode())
    shared_as(folder, path)
