"""Task scans of many participants at once, each with the gains and block of their own regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from msim.base.errors import InputError
from msim.brain.connectome import Connectome
from msim.brain.emulator_axes import on_axes
from msim.brain.field import Field, field_of
from msim.brain.go_nogo import TaskResult, go_nogo
from msim.brain.scans import scan_seed
from msim.brain.surface import RegionSurfaces
from msim.definitions.brains.brain import BrainDefinition
from msim.definitions.brains.task import TaskDefinition
from msim.emulator.emulator import Emulator
from msim.imaging.scan import Label

MOST_AT_ONCE = 64  # scans; memory grows with them


@dataclass(frozen=True)
class Visit:
    """One participant at one time point.

    regional: for each region values of the emulator's axes, such as gains and block; rest where left out
    """

    subject: str
    group: str
    time_point: str
    regional: tuple[Mapping[str, float], ...]


def joined(fields: Sequence[Field]) -> Field:
    """Join fields of one brain that differ only in their regions' states into one of as many scans, in their order."""
    first = fields[0]
    coefficients = np.stack([one.surfaces.coefficients for one in fields])
    s = first.surfaces
    return replace(first, surfaces=RegionSurfaces(s.axes, s.basis, coefficients, s.rest, s.floor))


def task_visits(
    brain: BrainDefinition, connectome: Connectome, emulator: Emulator, task: TaskDefinition, visits: Sequence[Visit],
    tr: float, seed: int, coupling: float | None = None,
) -> list[TaskResult]:  # fmt: skip
    """Scan all participants at all their time points during the task.

    emulator: of `brain_emulator` for the states of all visits
    Trials and fluctuations differ from visit to visit; those of a visit depend only on seed, subject and time point.
    returns: in the order of visits
    raises: as `go_nogo`; InputError where a visit has another number of regions
    """
    found: list[TaskResult] = []
    for begin in range(0, len(visits), MOST_AT_ONCE):
        part = visits[begin : begin + MOST_AT_ONCE]
        for one in part:
            if len(one.regional) != len(connectome.names):
                raise InputError(f"visit {one.subject}, {one.time_point}: wants {len(connectome.names)} regions, "
                                 f"got {len(one.regional)}")
        field = joined([
            field_of(brain, connectome, emulator, coupling, [on_axes(emulator, state) for state in one.regional])
            for one in part
        ])  # fmt: skip
        labels = [Label(one.subject, task.name.replace("_", ""), one.time_point.replace("_", "")) for one in part]
        seeds = [scan_seed(seed, one) for one in labels]
        found += go_nogo(brain, field, task, tr, labels, seeds)
    return found
