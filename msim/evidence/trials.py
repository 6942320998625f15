"""Trials of the evidence: run in parallel, the values of each kept under its key.

Commands that share a folder share the work: each trial is claimed by one of them, and taken up from its checkpoint by
another where that one is killed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msim.backends.context import Context
from msim.backends.mpi import RankGroup
from msim.base.endings import Failure, exit_status_of
from msim.base.errors import SimulationError, StorageError
from msim.base.file_lease import now_at
from msim.base.made import make_shared, shared_as
from msim.definitions.evidence.rows import Condition
from msim.definitions.experiments.experiment import build_experiment
from msim.definitions.experiments.recordings import TIME_MATCH
from msim.definitions.files import schema as e
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_model_texts
from msim.evidence.plan import Measure, TrialPlan
from msim.executors.executor import Executor, Limits, ProgressEvent
from msim.executors.executor import Report as EventReport
from msim.executors.executor import Stop
from msim.storage.trial_store import CLAIMS, FAILED, WORK, TrialStore, place_file, remove_work
from msim.trials.claimed import claimed_checkpoints, failure_since, is_claimed, record_failure, run_all, run_claimed
from msim.trials.trial import Checkpoints, simulate_trial
from msim.trials.trial_key import trial_keys

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
    context: Context, folder: Path, executor: Executor, report: Report = lambda *news: None,
) -> tuple[dict[Condition, list[Values]], dict[Condition, Failure]]:  # fmt: skip
    """Run the trials whose values the folder does not hold yet.

    returns: values of every trial by condition, one mapping per seed; and the failures by condition
    raises: StartError where no process can be started that runs this code; SimulationError, once the others are done,
        where a trial was killed, or had no memory or disk
    """
    jobs = {
        (condition, seed): job
        for condition, trial in trials.items() for seed, job in jobs_of(trial, model, changes, seeds, context).items()
    }  # fmt: skip
    work = EvidenceWork(folder, _by_key(jobs.values()), context.target, _prepared(folder))
    failed = _run(work, executor, report)
    failures = {condition: failed[job.key] for (condition, _), job in jobs.items() if job.key in failed}
    _validate_answered(failures)
    found: dict[Condition, list[Values]] = {}
    for condition in trials:
        if condition not in failures:
            found[condition] = [_read_back(folder, jobs[condition, seed]) for seed in seeds]
    return found, failures


def _by_key(jobs: Iterable[Job]) -> dict[str, Job]:
    """Return trials by their keys; of those that several conditions share, one with all their values."""
    found: dict[str, Job] = {}
    for one in jobs:
        before = found.get(one.key)
        found[one.key] = one if before is None else replace(one, keys=tuple(dict.fromkeys((*before.keys, *one.keys))))
    return found


def _prepared(folder: Path) -> float:
    """Make the folder of trials, and return the time in s by its clock.

    raises: StorageError where it cannot be written
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (FAILED, CLAIMS, WORK):
            make_shared(folder / name)
        return now_at(folder)
    except OSError as problem:
        raise StorageError(f"{folder}: cannot be written: {problem.strerror}") from None


def _run(work: EvidenceWork, executor: Executor, report: Report) -> dict[str, Failure]:
    """Run the trials that the folder does not hold yet, and return the failures by key."""
    todo = [key for key in work.jobs if work.outcome(key) is None]
    failures: dict[str, Failure] = {}
    total = len(work.jobs)
    ended = total - len(todo)
    report("kept", ended, total, "")

    def noted(news: ProgressEvent) -> None:
        nonlocal ended
        if news.state not in ("done", "failed"):
            return
        ended += 1
        if news.state == "failed":
            failures[news.key] = Failure(news.kind, news.message)
        report(news.kind or "done", ended, total, news.message)

    run_all(work, todo, executor, noted)
    return failures


@dataclass(frozen=True)
class EvidenceWork:
    """Trials of the evidence, as the work of executors; see `Work`.

    jobs: by key; since: begin of this command in s, by the clock of the folder
    """

    folder: Path
    jobs: Mapping[str, Job]
    target: str
    since: float
    limits: Limits = Limits()

    @property
    def store(self) -> TrialStore:
        """Return the store of failures, claims and checkpoints; values lie beside them."""
        return TrialStore(self.folder)

    def run(self, key: str, report: EventReport, stop: Stop, ranks: RankGroup) -> ProgressEvent:
        """Run a trial in this process and keep its values; see `Work`."""
        return run_claimed(self, self.store, key, stop, lambda: self._kept_values(key, report, stop, ranks))

    def _kept_values(self, key: str, report: EventReport, stop: Stop, ranks: RankGroup) -> None:
        def progress(time: float) -> None:
            stop.leapt()
            report(ProgressEvent(key, "running", float(time)))

        job = self.jobs[key]
        own = replace(job, context=replace(job.context, ranks=ranks))
        checkpoints = claimed_checkpoints(self.store, key, self.limits.checkpoint_every, stop)
        _keep(self.folder, job, trial_values(own, progress, checkpoints, self.folder / WORK))
        self.store.failure(key).unlink(missing_ok=True)
        remove_work(self.store, key)

    def fail(self, key: str, failure: Failure) -> ProgressEvent:
        """Record the failure of a trial, whose checkpoint stays."""
        return record_failure(self.store, key, failure)

    def outcome(self, key: str) -> ProgressEvent | None:
        """Return what the folder has of a trial since this command began."""
        done = _kept(self.folder, self.jobs[key]) is not None
        return ProgressEvent(key, "done") if done else failure_since(self.store, key, self.since)

    def is_claimed(self, key: str) -> bool:
        """Return whether a living process runs a trial."""
        return is_claimed(self.store, key)


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


def trial_values(
    job: Job, progress: Callable[[float], None] = lambda time: None, checkpoints: Checkpoints | None = None,
    folder: Path | None = None,
) -> Values:  # fmt: skip
    """Run one trial and return the values that rows read from it; options are those of `simulate_trial`."""
    model = read_model_texts(job.model, job.files)
    experiment = build_experiment(job.entry, "evidence", "evidence", "", model, dict(job.changes))
    progress(experiment.begin)
    datasets = simulate_trial(
        experiment, experiment.arms[0], job.seed, job.context, progress, checkpoints=checkpoints, folder=folder
    )
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


def _read_back(folder: Path, job: Job) -> Values:
    """Return the kept values of a finished trial.

    raises: StorageError where they are gone
    """
    found = _kept(folder, job)
    if found is None:
        raise StorageError(f"{folder}: values of trial {job.key} cannot be read any more")
    return found


def _keep(folder: Path, job: Job, values: Values) -> None:
    path = folder / f"{job.key}.json"
    place_file(path, json.dumps([[*key, value] for key, value in values.items()]).encode())
    shared_as(folder, path)
