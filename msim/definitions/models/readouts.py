"""Readouts of a model, by their kind."""

from __future__ import annotations

from msim.base.readout import Readout
from msim.definitions.models.mechanism_registry import readouts
from msim.definitions.models.model import ModelDefinition


def readout_of(model: ModelDefinition, instance: str) -> Readout | None:
    """Return how a trial computes a mechanism; None for what no trial computes."""
    return readouts().get(model.instances[instance].mechanism.name)


def readouts_of(model: ModelDefinition, kind: str) -> dict[str, Readout]:
    """Return the readouts of a kind, by the names of their mechanisms in the model."""
    found = {one.name: readout_of(model, one.name) for one in model.on_scale("readout")}
    return {name: one for name, one in found.items() if one is not None and one.kind == kind}
