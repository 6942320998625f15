"""Derived constants of a mechanism: expressions of a form in its parameters, as numbers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy
from brian2.parsing.sympytools import str_to_sympy

from msim.base.errors import DefinitionError
from msim.definitions.model import Instance, ModelDefinition

NUMPY = [{"clip": np.clip, "int": np.asarray}, "numpy"]


def evaluated(expression: str, numbers: Mapping[str, float]) -> float:
    """An expression of a form in its parameters, as a number in SI units; NaN or infinite where it has no value."""
    names, function = _compiled(expression)
    with np.errstate(all="ignore"):
        return float(function(*(np.float64(numbers[name]) for name in names)))


@functools.cache
def _compiled(expression: str) -> tuple[list[str], Callable[..., Any]]:
    symbolic = str_to_sympy(expression)
    free = sorted(symbolic.free_symbols, key=str)
    return [str(one) for one in free], sympy.lambdify(free, symbolic, modules=NUMPY)


def constants(model: ModelDefinition, instance: str) -> dict[str, float]:
    """Parameters and derived constants of a mechanism in SI units."""
    numbers = model.parameters(instance)
    for one in model.instances[instance].form.derived:
        numbers[one.name] = evaluated(one.expression, numbers)
    return numbers


def check_constants(model: ModelDefinition, instance: Instance) -> None:
    """Refuse parameters from which a derived constant of the form, or a state at rest, does not follow."""
    place = f"{instance.file}: mechanisms.{instance.name}"
    numbers = constants(model, instance.name)
    texts = {one.name: one.expression for one in instance.form.derived} | instance.form.rest
    for name, expression in texts.items():
        value = numbers[name] if name in numbers else evaluated(expression, numbers)
        if not np.isfinite(value):
            parameters = [one.name for one in instance.form.parameters if one.name in _compiled(expression)[0]]
            given = ", ".join(f"{one} = {model.resolved(f'{instance.name}.{one}').text}" for one in parameters)
            raise DefinitionError(place, f"wants a finite '{name}' = {expression}, got {value:g} with {given}")
