"""Translator of statements to C++ text: expressions, random numbers, and branches turned into choices."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2.core.functions import Function
from brian2.core.variables import ArrayVariable, Constant
from brian2.input.binomial import BinomialFunction
from brian2.input.timedarray import TimedArray
from brian2.parsing.rendering import CPPNodeRenderer

from msim.backends.cpp.statements import Block, identifiers_of
from msim.base.errors import InputError, nearest

FUNCTIONS = {
    **{name: name for name in (
        "log", "log10", "expm1", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "ceil", "floor",
    )},
    "exp": "exp_", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "exprel": "exprel_", "abs": "abs_",
    "sign": "sign_",
    "clip": "clip_", "int": "int_", "timestep": "timestep_",
}  # fmt: skip
RANDOM = ("rand", "randn", "poisson")
# Names that the generated functions use for themselves, or that C++ does.
TAKEN = frozenset("""
    E P S F R W k j n gid wait reached spikes steps step draw draw_at source from to target total real lane
    TARGET VALUE Engine Population Projection Timed Binomial Draw Words Buffer Site Drive Watch model
    auto bool break case catch char class const continue default delete do double else enum explicit export extern
    float for friend goto if inline int long mutable namespace new operator private protected public register return
    short signed sizeof static struct switch template this throw try typedef union unsigned using virtual void volatile
    while
