"""Update of a compiled column's numbers between two bursts, without building it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from msim.base.errors import InputError
from msim.definitions.models.constants import constants
from msim.definitions.models.model import ModelDefinition
from msim.network.column_plan import ColumnPlan

if TYPE_CHECKING:
    from msim.backends.cpp.column import CompiledColumn


def fast_values(model: ModelDefinition) -> dict[str, float]:
    """Return every number that a model's spiking cells run on, by name; two models with equal numbers spike alike."""
    found: dict[str, float] = {}
    for part in model.instances.values():
        if part.mechanism.scale not in ("slow", "drug", "binding", "readout"):
            found.update({f"{part.name}.{name}": value for name, value in constants(model, part.name).items()})
    for one in model.projections.values():
        found.update({f"{one.name}.{receptor}": model[f"{one.name}.peak.{receptor}"] for receptor in one.receptors})
    for drive in model.drives.values():
        found[f"{drive.name}.rate"] = model[f"{drive.name}.contacts"] * model[f"{drive.name}.rate"]
        found.update({f"{drive.name}.{one}": model[f"{drive.name}.peak.{one}"] for one in drive.receptors})
    return found


def write_parameters(column: CompiledColumn, plan: ColumnPlan) -> None:
    """Take the constants, peaks and rates of another plan of the same cells and wiring; on every rank alike.

    The result depends on the plan alone, not on the plans before.
    raises: InputError where the plans differ in more than these values
    """
    before = column.plan
    if plan.spec.digest() != before.spec.digest() or plan.wirings != before.wirings:
        raise InputError("network: wants the same equations and wiring, which cannot change between bursts")
    network = column.network
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
    column.plan = plan
    column.set_full_peaks(_full_peaks(column))


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, (value, _) in after.items() if not np.array_equal(before[name][0], value)}


def _full_peaks(column: CompiledColumn) -> dict[tuple[str, str], np.ndarray]:
    """Return the summed peak conductances of the local cells, S.

    Contacts of a cell come in the same order on any rank.
    """
    plan, local = column.plan, column.network.local
    full = {
        key: np.full(local[key[0]].size, plan.drive_peaks.get(key, 0.0)) for key in column.reached
    }
    for projection in plan.spec.projections:
        contacts = column.network.read_contacts(projection.name)
        row = np.searchsorted(local[projection.to], contacts["target"])
        for receptor, peak in plan.peaks[projection.name].items():
            own = full[projection.to, receptor]
            own += np.bincount(row, contacts["weight"] * peak, own.size)
    return full
