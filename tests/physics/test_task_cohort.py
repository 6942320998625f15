"""Laws of scans of many participants at once, and the table of a Go/NoGo study on made-up results."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from msim.base.errors import InputError
from msim.brain.behavior import Behavior
from msim.brain.cohort import Visit, joined
from msim.brain.field import Field, integrated
from msim.brain.go_nogo import TaskResult
from msim.brain.surface import RegionSurfaces
from msim.brain.task_table import TaskCohort, contrast_in, task_table
from msim.emulator.axes import Axis
from msim.emulator.surfaces import Basis
from msim.imaging.glm import Estimates
from msim.imaging.scan import Label, Scan

REGIONS = ("IFC", "VIS")
TIMES = ("TP1", "TP2", "TP3")


def field(steep: float) -> Field:
    """Two joined regions whose rate is a power of their drive."""
    axis = Axis("drive", "value", 2.0, 2.0 * np.exp(-1), 2.0 * np.exp(1), is_ratio=True)
    coefficients = np.tile(np.array([0.1 * steep, steep])[None, :, None], (2, 1, 1))
    inputs = 0.2 * (1 - np.eye(2))[None]
    surfaces = RegionSurfaces((axis,), Basis(1, 1), coefficients, np.array([3.0]), 0.0)
    return Field(REGIONS, surfaces, np.array([0.01]), np.array([2.0]), 0, np.array([1.0]), inputs, (1.5, 0.03, 0.2))


def test_participants_scanned_together_are_what_they_are_alone() -> None:
    """Regions differ between scans, wiring and fluctuations are each scan's own."""
    steeps, seeds = (1.0, 2.0, 2.5), [3, 4, 5]
    together = np.concatenate(list(integrated(joined([field(one) for one in steeps]), 20.0, seeds)))
    for index, (steep, seed) in enumerate(zip(steeps, seeds, strict=True)):
        alone = np.concatenate(list(integrated(field(steep), 20.0, [seed])))
        assert together[:, index] == pytest.approx(alone[:, 0], rel=1e-12)


def result(contrast: float, reaction: float) -> TaskResult:
    scan = Scan(Label("01", "gonogo"), REGIONS, np.zeros((2, 2)), 0.8)
    values = np.array([contrast, 0.0])
    estimates = Estimates(("go_correct", "nogo_correct"), np.zeros((2, 2)), values, values, 100.0)
    return TaskResult(scan, Behavior(0.9, 0.8, reaction, 0.1), {}, {}, estimates)


def cohort(change: float) -> TaskCohort:
    """Patients of known differences: TP3 is higher by `change` in remitters, controls higher by 1."""
    random, visits, results = np.random.default_rng(1), [], []
    for number in range(12):
        own = random.normal(2.0, 0.3)
        for time_point in TIMES:
            more = change if time_point == "TP3" and number < 6 else 0.0
            visits.append(Visit(f"p{number:02d}", "patient", time_point, ()))
            results.append(result(own + more + random.normal(0, 0.05), random.normal(0.4, 0.02)))
    for number in range(10):
        visits.append(Visit(f"c{number:02d}", "control", "TP1", ()))
        results.append(result(random.normal(3.0, 0.3), random.normal(0.4, 0.02)))
    return TaskCohort(visits, results, "patient", "control", TIMES, ("IFC",), frozenset(f"p{k:02d}" for k in range(6)))


def test_the_table_finds_what_was_put_in_and_nothing_else() -> None:
    rows = {one.name: one for one in task_table(cohort(0.8))}
    assert rows["NoGo > Go in IFC, TP1"].estimate == pytest.approx(2.0, abs=0.3)
    assert rows["NoGo > Go in IFC, TP3 - TP1"].estimate == pytest.approx(0.4, abs=0.1)
    assert rows["NoGo > Go in IFC, TP3 - TP1"].degrees == 11
    assert rows["NoGo > Go in IFC, TP2 - TP1"].p > 0.01
    assert rows["NoGo > Go in IFC, patient - control"].estimate == pytest.approx(-1.0, abs=0.4)
    assert rows["NoGo > Go in IFC, time x remission"].p < 1e-6
    assert {one.name: one for one in task_table(cohort(0.0))}["NoGo > Go in IFC, time x remission"].p > 0.01
    # The same right answers in everyone: there is no change that could be tested.
    same = rows["right to Go, TP2 - TP1"]
    assert same.estimate == 0 and np.isnan(same.p) and "right to Go, time" not in rows


def test_unknown_regions_and_scans_without_a_contrast() -> None:
    with pytest.raises(InputError, match="nearest known: 'IFC'"):
        contrast_in("IFD")(result(1.0, 0.4))
    assert np.isnan(contrast_in("IFC")(replace(result(1.0, 0.4), estimates=None)))
