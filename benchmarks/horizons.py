"""What trials of weeks cost: spikes, leaps and time."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from benchmarks.tables import table
from msim.backends.context import Context
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import read_experiment
from msim.multiscale.simulate import Protocol, simulate
from msim.pharmacology.regimen import Dose
from msim.recording.probe import Recording
from msim.recording.recorder import MemoryRecorder

DAY = 86400.0
# Name, days, days of doses.
COURSES = (
    ("7 days, one dose", 7, (0,)),
    ("14 days, four doses", 14, (0, 3, 7, 10)),
    ("8 weeks, six doses", 56, (0, 3, 7, 10, 14, 17)),
)


def measured(name: str, arm: str, cells: int) -> list[dict[str, Any]]:
    """One trial of each course, one after the other on one core."""
    experiment = read_experiment(name)
    # Compiles what is not in the cache.
    _trial(experiment, arm, cells, 0.05, ())
    return [_course(experiment, arm, cells, *course) for course in COURSES]


def _course(
    experiment: ExperimentDefinition, arm: str, cells: int, title: str, days: int, doses: tuple[int, ...]
) -> dict[str, Any]:
    begun = time.perf_counter()
    processor = time.process_time()
    recorder, spiking = _trial(experiment, arm, cells, days, doses)
    rows = [one for one in recorder.bursts if one.leap > 0]
    stood = [one for one in rows if one.accepted]
    horizon = days * DAY - experiment.begin
    return {
        "course": title, "cells": cells, "wall_s": time.perf_counter() - begun,
        "processor_s": time.process_time() - processor, "spiking_s": spiking, "horizon_s": horizon,
        "horizon_per_spiking_s": horizon / spiking, "leaps": len(stood), "repeated": len(rows) - len(stood),
        "largest_error": max(one.error for one in stood), "largest_noise": max(one.noise for one in stood),
        "leap_days": [one.time / DAY for one in stood], "leap_s": [one.leap for one in stood],
        "burst_s": [one.seconds for one in stood],
    }  # fmt: skip


def _trial(
    experiment: ExperimentDefinition, arm: str, cells: int, days: float, doses: tuple[int, ...]
) -> tuple[MemoryRecorder, float]:
    """The arm's first dose on each of some days."""
    one = experiment.arm(arm)
    first = min(dose.start_s for dose in one.doses)
    own = [dose for dose in one.doses if dose.start_s == first]
    given: tuple[Dose, ...] = tuple(
        replace(dose, start_s=dose.start_s + day * DAY) for day in doses for dose in own
    )
    recorder = MemoryRecorder()
    protocol = Protocol(experiment.begin, days * DAY, experiment.body_weight, given)
    model = one.model.with_value("column.n_cells", cells)
    spiking = simulate(
        model, protocol, Recording((days * DAY,), (), (), ()), recorder, 1, Context(schedule=experiment.schedule)
    )
    return recorder, spiking


def printed(found: list[dict[str, Any]]) -> str:
    """A row a course."""
    heads = ("course", "wall s", "processor s", "spikes s", "horizon / spikes", "leaps", "repeated", "largest error",
             "noise")  # fmt: skip
    rows = [
        (one["course"], one["wall_s"], one["processor_s"], one["spiking_s"], one["horizon_per_spiking_s"],
         one["leaps"], one["repeated"], one["largest_error"], one["largest_noise"])
        for one in found
    ]  # fmt: skip
    return f"{found[0]['cells']:,} cells, one core; error and noise in units of the tolerance\n{table(heads, rows)}"
