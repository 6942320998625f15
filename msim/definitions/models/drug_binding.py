"""Drugs and the receptor pools that they block: every pool binds every drug of the model, or only the drugs given."""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import replace

from msim.base.errors import DefinitionError
from msim.base.mechanism import Mechanism
from msim.definitions.models.mechanism_registry import FOR_DRUGS
from msim.definitions.models.model import Link, MechanismInstance, ModelDefinition, Value

MOST_MODELS = 64  # in the cache


def drugs_that_bind(model: ModelDefinition) -> tuple[str, ...]:
    """Return the drugs of a model that have a binding mechanism, in the order of its files.

    raises: DefinitionError where a drug has two
    """
    found: dict[str, MechanismInstance] = {}
    for one in model.on_scale("binding"):
        if one.on in found:
            place = f"{one.file}: mechanisms.{one.name}.on"
            wanted = f"wants one binding of a drug, '{found[one.on].name}' is of '{one.on}' already"
            raise DefinitionError(place, wanted)
        found[one.on] = one
    return tuple(found)


def with_given_drugs(model: ModelDefinition, given: Collection[str]) -> ModelDefinition:
    """Return the model without the block by drugs that are not given, which would only cost time.

    Where no drug is given the first one stays, so that the pools keep their states.
    """
    every = drugs_that_bind(model)
    kept = tuple(one for one in every if one in given) or every[:1]
    return with_drugs(model, kept)


@functools.lru_cache(MOST_MODELS)
def with_drugs(model: ModelDefinition, drugs: tuple[str, ...]) -> ModelDefinition:
    """Return the model with these drugs at its pools: forms, values that follow the drugs' values, and links.

    One object for equal models: what is made of it is made once.
    """
    bindings = {one.on: one for one in model.on_scale("binding")}
    instances, values, links = dict(model.instances), dict(model.values), dict(model.links)
    for pool in model.instances.values():
        if pool.mechanism.name not in FOR_DRUGS:
            continue
        form = FOR_DRUGS[pool.mechanism.name](tuple(drugs))
        instances[pool.name] = replace(pool, mechanism=form)
        for name in _names(pool.mechanism) - _names(form):
            values.pop(f"{pool.name}.{name}", None)
        links = {
            name: one for name, one in links.items()
            if not (one.to.startswith(f"{pool.name}.C_") and one.to.split(".")[1] not in _names(form))
        }  # fmt: skip
        for drug in drugs:
            values |= {one.path: one for one in _values(model, pool, bindings[drug], form) if one.path not in values}
            link = Link(f"{drug}_to_{pool.name}", (f"{drug}.C_e",), f"{pool.name}.C_{drug}", (), False, pool.file)
            if links.setdefault(link.name, link).to != link.to:
                place = f"{links[link.name].file}: links.{link.name}"
                raise DefinitionError(place, f"wants another name: '{drug}' reaches '{pool.name}' by this one")
    return replace(model, instances=instances, values=values, links=links)


def _names(form: Mechanism) -> set[str]:
    return {one.name for one in form.parameters} | {one.name for one in form.inputs}


def _values(
    model: ModelDefinition, pool: MechanismInstance, binding: MechanismInstance, form: Mechanism
) -> list[Value]:
    """Build the values of a receptor pool that follow the values of a drug's binding."""
    found = []
    for own in binding.mechanism.parameters:
        one = form.parameter(f"{own.name}_{binding.on}")
        if one is not None:
            leader = f"{binding.name}.{own.name}"
            leader = model.values[leader].same_as or leader
            found.append(Value(
                f"{pool.name}.{one.name}", 0.0, one.unit, "None", "", "", pool.file,
                one.low, one.high, one.low_is_allowed, leader, one.meaning,
            ))  # fmt: skip
    return found
