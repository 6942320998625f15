"""Fit of values to CAL rows by optuna, resumable from one file; and the directions that the rows leave undetermined."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from msim.backends.context import Context
from msim.base.code_digest import code_digest
from msim.base.errors import InputError, StorageError
from msim.calibration.objective import Miss, misses, objective, validate_reachable
from msim.calibration.space import Axis, texts_of
from msim.definitions.evidence.rows import EvidenceRow
from msim.definitions.models.model import ModelDefinition
from msim.evidence.evidence import EvidenceResult, evidence, row_bounds
from msim.evidence.trials import Report
from msim.executors.executor import Executor
from msim.trials.trial_key import digest

UNDETERMINED = 1.0  # margins: a direction in which all of the range moves no row by more is not determined
STEP = 0.15  # of the range, for derivatives: beyond the noise of seeds


@dataclass(frozen=True)
class Problem:
    """The values to fit, the rows to fit them to, and the settings of each simulation."""

    model: ModelDefinition
    rows: tuple[EvidenceRow, ...]
    every: tuple[EvidenceRow, ...]
    axes: tuple[Axis, ...]
    changes: Mapping[str, Any]
    hypothesis: str
    seeds: tuple[int, ...]
    context: Context
    folder: Path
    executor: Executor

    @property
    def name(self) -> str:
        """Return a name that depends on the whole problem, so that the study of another one is never continued."""
        about = [
            self.model.digest, [repr(one) for one in self.rows], [vars(one) for one in self.axes], self.changes,
            self.hypothesis, self.seeds, self.context.identity([self.model]), code_digest(),
        ]  # fmt: skip
        return "msim-" + digest(about)[:16]


@dataclass(frozen=True)
class Tried:
    """A set of values that was tried, the results of the rows, their misses and the loss."""

    values: Mapping[str, float]
    results: tuple[EvidenceResult, ...]
    found: tuple[Miss, ...]
    loss: float


@dataclass(frozen=True)
class Direction:
    """A direction in the space of values.

    margins: change of the rows over all of its range; weights: part of each value in it, by path
    """

    margins: float
    weights: Mapping[str, float]


def tried(problem: Problem, parts: Sequence[float], report: Report = lambda *news: None) -> Tried:
    """Simulate the rows with the values at these parts (0 to 1) of their ranges."""
    values = {axis.path: axis.at(part) for axis, part in zip(problem.axes, parts, strict=True)}
    changes = {**problem.changes, **texts_of(problem.model, values)}
    results = evidence(
        problem.rows, problem.model, changes, problem.hypothesis, problem.seeds, problem.context, problem.folder,
        problem.executor, report, problem.every,
    )  # fmt: skip
    found = misses(results, row_bounds(problem.rows, problem.every, problem.model))
    moved = [part - start_part(axis) for axis, part in zip(problem.axes, parts, strict=True)]
    return Tried(values, tuple(results), tuple(found), objective(found, moved))


def start_part(axis: Axis) -> float:
    """Return the part (0 to 1) of its range at which a value starts."""
    return math.log(axis.start / axis.low) / axis.reach if axis.reach else 0.0


def _validate_own_file(store: Path) -> None:
    """Refuse to write a study into a file that is not the journal of one.

    raises: StorageError
    """
    try:
        with store.open("rb") as file:
            first = file.readline()
        if first and "op_code" not in json.loads(first):
            raise ValueError
    except FileNotFoundError:
        return
    except OSError as problem:
        raise StorageError(f"{store}: cannot be read: {problem.strerror}") from None
    except (ValueError, TypeError):
        raise StorageError(f"{store}: is there already and is no journal of msim calibrate; choose another") from None


def fit(
    problem: Problem, trials: int, store: Path, progress: Callable[[int, float, float], None] = lambda *news: None
) -> tuple[Tried, Tried]:
    """Search for the best values from the starting ones; trials of the same problem in the file count.

    trials: number of trials that the study is to have in all
    returns: the first trial, at the starting values, and the best
    raises: SimulationError where no row can be run
    """
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    _validate_own_file(store)
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(store)))
    # Seeded by what is done already, so that a study that goes on does not ask for the same guesses again.
    first = tried(problem, [start_part(axis) for axis in problem.axes])
    validate_reachable(first.found, first.results)
    study = optuna.create_study(study_name=problem.name, storage=storage, load_if_exists=True)
    done = len([one for one in study.trials if one.state.is_finished()])
    study.sampler = optuna.samplers.TPESampler(seed=done, multivariate=True, n_startup_trials=max(5, len(problem.axes)))
    if not study.trials:
        study.enqueue_trial({axis.path: start_part(axis) for axis in problem.axes})

    def ask(guess: Any) -> float:
        loss = tried(problem, [guess.suggest_float(axis.path, 0.0, 1.0) for axis in problem.axes]).loss
        best = min([loss, *(one.value for one in study.trials if one.value is not None)])
        progress(guess.number + 1, loss, best)
        return loss

    if done < trials:
        study.optimize(ask, n_trials=trials - done)
    best = [study.best_params[axis.path] for axis in problem.axes]
    found = tried(problem, best)
    return first, found if found.loss < first.loss else first


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise InputError("calibrate: wants optuna and SALib: pip install msim[fit]") from None
    return optuna


def derivatives(problem: Problem, best: Tried) -> np.ndarray:
    """Return the derivatives of rows by values: margins for all of the range of each, shape (rows, values)."""
    parts = [math.log(best.values[axis.path] / axis.low) / axis.reach for axis in problem.axes]
    columns = []
    for index in range(len(parts)):
        low, high = list(parts), list(parts)
        low[index], high[index] = max(0.0, parts[index] - STEP), min(1.0, parts[index] + STEP)
        below, above = tried(problem, low).found, tried(problem, high).found
        columns.append([
            0.0 if one.scaled is None or two.scaled is None else (two.scaled - one.scaled) / (high[index] - low[index])
            for one, two in zip(below, above, strict=True)
        ])  # fmt: skip
    return np.array(columns).T


def undetermined(jacobian: np.ndarray, axes: Sequence[Axis]) -> list[Direction]:
    """Find the directions that no row notices: singular vectors of J that move all rows by less than a margin.

    jacobian: margins for all of the range, shape (rows, values)
    """
    _, sizes, vectors = np.linalg.svd(jacobian, full_matrices=True)
    whole = np.zeros(vectors.shape[0])
    whole[: sizes.size] = sizes
    flat = [(size, vector) for size, vector in zip(whole, vectors, strict=True) if size < UNDETERMINED]
    return [
        Direction(float(size), {
            axis.path: round(float(weight), 3) for axis, weight in zip(axes, vector, strict=True) if abs(weight) > 0.2
        })
        for size, vector in flat
    ]  # fmt: skip


def morris(problem: Problem, trajectories: int, seed: int = 1) -> list[dict[str, Any]]:
    """Compute Morris' elementary effects of every value on the rows: mean and spread, in margins for all its range."""
    try:
        from SALib.analyze import morris as analysis
        from SALib.sample import morris as sampling
    except ImportError:
        raise InputError("calibrate: wants optuna and SALib: pip install msim[fit]") from None
    names = [axis.path for axis in problem.axes]
    about = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    guesses = sampling.sample(about, trajectories, num_levels=4, seed=seed)
    outcomes = np.array([[one.scaled or 0.0 for one in tried(problem, guess).found] for guess in guesses])
    ids = [one.row for one in tried(problem, guesses[0]).found]
    found = []
    for column, row in enumerate(ids):
        if not np.ptp(outcomes[:, column]):
            continue
        result = analysis.analyze(about, guesses, outcomes[:, column], num_levels=4, seed=seed)
        for index, name in enumerate(names):
            found.append({
                "parameter": name, "row": row, "mu_star": float(result["mu_star"][index]),
                "sigma": float(result["sigma"][index]),
            })  # fmt: skip
    return sorted(found, key=lambda one: -float(one["mu_star"]))
