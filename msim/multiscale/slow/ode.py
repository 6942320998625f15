"""The slow mechanisms of a population as one system of ODEs, from their Brian2 text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from msim.base.equations import read_equations
from msim.base.expressions import FUNCTIONS, calculated, evaluated
from msim.base.mechanism import Mechanism
from msim.definitions.models.constants import constants
from msim.definitions.models.model import Link, ModelDefinition
from msim.multiscale.slow.elimination import Elimination, elimination
from msim.multiscale.slow.jacobian import derivatives
from msim.multiscale.slow.rosenbrock import Rows, Stages, stages_of

# SymPy takes a good part of a second to import, and spikes can be simulated without it.
if TYPE_CHECKING:
    import sympy


def _clip(x: Any, low: Any, high: Any) -> Any:
    # NumPy's own takes several times as long for as few cells, and most bounds above are infinite.
    raised = np.maximum(x, low)
    return raised if isinstance(high, float) and high == np.inf else np.minimum(raised, high)


NUMPY = [{"clip": _clip, "positive": lambda x: np.heaviside(x, 0.0)}, "numpy"]


@dataclass(frozen=True, eq=False)
class SlowExpressions:
    """Expressions from which a system's functions are made; equal only to itself.

    derivatives: by (index of the slope, index of the state)
    """

    states: Sequence[sympy.Symbol]
    outside: Sequence[sympy.Symbol]
    slopes: Sequence[sympy.Expr]
    derivatives: Mapping[tuple[int, int], sympy.Expr]


@dataclass(frozen=True)
class SlowSystem:
    """The system of ODEs dy/dt of all slow states of one population.

    states: names 'mechanism.state', the order of the rows of y
    outside: names that `derivative` and `outputs` read besides y: drug curves by address, links
        from averages of bursts by link name, resting values by `reference_name`
    derivative: (y, outside) -> dy/dt; y and dy/dt of shape (states, cells), outside of shape (names, cells)
    jacobian: (y, outside) -> derivatives of slopes by states, shape (entries, cells), 1/s
    elimination: the indices of those entries, and the plan that solves matrices with them
    stages: of a step of the solver
    outputs: (y, outside) -> every output of every mechanism, by address
    """

    population: str
    cells: int
    states: tuple[str, ...]
    outside: tuple[str, ...]
    rest: np.ndarray
    derivative: Rows
    jacobian: Rows
    elimination: Elimination
    stages: Stages
    expressions: SlowExpressions
    outputs: Callable[[np.ndarray, np.ndarray], dict[str, np.ndarray]]


def parsed(form: Mechanism) -> tuple[dict[str, sympy.Expr], dict[str, sympy.Expr]]:
    """Return the differential equations and the subexpressions of a form as SymPy expressions in its own names."""
    rates: dict[str, sympy.Expr] = {}
    algebra: dict[str, sympy.Expr] = {}
    for name, one in read_equations(form.equations).items():
        target = rates if one.is_rate else algebra
        target[name] = symbolic(one.expression)
    return rates, algebra


def symbolic(expression: str) -> sympy.Expr:
    """Read an expression of a form into SymPy, its names as real symbols."""
    import sympy
    from sympy.codegen.cfunctions import expm1, log1p, log10

    unlike = {"abs": sympy.Abs, "clip": sympy.Function("clip"), "expm1": expm1, "log1p": log1p, "log10": log10}
    functions = {name: unlike[name] if name in unlike else getattr(sympy, name) for name in FUNCTIONS}
    numbers = {"inf": sympy.oo, "pi": sympy.pi}
    return calculated(
        expression, lambda name: numbers.get(name) or sympy.Symbol(name, real=True), sympy.sympify, functions
    )


def slow_system(model: ModelDefinition, population: str) -> SlowSystem:
    """Assemble the slow mechanisms of a population, linked as in the model."""
    import sympy

    parts = [one for one in model.on_scale("slow") if one.on == population]
    rates: dict[str, sympy.Expr] = {}
    named: dict[str, sympy.Expr] = {}
    rest: list[float] = []
    for part in parts:
        numbers = constants(model, part.name)
        own_rates, own_algebra = parsed(part.mechanism)
        renamed = {sympy.Symbol(n, real=True): sympy.Float(v) for n, v in numbers.items()}
        for name in (*own_rates, *own_algebra, *(port.name for port in part.mechanism.inputs)):
            renamed[sympy.Symbol(name, real=True)] = _symbol(f"{part.name}.{name}")
        rates.update({f"{part.name}.{n}": x.xreplace(renamed) for n, x in own_rates.items()})
        named.update({f"{part.name}.{n}": x.xreplace(renamed) for n, x in own_algebra.items()})
        rest += [evaluated(part.mechanism.rest[name], numbers) for name in own_rates]
    for link in model.links.values():
        if model.instances.get(link.to.split(".")[0]) in parts:
            named[link.to] = _linked(model, link)
    return _compiled(model, population, rates, named, np.array(rest))


def _symbol(address: str) -> sympy.Symbol:
    import sympy

    return sympy.Symbol(address.replace(".", "__"), real=True)


def reference_name(link: Link) -> str:
    """Return the name of the resting value by which a link's origin is divided."""
    return f"rest of {link.name}"


