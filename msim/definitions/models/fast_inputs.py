"""Inputs of receptors of spiking cells that links feed from the slow scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from msim.base.errors import InputError, nearest
from msim.definitions.models.model import ModelDefinition

Address = tuple[str, str, str]  # population, receptor, input


def fast_inputs(model: ModelDefinition) -> tuple[str, ...]:
    """Return the slow outputs that links feed to receptors of spiking cells."""
    found = [one for link in model.links.values() if model.feeds_receptor(link) for one in link.origin]
    return tuple(dict.fromkeys(found))


def receptor_inputs(model: ModelDefinition, state: Mapping[str, float]) -> dict[Address, float]:
    """Return the values of receptor inputs in a state; skip inputs fed by outputs that the state does not name.

    state: slow output to its value, such as a gain or a block
    raises: InputError for a name that no link feeds to a receptor
    """
    known = fast_inputs(model)
    for name in state:
        if name not in known:
            raise InputError(f"receptors: nothing hands down '{name}'{nearest(name, known)}")
    return handed_inputs(model, state)


def handed_inputs(model: ModelDefinition, outputs: Mapping[str, Any]) -> dict[Address, Any]:
    """Compute the inputs of receptors from slow outputs; an input is left out where an output of it is missing.

    outputs: numbers, or one value per cell
    returns: numbers, or one value per cell; for outputs of another population their mean over cells
    """
    found = {}
    for link in model.links.values():
        if not model.feeds_receptor(link) or not all(one in outputs for one in link.origin):
            continue
        population, receptor, name = link.to.split(".")
        value = np.sum([outputs[one] for one in link.origin], axis=0)
        if model.instances[link.origin[0].split(".")[0]].on != population:
            value = np.mean(value)
        found[population, receptor, name] = model.transferred(link, value)
    return found
