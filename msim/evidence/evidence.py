"""Comparison of a model with published outcomes: expected, simulated, effect with interval, agreement."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from msim.backends.context import Context
from msim.base.quantities import unit_text
from msim.definitions.evidence.rows import Condition, EvidenceRow, row_range
from msim.definitions.models.model import ModelDefinition
from msim.evidence.plan import Reading, RowPlan, conditions_of, plan_row, plan_rows
from msim.evidence.trials import Report, Values, run_trials
from msim.executors.executor import Executor
from msim.verdicts.verdict import paired_interval

QUICK = {"column.n_cells": 200}
CONTROL = "control"
SEEDS, QUICK_SEEDS = (1, 2, 3, 4, 5), (1, 2, 3)
MOST_SEEDS = 20  # of one row, unless the command says otherwise
NARROW = 0.5  # of the range that a row is held against: an interval of that width at most wants no further seeds


@dataclass(frozen=True)
class EvidenceResult:
    """Comparison of a model with one row of evidence.

    expected, simulated: '+', '-', '0', '~' (attenuated), 'within' (or 'below', 'above'); simulated '?' where the
        interval does not decide, '' where the row cannot be run
    effect: mean over seeds, in `unit`; ci: 95 % interval of it over seeds; None where the row cannot be run
    n: number of seeds; wide: whether the interval is wider than NARROW of the range that the row is held against
    reason: why it cannot be run, or why what was run has no value
    """

    row: str
    expected: str
    simulated: str
    effect: float | None
    agrees: bool
    ci: tuple[float, float] | None
    unit: str
    margin: str
    fact: str
    statement: str
    readout: str
    time_s: float
    against: str
    n: int
    source: str
    role: str
    reason: str
    wide: bool = False


def evidence(
    rows: Sequence[EvidenceRow], model: ModelDefinition, changes: Mapping[str, Any], hypothesis: str,
    seeds: Sequence[int], context: Context, folder: Path, executor: Executor, report: Report = lambda *news: None,
    every: Sequence[EvidenceRow] = (), most: int = 0,
) -> list[EvidenceResult]:  # fmt: skip
    """Run the trials that the rows need, and compare each row with them.

    every: all rows that were read, as some are compared with others
    most: number of seeds up to which a row that the first ones leave open gets further ones, one after another, until
        its interval is narrow
    """
    plans, trials = plan_rows(rows, model, changes, hypothesis, every)
    bounds = {plan.row.id: _bounds(plan) for plan in plans}
    results: dict[str, EvidenceResult] = {}
    open_plans, own = plans, list(seeds)
    while open_plans:
        needed = {one: trials[one] for plan in open_plans for one in conditions_of(plan) if one in trials}
        values, failed = run_trials(needed, model, changes, own, context, folder, executor, report)
        failures = {condition: one.reason for condition, one in failed.items()}
        for plan in open_plans:
            results[plan.row.id] = judged(plan, bounds[plan.row.id], values, failures, len(own))
        # Beyond the first seeds only the width counts: to stop as soon as a row agrees would make it agree by chance.
        first = len(own) == len(seeds)
        found = [(plan, results[plan.row.id]) for plan in open_plans]
        open_plans = [plan for plan, one in found if one.wide and (one.simulated == "?" or not first)]
        if len(own) >= most:
            break
        own.append(next(number for number in itertools.count(1) if number not in own))
    return [results[plan.row.id] for plan in plans]


def row_bounds(
    rows: Sequence[EvidenceRow], every: Sequence[EvidenceRow], model: ModelDefinition
) -> dict[str, tuple[float, float]]:
    """Return the bounds of every row, its margin on both sides of zero, or low and high, in SI units."""
    return {one.id: _bounds(plan_row(one, {two.id: two for two in every}, model)) for one in rows}


def _bounds(plan: RowPlan) -> tuple[float, float]:
    """Return the margin on both sides of zero, or low and high, in SI units.

    raises: DefinitionError where they are not in the unit of the readout
    """
    return (0.0, 0.0) if plan.cannot else row_range(plan.row, plan.unit)


def judged(
    plan: RowPlan, bounds: tuple[float, float], values: Mapping[Condition, list[Values]],
    failures: Mapping[Condition, str], n: int,
) -> EvidenceResult:  # fmt: skip
    """Compare one row with the trials."""
    row, reason = plan.row, plan.cannot
    for reading in plan.readings:
        for _, measure in reading.terms:
            reason = reason or failures.get(measure.condition, "")
    effect: float | None = None
    ci: tuple[float, float] | None = None
    simulated, wide = "", False
    if not reason:
        readings = [_per_seed(one, values) for one in plan.readings]
        effects = effects_of(row, readings)
        reason = _without_value(row, readings, effects)
        effect, ci = (np.nan, (np.nan, np.nan)) if reason else paired_interval(effects)
        simulated = simulated_outcome(row.direction, ci, bounds)
        wide = ci[1] - ci[0] > NARROW * (bounds[1] - bounds[0])
    return EvidenceResult(
        row.id, row.direction, simulated, effect, bool(simulated) and simulated == row.direction, ci,
        unit_text(plan.unit), bounds_text(row), row.fact, row.statement, row.readout.name, row.time, row.against, n,
        row.source, row.role, reason, wide,
    )  # fmt: skip


def bounds_text(row: EvidenceRow) -> str:
    """Return the bounds of a row as its file gives them: its margin, or low and high."""
    return f"{row.low} .. {row.high}" if row.direction == "within" else str(row.margin)


def _per_seed(reading: Reading, values: Mapping[Condition, list[Values]]) -> np.ndarray:
    total = np.zeros(())
    for factor, measure in reading.terms:
        key = (measure.quantity, measure.statistic, measure.time)
        total = total + factor * np.array([one[key] for one in values[measure.condition]])
    return np.asarray(total)


def _without_value(row: EvidenceRow, readings: Sequence[np.ndarray], effects: np.ndarray) -> str:
    """Return the reason for which effects are not finite; '' where they are."""
    lost = ~np.isfinite(effects)
    if not lost.any():
        return ""
    if not np.isfinite(readings).all():
        came = f"{row.readout.name} is not known"
        if row.readout.statistic == "cv":
            came = "the mean over cells is 0, of which the spread is a share"
    else:
        came = f"the ratio is {readings[0][lost][0]:g} over {readings[1][lost][0]:g}"
    return f"{came} in {int(lost.sum())} of {effects.size} seeds"


def effects_of(row: EvidenceRow, readings: Sequence[np.ndarray]) -> np.ndarray:
    """Return the effect of a row, one value per seed.

    An attenuated effect is the effect under the manipulation less the undisturbed one, negative where the undisturbed
    effect has become smaller, whatever its sign.
    """
    if len(readings) == 1:
        return readings[0]
    if len(readings) == 2 and row.compare == "ratio":
        with np.errstate(divide="ignore", invalid="ignore"):  # what comes of 0 is told as a reason
            return np.asarray(readings[0] / readings[1])
    if len(readings) == 2:
        return readings[0] - readings[1]
    disturbed, undisturbed = readings[0] - readings[1], readings[2] - readings[3]
    sign = np.sign(np.mean(undisturbed)) or 1.0
    return np.asarray(sign * (disturbed - undisturbed))


def simulated_outcome(direction: str, ci: Sequence[float], bounds: tuple[float, float]) -> str:
    """Return the direction of an effect where all of its interval agrees on one; otherwise '?'."""
    low, high = bounds
    if not ci[0] <= ci[1]:
        return "?"
    if direction == "within":
        names = ("below", "within", "above")
    else:
        names = ("~" if direction == "~" else "-", "0", "+")
    if ci[1] < low:
        return names[0]
    if ci[0] > high:
        return names[2]
    return names[1] if low <= ci[0] and ci[1] <= high else "?"


def as_records(results: Sequence[EvidenceResult]) -> list[dict[str, Any]]:
    """Return results as plain JSON; a number that is not finite is null."""
    rows = []
    for one in results:
        row = asdict(one)
        row["effect"] = one.effect if one.effect is not None and np.isfinite(one.effect) else None
        row["ci"] = [end if np.isfinite(end) else None for end in one.ci] if one.ci else None
        rows.append(row)
    return rows


def counted(results: Sequence[EvidenceResult]) -> list[EvidenceResult]:
    """Return the rows that count, all but those that are only controls of others."""
    return [one for one in results if one.role != CONTROL]
