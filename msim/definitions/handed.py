"""What links hand down from the slow scale to receptors of spiking cells, in a state that somebody gives."""

from __future__ import annotations

from collections.abc import Mapping

from msim.base.errors import InputError, nearest
from msim.definitions.model import ModelDefinition

Address = tuple[str, str, str]  # population, receptor, input


def handed_down(model: ModelDefinition) -> tuple[str, ...]:
    """Slow outputs that links hand down to receptors of spiking cells."""
    found = [one for link in model.links.values() if model.feeds_receptor(link) for one in link.origin]
    return tuple(dict.fromkeys(found))


def receptor_inputs(model: ModelDefinition, state: Mapping[str, float]) -> dict[Address, float]:
    """What receptors get in a state; those that it does not name are left out.

    state: slow output to its value, such as a gain or a block
    raises: InputError for a name that no link hands down
    """
    known = handed_down(model)
    for name in state:
        if name not in known:
            raise InputError(f"receptors: nothing hands down '{name}'{nearest(name, known)}")
    found = {}
    for link in model.links.values():
        if not model.feeds_receptor(link) or not all(one in state for one in link.origin):
            continue
        population, receptor, name = link.to.split(".")
        value = sum(state[one] for one in link.origin)
        if link.has_share:
            value = 1 + model[f"{link.name}.share"] * (value - 1)
        found[population, receptor, name] = value
    return found
