"""Verdicts from recorded arms on an experiment's predictions: yes, no or undecided, with effect and interval."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from msim.base.intervals import mean_and_reach, standardized
from msim.base.quantities import unit_text
from msim.base.rounding import is_constant
from msim.definitions.evidence.roles import NEVER_COMPARED
from msim.definitions.experiments.claims import Side
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.predictions import Prediction
from msim.definitions.experiments.recordings import TIME_MATCH
from msim.definitions.experiments.schedule import Schedule
from msim.storage.provenance import experiment_from_provenance
from msim.storage.run_store import Run
from msim.storage.trial_store import place_file

VERDICT_FILE = "verdict.json"


@dataclass(frozen=True)
class Verdict:
    """Outcome of one prediction in a run.

    time: s; effect: mean over seeds of left minus right, in `unit`; wanted: the margin as the file has it
    ci: 95 % interval of it over seeds, pairing trials of one seed; infinite with one seed
    hypothesis, asked: where the experiment is crossed with hypotheses: which, and the id that all of them share
    standardized: effect over the standard deviation of the differences (Cohen's d of pairs); None where these differ by
        no more than simulation alone makes them
    row, outcome_was: the evidence row that it is about, and what its outcome was to the model, as in Prediction
    """

    id: str
    claim: str
    quantity: str
    time: float
    verdict: str
    effect: float
    ci: tuple[float, float]
    unit: str
    margin: float
    standardized: float | None
    n: int
    source: str
    hypothesis: str = ""
    asked: str = ""
    wanted: str = ""
    row: str = ""
    outcome_was: str = NEVER_COMPARED


def judge(run: Run) -> list[Verdict]:
    """Test every prediction of a run's experiment against the record."""
    experiment = experiment_from_provenance(run.provenance)
    return [judge_prediction(run, experiment, one) for one in experiment.predictions]


def judge_prediction(run: Run, experiment: ExperimentDefinition, prediction: Prediction) -> Verdict:
    """Test one prediction against the record."""
    claim, differences = prediction.claim, differences_of(run, prediction)
    size = max(float(np.abs(values_of(run, prediction.quantity, one)).max()) for one in (claim.left, claim.right))
    effect, ci = paired_interval(differences)
    unit = unit_text(experiment.quantities[prediction.quantity].unit)
    verdict = decide(claim.relation, ci, prediction.margin)
    return Verdict(
        prediction.id, claim.text, prediction.quantity, prediction.time, verdict, effect, ci, unit, prediction.margin,
        standardized_effect(differences, size, numerical_noise(experiment.schedule)), int(differences.size),
        prediction.source, prediction.hypothesis, prediction.asked, prediction.wanted, prediction.row,
        prediction.outcome_was,
    )  # fmt: skip


def differences_of(run: Run, prediction: Prediction) -> np.ndarray:
    """Return the left minus the right side of a claim, one value per seed."""
    sides = (prediction.claim.left, prediction.claim.right)
    left, right = (values_of(run, prediction.quantity, side) for side in sides)
    return left - right


def values_of(run: Run, quantity: str, side: Side) -> np.ndarray:
    """Return the recorded mean of a quantity in an arm at a time, one value per seed."""
    if quantity in run.probes and np.any(np.abs(run.probes["probe_time"].values - side.time) < TIME_MATCH):
        index = int(np.argmin(np.abs(run.probes["probe_time"].values - side.time)))
        return np.asarray(run.probes[quantity].sel(arm=side.arm).isel(probe=index).values, dtype=float)
    times = run.samples["time"].values
    index = int(np.argmin(np.abs(times - side.time)))
    return np.asarray(run.samples[quantity].sel(arm=side.arm).isel(time=index).values, dtype=float)


def paired_interval(differences: np.ndarray) -> tuple[float, tuple[float, float]]:
    """Compute mean and 95 % confidence interval (Student's t) of differences within pairs."""
    effect = float(np.mean(differences))
    if differences.size < 2:
        return effect, (-np.inf, np.inf)
    # One seed without a value leaves the question open, and is not passed over.
    reach = float(mean_and_reach(differences)[1]) if np.isfinite(differences).all() else np.nan
    return effect, (effect - reach, effect + reach)


def numerical_noise(schedule: Schedule) -> float:
    """Return the share of a value by which bursts, which are as short as the schedule allows, may scatter it.

    A spread over seeds that is no wider says how long bursts were: longer ones would make any d as large as one likes.
    """
    return schedule.tolerance * schedule.noise


def standardized_effect(differences: np.ndarray, size: float = 0.0, noise: float = 0.0) -> float | None:
    """Compute Cohen's d of paired differences; None where they do not vary beyond rounding or numerical noise.

    size: of the values that they are differences of; noise: standard deviation that is numerical, as a share of `size`
    """
    if differences.size < 2 or is_constant(differences, size) or np.std(differences, ddof=1) <= noise * size:
        return None
    return standardized(differences)


def decide(relation: str, ci: Sequence[float], margin: float) -> str:
    """Return 'yes' where the whole interval agrees with the claim, 'no' where all of it disagrees, else 'undecided'.

    '>' claims more than `margin`, '<' less than -`margin`, '=' a difference within +-`margin`
    """
    low, high = (-ci[1], -ci[0]) if relation == "<" else (ci[0], ci[1])
    if not low <= high:
        return "undecided"  # an end is not a number
    if relation == "=":
        agrees, disagrees = -margin < low and high < margin, low > margin or high < -margin
    else:
        agrees, disagrees = low > margin, high < margin
    return "yes" if agrees else "no" if disagrees else "undecided"


def as_json(experiment: str, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return verdicts as plain JSON; an interval without bounds and an effect that is not a number are null."""
    rows = []
    for one in verdicts:
        row = asdict(one)
        row["effect"] = one.effect if np.isfinite(one.effect) else None
        row["ci"] = [value if np.isfinite(value) else None for value in one.ci]
        rows.append(row)
    return {"experiment": experiment, "predictions": rows}


def write_verdicts(run: Run, verdicts: Sequence[Verdict]) -> Path:
    """Write verdict.json into the run folder in one step."""
    path = run.path / VERDICT_FILE
    name = run.provenance["experiment"]["name"]
    place_file(path, json.dumps(as_json(name, verdicts), indent=1, allow_nan=False).encode())
    return path
