"""The equations of a mechanism as functions of numbers, and the numbers of the shipped model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy
from brian2.equations.equations import Equations
from brian2.parsing.sympytools import str_to_sympy
from scipy.integrate import solve_ivp

from msim.base.mechanism import Mechanism
from msim.definitions.models.model import ModelDefinition
from msim.multiscale.slow.ode import evaluated

HOUR, DAY = 3600.0, 86400.0
# What SciPy is asked for; a state may be off by some tens of steps of it.
RTOL, ATOL = 1e-10, 1e-13
INTEGRATED = 1e-8

Numbers = Mapping[str, float]


class Form:
    """The equations of a mechanism as functions of numbers."""

    def __init__(self, form: Mechanism) -> None:
        self.mechanism = form
        self.states = list(form.rest)
        names = [*self.states, *form.declared]
        arguments = [sympy.Symbol(name, real=True) for name in names]
        equations = Equations(form.equations)
        rates = dict(equations.get_substituted_expressions())
        every = dict(equations.get_substituted_expressions(include_subexpressions=True))

        def compiled(name: str, code: str) -> Callable[..., Any]:
            function = sympy.lambdify(arguments, str_to_sympy(code), modules=[{"clip": np.clip}, "numpy"])
            return lambda values: function(*(values[one] for one in names))

        self.rates = {name: compiled(name, rates[name].code) for name in self.states}
        self.algebra = {name: compiled(name, one.code) for name, one in every.items() if name not in self.states}

    def completed(self, parameters: Numbers, inputs: Numbers) -> dict[str, float]:
        """All numbers that the equations read: inputs that are not given are at rest."""
        values = {port.name: port.at_rest for port in self.mechanism.inputs} | dict(parameters)
        values |= {one.name: evaluated(one.expression, values) for one in self.mechanism.derived}
        return values | dict(inputs)

    def rest(self, parameters: Numbers) -> dict[str, float]:
        """The declared resting states."""
        values = self.completed(parameters, {})
        return {name: evaluated(text, values) for name, text in self.mechanism.rest.items()}

    def slopes(self, states: Numbers, parameters: Numbers, inputs: Numbers) -> dict[str, float]:
        """Slope of every state."""
        values = self.completed(parameters, inputs) | dict(states)
        return {name: float(rate(values)) for name, rate in self.rates.items()}

    def shown(self, name: str, states: Numbers, parameters: Numbers, inputs: Numbers) -> float:
        """A subexpression."""
        return float(self.algebra[name](self.completed(parameters, inputs) | dict(states)))

    def after(
        self, seconds: float, states: Numbers, parameters: Numbers, inputs: Callable[[float], Numbers] | Numbers
    ) -> dict[str, float]:
        """States after a time under constant inputs or inputs over time."""

        def slope(time: float, y: np.ndarray) -> list[float]:
            now = inputs(time) if callable(inputs) else inputs
            return list(self.slopes(dict(zip(self.states, y, strict=True)), parameters, now).values())

        found = solve_ivp(slope, (0.0, seconds), [states[name] for name in self.states], "LSODA", rtol=RTOL, atol=ATOL)
        return dict(zip(self.states, map(float, found.y[:, -1]), strict=True))


def shipped_parameters(model: ModelDefinition) -> dict[str, dict[str, float]]:
    """Parameters of a model's slow mechanisms, by form."""
    return {one.mechanism.name: model.parameters(one.name) for one in model.on_scale("slow")}


def of_one(form: Mechanism, **changes: float) -> dict[str, float]:
    """One for every parameter, so that times count in seconds."""
    return {one.name: 1.0 for one in form.parameters} | changes
