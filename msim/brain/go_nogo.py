"""Scans during a Go/NoGo task as a study analyzes them: behavior, betas of four regressors, and NoGo over Go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from msim.brain.behavior import Behavior, behavior_of, onsets_by_condition
from msim.brain.field import Field
from msim.brain.scans import task_scans
from msim.definitions.brains.brain import BrainDefinition
from msim.definitions.brains.task import TaskDefinition
from msim.imaging.glm import Estimates, estimated
from msim.imaging.scan import Label, Scan

CONTRAST = {"nogo_correct": 1.0, "go_correct": -1.0}


@dataclass(frozen=True)
class TaskResult:
    """Results of one scan during a task.

    onsets: by condition, s from the first volume; reactions: onset to the response after it, s
    estimates: None where one of the contrast's conditions had no event, so that there is no contrast
    """

    scan: Scan
    behavior: Behavior
    onsets: Mapping[str, np.ndarray]
    reactions: Mapping[float, float]
    estimates: Estimates | None


def go_nogo(
    brain: BrainDefinition, field: Field, task: TaskDefinition, tr: float, labels: Sequence[Label],
    seeds: Sequence[int],
) -> list[TaskResult]:  # fmt: skip
    """Simulate scans during the task, all at once, and analyze each.

    tr: s
    raises: as `task_scans`
    """
    scans, trials, responses = task_scans(brain, field, task, tr, labels, seeds)
    found = []
    for scan, shapes, response in zip(scans, trials, responses, strict=True):
        onsets = onsets_by_condition(shapes, response)
        complete = all(len(onsets[one]) for one in CONTRAST)
        estimates = estimated(scan, onsets, task["shown"], CONTRAST) if complete else None
        reactions = {float(time): float(one) for time, one in zip(shapes.onset, response, strict=True)}
        found.append(TaskResult(scan, behavior_of(shapes, response), onsets, reactions, estimates))
    return found
