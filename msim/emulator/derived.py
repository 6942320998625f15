"""Averages that follow exactly from another average and from inputs of receptors, such as gain x conductance."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from msim.base.equations import read_equations
from msim.base.expressions import FUNCTIONS, calculated, evaluated, names_in
from msim.definitions.models.constants import constants
from msim.definitions.models.model import ModelDefinition, arriving
from msim.emulator.axes import Axis

TRIALS = ((1.0, 3.0, 0.3), (2.0, 5.0, 0.7))


@dataclass(frozen=True)
class Derived:
    """An average as an expression in one other.

    source: name of the other average; symbol: its name in the expression
    inputs: name in the expression to (axis or '', value at rest, share of the axis's change)
    """

    name: str
    source: str
    symbol: str
    expression: str
    inputs: Mapping[str, tuple[str, float, float]]

    def values(self, source: np.ndarray, axes: Mapping[str, np.ndarray]) -> np.ndarray:
        """Compute the average where its source and the axes have these values."""
        known: dict[str, np.ndarray | float] = {self.symbol: source}
        for name, (axis, rest, share) in self.inputs.items():
            known[name] = arriving(axes[axis], rest, share) if axis else rest
        return np.asarray(calculated(self.expression, known.__getitem__, np.float64, FUNCTIONS)) + np.zeros_like(source)


def derived_averages(model: ModelDefinition, axes: Sequence[Axis], names: Collection[str]) -> list[Derived]:
    """Return the averages that a receptor's form gives as a multiple of another of these averages.

    All cells of a population get the same number from an axis, so it may be taken out of the average.
    """
    return [found for name in names if (found := _derived(model, axes, name, names)) is not None]


def _derived(model: ModelDefinition, axes: Sequence[Axis], name: str, names: Collection[str]) -> Derived | None:
    population, _, rest = name.partition(".")
    receptor, _, port = rest.partition(".")
    if not port or receptor not in model.instances:
        return None
    form = model.instances[receptor].mechanism
    equation = read_equations(form.equations).get(port)
    if equation is None or equation.is_rate:
        return None
    handed = {one.name: one.at_rest for one in form.inputs if one.name != "v"}
    numbers = constants(model, receptor)
    handed.update({one: float(numbers[one]) for one in names_in(equation.expression) & set(numbers)})
    others = names_in(equation.expression) - set(handed)
    # What follows from a parameter that is an axis is no number any more.
    follows = any(f"{receptor}.{one}" not in model.values for one in set(numbers) & set(handed))
    moved = any(one.kind == "value" and one.name.startswith(f"{receptor}.") for one in axes)
    if len(others) != 1 or (follows and moved):
        return None
    symbol = next(iter(others))
    source = f"{population}.{receptor}.{symbol}"
    if source not in names or not _is_multiple(equation.expression, symbol, handed):
        return None
    inputs = {
        key: _origin(axes, (f"{population}.{receptor}.{key}", _leader(model, f"{receptor}.{key}")), at_rest)
        for key, at_rest in handed.items()
        if key in names_in(equation.expression)
    }
    return Derived(name, source, symbol, equation.expression, inputs)


def _is_multiple(expression: str, symbol: str, handed: Mapping[str, float]) -> bool:
    """Return whether an expression is proportional to a name, tried with a few numbers."""
    for first, second, other in TRIALS:
        known = {key: other for key in handed}
        one, two, both = (
            float(evaluated(expression, {**known, symbol: x})) for x in (first, second, first + second)
        )
        if not np.isclose(one + two, both, rtol=1e-12, atol=1e-12):
            return False
    return True


def _leader(model: ModelDefinition, path: str) -> str:
    """Return the path of a value, or of the one that it follows; '' where the model has no such value."""
    return model.resolved(path).path if path in model.values else ""


def _origin(axes: Sequence[Axis], addresses: tuple[str, str], at_rest: float) -> tuple[str, float, float]:
    for axis in axes:
        if axis.kind == "value" and axis.name in addresses:
            return axis.name, axis.rest, 1.0
        for target in axis.targets:
            if target.text in addresses:
                return axis.name, axis.rest, target.share
    return "", at_rest, 0.0
