"""Roles: which outputs, cells and values of a model are what figures, readouts and studies look for in every model."""

from __future__ import annotations

from typing import Any

from msim.base.errors import DefinitionError, InputError, nearest
from msim.definitions.files.schema import RolesEntry
from msim.definitions.models.addresses import look_up, outputs
from msim.definitions.models.model import ModelDefinition, Roles


def read_roles(entry: RolesEntry) -> Roles:
    """Return the roles that a table names, which `check_roles` has to hold against the model."""
    given: dict[str, Any] = entry.model_dump()
    return Roles(**{**given, "block": tuple(given["block"]), "cascade": tuple(given["cascade"])})


def check_roles(model: ModelDefinition, where: str) -> None:
    """Refuse roles of outputs, cells or values that the model does not have.

    raises: DefinitionError that names file and key
    """
    roles, known = model.roles, outputs(model)
    if roles.population and roles.population not in model.populations:
        hint = nearest(roles.population, model.populations)
        raise DefinitionError(f"{where}: roles.population", f"unknown population '{roles.population}'{hint}")
    for key in ("gain", "bold", "spines"):
        if getattr(roles, key):
            look_up(getattr(roles, key), known, f"{where}: roles.{key}", "output")
    for key, several in (("block", roles.pools), ("cascade", roles.cascade)):
        for one in several:
            look_up(one, known, f"{where}: roles.{key}", "output")
    if roles.miniatures:
        model.known(roles.miniatures, f"{where}: roles.miniatures")


def role(model: ModelDefinition, name: str) -> Any:
    """Return what has a role in a model, such as 'gain'.

    raises: InputError where the model names nothing
    """
    found = getattr(model.roles, name)
    if not found:
        raise InputError(f"{model.name}: wants a model whose table [roles] says '{name}'")
    return found
