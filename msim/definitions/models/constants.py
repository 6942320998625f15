"""Derived constants of a mechanism: values of the form's expressions in its parameters."""

from __future__ import annotations

import numpy as np

from msim.base.equations import subexpressions
from msim.base.errors import DefinitionError
from msim.base.expressions import evaluated, names_in
from msim.definitions.models.model import MechanismInstance, ModelDefinition


def constants(model: ModelDefinition, instance: str) -> dict[str, float]:
    """Return the parameters and derived constants of a mechanism in SI units."""
    numbers = model.parameters(instance)
    for one in model.instances[instance].mechanism.derived:
        numbers[one.name] = evaluated(one.expression, numbers)
    return numbers


def resting_values(model: ModelDefinition, instance: str) -> dict[str, float]:
    """Return the value of every name in a mechanism's equations with all inputs at rest, SI units."""
    form, numbers = model.instances[instance].mechanism, constants(model, instance)
    known = {port.name: port.at_rest for port in form.inputs} | numbers
    known |= {name: evaluated(text, numbers) for name, text in form.rest.items()}
    return known | {name: float(value) for name, value in subexpressions(form.equations, known).items()}


def check_constants(model: ModelDefinition, instance: MechanismInstance) -> None:
    """Refuse parameters that leave a derived constant of the form, or a state at rest, without a value."""
    place = f"{instance.file}: mechanisms.{instance.name}"
    numbers = constants(model, instance.name)
    texts = {one.name: one.expression for one in instance.mechanism.derived} | instance.mechanism.rest
    for name, expression in texts.items():
        value = numbers[name] if name in numbers else evaluated(expression, numbers)
        if not np.isfinite(value):
            parameters = [one.name for one in instance.mechanism.parameters if one.name in names_in(expression)]
            given = ", ".join(f"{one} = {model.resolved(f'{instance.name}.{one}').text}" for one in parameters)
            raise DefinitionError(place, f"wants a finite '{name}' = {expression}, got {value:g} with {given}")
