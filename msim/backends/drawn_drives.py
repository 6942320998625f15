"""Poisson drives of target 'runtime': thresholds of counts on a grid of time that fits all their rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from msim.base.errors import InputError
from msim.circuit.drive import count_thresholds
from msim.network.fast_plan import FastPlan, PoissonDrive

RARE = 0.01  # events in a step of 1 ms


@dataclass(frozen=True)
class DrawnDrive:
    """A drive with the step (s) in which its events are counted, and its number of thresholds."""

    drive: PoissonDrive
    step: float
    rows: int

    def thresholds(self, index: int) -> dict[str, np.ndarray]:
        """Return the per-cell thresholds by name.

        index: number of the drive in its group
        returns: thresholds, filled up with ones, which no uniform number exceeds
        """
        found = count_thresholds(self.drive.rate * self.step)
        missing = np.ones((self.rows - len(found), self.drive.rate.size))
        return {f"drive{index}_threshold{k}": row for k, row in enumerate([*found, *missing])}


def drawn_drives(plans: Sequence[FastPlan], fine: float, coarse: float) -> list[DrawnDrive]:
    """Return the drives of the first plan, drawn so that they can take the rates of any other plan.

    fine, coarse: s; rare events, such as miniatures, are placed on the coarse grid
    raises: InputError where the plans differ in more than rates and peaks
    """
    return [_drawn(drives, fine, coarse) for drives in zip(*(_alike(plan, plans[0]) for plan in plans), strict=True)]


def with_rates(drawn: Sequence[DrawnDrive], plan: FastPlan) -> list[DrawnDrive]:
    """Return the drives with the rates and peaks of another plan."""
    return [replace(one, drive=drive) for one, drive in zip(drawn, plan.drives, strict=True)]


def _alike(plan: FastPlan, first: FastPlan) -> tuple[PoissonDrive, ...]:
    kinds = [[(one.group, tuple(one.peaks)) for one in each.drives] for each in (plan, first)]
    if kinds[0] != kinds[1]:
        raise InputError("network: this target cannot switch a drive off beside another one onto the same receptors")
    return plan.drives


def _drawn(drives: Sequence[PoissonDrive], fine: float, coarse: float) -> DrawnDrive:
    highest = max(float(np.max(one.rate)) for one in drives)
    step = coarse if highest * coarse < RARE else fine
    return DrawnDrive(drives[0], step, max(len(count_thresholds(one.rate * step)) for one in drives))
