"""The shipped column with point cells, for laws that are easiest to state where all populations share equations."""

from __future__ import annotations

from dataclasses import replace

from msim.circuit.neurons import ADEX
from msim.definitions.models.model import ModelDefinition


def with_point_cells(model: ModelDefinition) -> ModelDefinition:
    """The same model with pyramidal cells of one compartment that holds all receptors."""
    membrane = replace(model.instances["pyramidal_membrane"], mechanism=ADEX)
    cells = replace(model.populations["pyramidal"], places=())
    links = {
        name: replace(one, origin=("pyramidal.v",)) if one.origin == ("pyramidal.v_dendrite",) else one
        for name, one in model.links.items()
    }
    return replace(
        model, links=links, instances={**model.instances, "pyramidal_membrane": membrane},
        populations={**model.populations, "pyramidal": cells},
    )  # fmt: skip