def _linked(model: ModelDefinition, link: Link) -> sympy.Expr:
    import sympy

    # Averages of bursts arrive ready-made under the link's name: sampling noise has to be taken
    # out of the ratio to rest, where it can be told from differences between cells.
    fast = model.comes_from_bursts(link)
    value = _symbol(link.name) if fast else sum((_symbol(one) for one in link.origin), sympy.Integer(0))
    if link.relative_to and not fast:
        value = value / _symbol(reference_name(link))
    return model.transferred(link, value)


def _compiled(
    model: ModelDefinition,
    population: str,
    rates: dict[str, sympy.Expr],
    named: dict[str, sympy.Expr],
    rest: np.ndarray,
) -> SlowSystem:
    resolved = _resolved(named)
    by_symbol = {_symbol(name): expression for name, expression in resolved.items()}
    right_sides = [rates[name].xreplace(by_symbol) for name in rates]
    given = [
        f"{part.name}.{port.name}"
        for part in model.on_scale("slow")
        if part.on == population
        for port in part.mechanism.outputs
    ]
    shown = [resolved.get(name, _symbol(name)) for name in given]
    states = [_symbol(name) for name in rates]
    free = sorted({s for x in (*right_sides, *shown) for s in x.free_symbols} - set(states), key=str)
    names = _outside_names(model, free)
    slopes_by_state = derivatives(right_sides, states)
    slope, jacobian, show = (
        rows_of(states, free, one) for one in (right_sides, list(slopes_by_state.values()), shown)
    )

    def outputs(y: np.ndarray, outside: np.ndarray) -> dict[str, np.ndarray]:
        return dict(zip(given, show(y, outside), strict=True))

    start = np.repeat(rest[:, None], model.cells(population), axis=1)
    plan = elimination(len(states), slopes_by_state)
    return SlowSystem(
        population, model.cells(population), tuple(rates), tuple(names), start, slope, jacobian, plan,
        stages_of(slope, jacobian, plan), SlowExpressions(states, free, right_sides, slopes_by_state), outputs,
    )  # fmt: skip


def rows_of(states: Sequence[sympy.Symbol], outside: Sequence[sympy.Symbol], values: Sequence[sympy.Expr]) -> Rows:
    """Build a NumPy function that writes the values of expressions into rows; a value may be the same for all cells."""
    import sympy

    function = sympy.lambdify([states, outside], list(values), modules=NUMPY, cse=True)

    def rows(y: np.ndarray, outside: np.ndarray) -> np.ndarray:
        found = np.empty((len(values), y.shape[1]))
        for row, one in zip(found, function(y, outside), strict=True):
            row[...] = one
        return found

    return rows


def _resolved(named: dict[str, sympy.Expr]) -> dict[str, sympy.Expr]:
    """Express every named expression in states and outside names only; refuse a loop without a state."""
    done: dict[str, sympy.Expr] = {}
    waiting = dict(named)
    symbols = {_symbol(name): name for name in named}
    while waiting:
        ready = [n for n, x in waiting.items() if not any(symbols.get(s) in waiting for s in x.free_symbols)]
        if not ready:
            raise ValueError(f"links form a loop without a state: {sorted(waiting)}")
        for name in ready:
            replacement = {s: done[symbols[s]] for s in waiting[name].free_symbols if s in symbols}
            done[name] = waiting[name].xreplace(replacement)
        for name in ready:
            del waiting[name]
    return done


def _outside_names(model: ModelDefinition, free: list[sympy.Symbol]) -> list[str]:
    by_symbol = {_symbol(one): one for link in model.links.values() for one in link.origin}
    for link in model.links.values():
        by_symbol[_symbol(link.name)] = link.name
        by_symbol[_symbol(reference_name(link))] = reference_name(link)
    return [by_symbol[one] for one in free]
