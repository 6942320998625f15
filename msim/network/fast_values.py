"""Numbers that a model's spiking cells run on, which tell whether a change of the model reaches them."""

from __future__ import annotations

from msim.definitions.models.constants import constants
from msim.definitions.models.model import ModelDefinition


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