""".split())
TAKEN_BEGINNINGS = ("A_", "W_", "site_", "drawn_", "timed_", "binomial_")


def local(name: str) -> str:
    """Return the C++ name of a variable of the equations."""
    return f"{name}_own" if name in TAKEN or name.startswith(TAKEN_BEGINNINGS) else name


@dataclass
class Sites:
    """Counter of the places in the code that draw random numbers; every place has a stream of its own.

    buffered: kind of each place whose numbers are drawn for all cells at once
    """

    first: int = 0
    used: int = 0
    buffered: dict[int, str] = field(default_factory=dict)

    def new(self, kind: str = "") -> int:
        """Return the number of a new place.

        kind: 'uniform' or 'normal' where the place has a buffer
        """
        number = self.first + self.used
        self.used += 1
        if kind:
            self.buffered[number] = kind
        return number


class Renderer(CPPNodeRenderer):
    """Translator of expressions to C++, with msim's own functions.

    dense: true in a loop over all cells, where random numbers are drawn beforehand
    """

    def __init__(self, owner: str, variables: Mapping[str, Any], sites: Sites, dense: bool) -> None:
        super().__init__()
        self.owner, self.variables, self.sites, self.dense = owner, variables, sites, dense

    def render_Constant(self, node: ast.Constant) -> str:
        text = super().render_Constant(node)
        return f"R({node.value!r})" if isinstance(node.value, float) else str(text)

    def render_Name(self, node: ast.Name) -> str:
        variable = self.variables.get(node.id)
        if isinstance(variable, Constant) and node.id != "N":
            return f"R({float(variable.get_value())!r})"
        return local(str(super().render_Name(node)))

    def render_Call(self, node: ast.Call) -> str:
        name = node.func.id if isinstance(node.func, ast.Name) else "?"
        arguments = ", ".join(self.render_node(one) for one in node.args)
        variable = self.variables.get(name)
        if isinstance(variable, TimedArray):
            return f"timed_{name}.at({arguments})"
        if isinstance(variable, BinomialFunction):
            return f"{self._draw()}.binomial(binomial_{name}.n, binomial_{name}.p)"
        if name in ("rand", "randn"):
            kind = {"rand": "uniform", "randn": "normal"}[name]
            return f"drawn_{self.sites.new(kind)}" if self.dense else f"{self._draw()}.{kind}()"
        if name == "poisson":
            return f"{self._draw()}.poisson({arguments})"
        if name not in FUNCTIONS:
            known = nearest(name, (*FUNCTIONS, *RANDOM))
            raise InputError(f"{self.owner}: the function '{name}' is not supported by target cpp{known}")
        return f"{FUNCTIONS[name]}({arguments})"

    def _draw(self) -> str:
        return f"draw_at({self.sites.new()})" if self.dense else "draw"


def c_type(dtype: Any) -> str:
    """Return the C++ type of a variable."""
    if np.issubdtype(dtype, np.bool_):
        return "bool"
    return "int64_t" if np.issubdtype(dtype, np.integer) else "real"


@dataclass(frozen=True)
class Rendered:
    """A block in C++: lines that run once, lines for every step, and lines for every cell or synapse."""

    fixed: tuple[str, ...]
    each: tuple[str, ...]
    loop: tuple[str, ...]
    fixed_names: tuple[str, ...]


def rendered(owner: str, one: Block, sites: Sites, dense: bool, refractory: Mapping[str, str]) -> Rendered:
    """Write a block as C++ lines that work on local variables.

    refractory: for variables that stand still while a cell is refractory, the name of the condition that lets them move
    """
    renderer = Renderer(owner, one.variables, sites, dense)
    moving_only = _for_moving_only(one, set(refractory))
    scalar = Renderer(owner, one.variables, sites, dense=False)
    fixed = tuple(
        f"const double {local(s.var)} = {scalar.render_expr(s.expr)}; F.{local(s.var)} = {local(s.var)};"
        for s in one.fixed
    )
    each = tuple(f"const {c_type(s.dtype)} {local(s.var)} = {scalar.render_expr(s.expr)};" for s in one.each)
    loop = []
    for statement in one.loop:
        condition, name = refractory.get(statement.var), local(statement.var)
        text = _value(renderer, statement, statement.var in moving_only)
        if statement.op == ":=":
            constant = "const " if statement.constant else ""
            loop.append(f"{constant}{c_type(statement.dtype)} {name} = {text};")
        elif condition:
            whole = text if statement.op == "=" else f"{name} {statement.op[:-1]} ({text})"
            loop.append(f"{name} = {condition} ? ({c_type(statement.dtype)})({whole}) : {name};")
        else:
            loop.append(f"{name} {statement.op} {text};")
    return Rendered(fixed, each, tuple(loop), tuple(local(s.var) for s in one.fixed))


def _for_moving_only(one: Block, held: set[str]) -> set[str]:
    """Return intermediate names that in the end feed only variables that stand still in a refractory cell.

    A refractory cell never uses their values, so that the formula of a moving cell serves for all.
    """
    feeds: dict[str, set[str]] = {}
    for statement in reversed(one.loop):
        own = feeds.get(statement.var, set()) if statement.op == ":=" else {statement.var}
        for name in identifiers_of(statement):
            feeds.setdefault(name, set()).update(own)
    declared = {s.var for s in one.loop if s.op == ":="}
    return {name for name in declared if feeds.get(name) and feeds[name] <= held} | held


def _value(renderer: Renderer, statement: Any, moving: bool) -> str:
    """Write the right-hand side of a statement; known booleans become choices without a branch."""
    booleans = statement.used_boolean_variables or []
    forms = statement.boolean_simplified_expressions or {}
    if not booleans or not forms:
        return str(renderer.render_expr(statement.expr))
    if moving and list(booleans) == ["not_refractory"]:
        for assigned, text in forms.items():
            if all(value for _, value in assigned):
                return str(renderer.render_expr(text))
    whole = ""
    for assigned, text in forms.items():
        condition = " && ".join(local(name) if value else f"!{local(name)}" for name, value in assigned)
        value = f"({c_type(statement.dtype)})({renderer.render_expr(text)})"
        whole = value if not whole else f"({condition}) ? {value} : ({whole})"
    return whole


def validate_array_names(owner: str, one: Block) -> None:
    """Refuse a variable that lives on another rank or that the engine does not keep."""
    for name in one.arrays():
        if name == "lastspike":
            raise InputError(f"{owner}: 'lastspike' is not supported by target cpp; refractory times are")
        if name.endswith("_pre") and not one.variables[name].scalar:
            raise InputError(f"{owner}: '{name}' lives with the origin, perhaps on another rank: not supported")


def functions_of(one: Block) -> dict[str, Function]:
    """Return the functions that a block calls, by name."""
    return {name: one.variables[name] for name in one.functions()}


def is_array(one: Block, name: str) -> bool:
    """Return whether a name is an array with one value per cell or synapse."""
    variable = one.variables.get(name)
    return isinstance(variable, ArrayVariable) and not variable.scalar
