"""Update of a compiled column's numbers between two bursts, without building it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from msim.backends.cpp.network import CompiledNetwork
from msim.network.column_plan import ColumnPlan, Weights


def write_parameters(network: CompiledNetwork, before: ColumnPlan, plan: ColumnPlan) -> None:
    """Take the constants, peaks and rates of another plan of the same cells and wiring; on every rank alike.

    The result depends on the plan alone, not on the plans before.
    before: of what the network has
    raises: InputError where the plans differ in more than these values
    """
    before.validate_alike(plan)
    for old, new in zip(before.spec.cells, plan.spec.cells, strict=True):
        for name, value in _changed(old.constants, new.constants).items():
            network.set(new.name, name, value)
    for one, other in zip(before.spec.projections, plan.spec.projections, strict=True):
        for name, value in _changed(one.constants, other.constants).items():
            network.set_constant(other.name, name, value)
    for drive, later in zip(before.spec.drives, plan.spec.drives, strict=True):
        for name, value in _changed(drive.constants, later.constants).items():
            network.set(later.to, name, value)
        if not np.array_equal(drive.rate, later.rate):
            network.set_rate(later.name, later.rate)


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, (value, _) in after.items() if not np.array_equal(before[name][0], value)}


def weights_of(network: CompiledNetwork, plan: ColumnPlan) -> Iterator[Weights]:
    """Yield the targets and weights of the contacts of every projection; of a cell in the same order on any rank."""
    for projection in plan.spec.projections:
        contacts = network.read_contacts(projection.name)
        row = np.searchsorted(network.local[projection.to], contacts["target"])
        yield projection.name, row, contacts["weight"]
