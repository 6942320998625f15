"""The multiscale solver against spikes without a gap, where slow times are shorter by a factor."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.brute_force import Path, Problem, brute_force, gains, multiscale
from benchmarks.tables import table
from msim.definitions.experiments.experiment import read_experiment
from msim.definitions.experiments.schedule import Schedule

TOLERANCES = (0.2, 0.1, 0.05, 0.025, 0.0125)
SAMPLES = 60  # of them most in the first day, where most happens
# Brute force measures rest over this; both solvers share it, so that what is compared is what follows.
BASELINE = 20.0


def measured(
    name: str, arm: str, cells: int, factors: Sequence[float], seeds: Sequence[int], window: float
) -> dict[str, Any]:
    """Errors of every tolerance at every factor, and both paths."""
    experiment = read_experiment(name)
    span = experiment.end
    times = sorted({*np.geomspace(600.0, span, SAMPLES - 1).tolist(), span})
    found: dict[str, Any] = {
        "experiment": name, "arm": arm, "cells": cells, "horizon_s": span - experiment.begin, "times_s": times,
        "default": Schedule().tolerance, "rows": [], "paths": [],
    }  # fmt: skip
    for factor in factors:
        for seed in seeds:
            problem = Problem.of(experiment, arm, cells, factor, seed, times)
            schedule = _compressed(Schedule(baseline=BASELINE), factor)
            reference = brute_force(problem, schedule, window)
            _tell(f"1 / {factor:g}, seed {seed}: spikes without a gap in {reference.wall:.0f} s")
            for tolerance in TOLERANCES:
                path = multiscale(problem, replace(schedule, tolerance=tolerance))
                found["rows"].append(_row(problem, tolerance, path, reference))
                if tolerance == Schedule().tolerance:
                    found["paths"].append({
                        "factor": factor, "seed": seed, "brute_force": reference.means, "multiscale": path.means,
                    })  # fmt: skip
    return found


def _compressed(schedule: Schedule, factor: float) -> Schedule:
    return replace(
        schedule, shortest_leap=schedule.shortest_leap / factor, longest_leap=schedule.longest_leap / factor
    )


def _row(problem: Problem, tolerance: float, path: Path, reference: Path) -> dict[str, Any]:
    """Largest errors over all samples: of gains relative to themselves and to their largest effect, and of the rest."""
    relative = of_effect = others = 0.0
    own = gains(problem.model)
    for name, values in reference.means.items():
        right, got = np.array(values), np.array(path.means[name])
        off = np.abs(got - right)
        if name in own:
            relative = max(relative, float(np.max(off / np.abs(right))))
            effect = float(np.max(np.abs(right - 1)))
            of_effect = max(of_effect, float(np.max(off)) / effect if effect > 0.05 else 0.0)
        else:
            others = max(others, float(np.max(off)))
    return {
        "factor": problem.factor, "seed": problem.seed, "tolerance": tolerance, "gain_error": relative,
        "gain_error_of_effect": of_effect, "block_error": others, "bursts": path.bursts,
        "spiking_s": path.spiking_seconds, "brute_force_spiking_s": reference.spiking_seconds, "wall_s": path.wall,
        "brute_force_wall_s": reference.wall,
    }  # fmt: skip


def printed(found: dict[str, Any]) -> str:
    """Rows of all factors, seeds and tolerances."""
    heads = ("slow times", "seed", "tolerance", "gain off by %", "% of its effect", "blocks off by", "bursts",
             "spikes s", "without a gap s")  # fmt: skip
    rows = [
        (f"1 / {one['factor']:g}", one["seed"], one["tolerance"], 100 * one["gain_error"],
         100 * one["gain_error_of_effect"], one["block_error"], one["bursts"], one["spiking_s"],
         one["brute_force_spiking_s"])
        for one in found["rows"]
    ]  # fmt: skip
    title = f"{found['experiment']}, arm {found['arm']}, {found['cells']:,} cells; the largest error at any time"
    return f"{title}\n{table(heads, rows)}"


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
