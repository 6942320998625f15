"""Trials of the evidence: the values that rows read from each are kept under its key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msim.backends.context import Context
from msim.base.endings import Failure, ended_by
from msim.base.errors import SimulationError
from msim.definitions.evidence.rows import Condition
from msim.definitions.experiments.experiment import build_experiment
from msim.definitions.experiments.recordings import TIME_MATCH
from msim.definitions.files import schema as e
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_model_texts
from msim.evidence.plan import Measure, TrialPlan
from msim.executors.executor import Executor
from msim.trials.claimed import Attempt
from msim.trials.kept_values import Report, run_kept, values_of
from msim.trials.trial import simulate_trial
from msim.trials.trial_key import trial_keys

if TYPE_CHECKING:
    import xarray as xr

Key = tuple[str, str, float | None]  # quantity, statistic, time
Values = dict[Key, float]
# Endings that say nothing about the model: a row that needs such a trial has no outcome at all.
UNANSWERED = ("killed", "memory")


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

    def values(self, attempt: Attempt) -> list[list[Any]]:
        """Run the trial; return quantity, statistic, time and value of everything that rows read from it."""
        return [[*key, value] for key, value in trial_values(self, attempt.simulate).items()]

    def holds(self, kept: Any) -> bool:
        """Return whether kept values are all that rows read from this trial."""
        return _as_values(kept).keys() >= set(self.keys)


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
        where a trial was killed or had no memory; DiskFullError where there is no room for more
    """
    jobs = {
        (condition, seed): job
        for condition, trial in trials.items() for seed, job in jobs_of(trial, model, changes, seeds, context).items()
    }  # fmt: skip
    failed = run_kept(_by_key(jobs.values()), context.target, folder, executor, report)
    failures = {condition: failed[job.key] for (condition, _), job in jobs.items() if job.key in failed}
    _validate_answered(failures)
    found: dict[Condition, list[Values]] = {}
    for condition in trials:
        if condition not in failures:
            own = [jobs[condition, seed] for seed in seeds]
            found[condition] = [{key: _as_values(values_of(folder, job))[key] for key in job.keys} for job in own]
    return found, failures


def _by_key(jobs: Iterable[Job]) -> dict[str, Job]:
    """Return trials by their keys; of those that several conditions share, one with all their values."""
    found: dict[str, Job] = {}
    for one in jobs:
        before = found.get(one.key)
        found[one.key] = one if before is None else replace(one, keys=tuple(dict.fromkeys((*before.keys, *one.keys))))
    return found


def _as_values(kept: Any) -> Values:
    return {(quantity, statistic, time): float(value) for quantity, statistic, time, value in kept}


def _validate_answered(failures: Mapping[Condition, Failure]) -> None:
    found = [one for one in failures.values() if one.kind in UNANSWERED]
    if found:
        reasons = "; ".join(dict.fromkeys(one.reason for one in found))
        problem = SimulationError(f"trials failed: {reasons}; finished ones are kept, and the same command goes on")
        raise ended_by(problem, found)


def keys_of_measures(measures: Sequence[Measure]) -> tuple[Key, ...]:
    """Return quantity, statistic and time of each measure, as they are read from a trial."""
    return tuple((one.quantity, one.statistic, one.time) for one in measures)


def trial_values(job: Job, simulate: Callable[..., dict[str, xr.Dataset]] = simulate_trial) -> Values:
    """Run one trial and return the values that rows read from it.

    simulate: takes experiment, arm, seed and context, as `simulate_trial` does
    """
    model = read_model_texts(job.model, job.files)
    experiment = build_experiment(job.entry, "evidence", "evidence", "", model, dict(job.changes))
    datasets = simulate(experiment, experiment.arms[0], job.seed, job.context)
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
