"""Sensitivity: share of a recorded value's variance over a sample that each axis accounts for, by SALib."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msim.base.errors import InputError
from msim.base.paths import given_path
from msim.base.rounding import is_constant
from msim.sweep.plan_files import latest_plan, read_plan
from msim.sweep.table import sweep_table

FEWEST = 16  # points


@dataclass(frozen=True)
class Share:
    """Share of one axis in the variance: its own, and with its interactions, each with half a 95 % interval.

    total and total_reach are None where the sample is not Saltelli's design, the only one that gives them
    """

    axis: str
    first: float
    first_reach: float
    total: float | None
    total_reach: float | None


def sensitivity(path: str | Path, quantity: str, time: float, arm: str) -> list[Share]:
    """Compute the shares of every axis of a sample in the variance of a quantity at a time (s) in an arm.

    The quantity is a mean over seeds.
    Sobol's indices by Saltelli's estimator for sample 'saltelli', otherwise first-order indices by RBD-FAST.
    raises: InputError where the sweep is no sample, or has trials of that arm that are not done
    """
    root = given_path(path, "sweep")
    plan = read_plan(latest_plan(root))
    if plan.design.sample == "grid":
        raise InputError(f"{root}: a grid tells no shares of variance; wants a sweep with --sample")
    if arm not in plan.about["arms"]:
        raise InputError(f"{root}: the sweep has no arm '{arm}'; known: {', '.join(plan.about['arms'])}")
    values = _values(root, quantity, time, arm, plan.design.shape[0])
    if is_constant(values):
        raise InputError(f"{root}: '{quantity}' is the same at all points, so that there is no variance to share out")
    names = [one.name for one in plan.design.axes]
    points = np.array([one.numbers for one in plan.design.axes]).T
    if values.size < FEWEST:
        raise InputError(f"{root}: wants {FEWEST} points or more, got {values.size}")
    bounds = [[float(column.min()), float(column.max())] for column in points.T]
    problem = {"num_vars": len(names), "names": names, "bounds": bounds}
    return shares(problem, points, values, plan.design.sample)


def shares(problem: dict[str, object], points: np.ndarray, values: np.ndarray, sample: str) -> list[Share]:
    """Compute the shares of variance.

    points: shape (points, axes), values: shape (points,)
    """
    try:
        from SALib.analyze import rbd_fast, sobol
    except ImportError:
        raise InputError("msim sensitivity wants SALib: pip install 'msim[fit]'") from None
    names = list(problem["names"])  # type: ignore[call-overload]
    if sample == "saltelli":
        found = sobol.analyze(problem, values, calc_second_order=False, seed=1)
        columns = zip(names, found["S1"], found["S1_conf"], found["ST"], found["ST_conf"], strict=True)
        return [Share(name, *(float(one) for one in row)) for name, *row in columns]
    found = rbd_fast.analyze(problem, points, values, seed=1)
    own = zip(names, found["S1"], found["S1_conf"], strict=True)
    return [Share(name, float(first), float(reach), None, None) for name, first, reach in own]


def _values(root: Path, quantity: str, time: float, arm: str, points: int) -> np.ndarray:
    """Return the mean over seeds at every point."""
    plan = read_plan(latest_plan(root))
    kept: list[list[float]] = [[] for _ in range(points)]
    for trial, row in zip(plan.trials, sweep_table(root, [quantity], [time]), strict=True):
        if trial.arm != arm:
            continue
        value = next((value for name, value in row.items() if name.startswith(f"{quantity} at ")), None)
        if value is None:
            raise InputError(f"{root}: {trial.name} is {row['status']}, or '{quantity}' is not known at {time:g} s")
        kept[trial.place[0]].append(float(value))
    return np.array([np.mean(one) for one in kept])
