"""Readouts of a model, by their kind; and all quantities of a model that a trial can record."""

from __future__ import annotations

from msim.base.readout import Readout
from msim.definitions.models.addresses import ACTIVATED_FRACTION, POPULATION_AVERAGES, Address, outputs
from msim.definitions.models.mechanism_registry import readouts
from msim.definitions.models.model import ModelDefinition


def readout_of(model: ModelDefinition, instance: str) -> Readout | None:
    """Return how a trial computes a mechanism; None for what no trial computes."""
    return readouts().get(model.instances[instance].mechanism.name)


def readouts_of(model: ModelDefinition, kind: str) -> dict[str, Readout]:
    """Return the readouts of a kind, by the names of their mechanisms in the model."""
    found = {one.name: readout_of(model, one.name) for one in model.on_scale("readout")}
    return {name: one for name, one in found.items() if one is not None and one.kind == kind}


def recordable(model: ModelDefinition) -> dict[str, Address]:
    """Return every quantity that a trial can record, by its text; bursts do not average all that equations name."""
    read = {one for link in model.links.values() for one in (*link.origin, *link.relative_to)}
    return {text: one for text, one in outputs(model).items() if text in read or _is_known(one, model)}


def _is_known(address: Address, model: ModelDefinition) -> bool:
    """Return whether a trial knows a quantity that no link reads."""
    if address.kind == "readout":
        readout = readout_of(model, address.owner)
        return readout is not None and address.name in readout.outputs
    if address.kind == "receptor":
        quanta = model.instances[address.receptor].mechanism.parameter("quantal_share") is not None
        return quanta and address.name in ("g", ACTIVATED_FRACTION.name)
    if address.kind == "population":
        membrane = model.instances[model.populations[address.owner].membrane].mechanism
        usual = ("v", *(port.name for port in POPULATION_AVERAGES))
        return address.name in usual or len(membrane.compartments) > 1
    return True
