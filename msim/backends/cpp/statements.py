"""Brian2 objects split into blocks of statements, each to be run once, every step, or for every cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.codegen.translation import analyse_identifiers, make_statements
from brian2.core.functions import Function
from brian2.core.variables import ArrayVariable, Constant
from brian2.equations.unitcheck import check_units_statements
from brian2.utils.stringtools import get_identifiers, word_substitute

from msim.backends.cpp.validation import named
from msim.base.errors import InputError

CLOCK = ("t", "t_in_timesteps")


@dataclass(frozen=True)
class Block:
    """Statements of one kind of work.

    fixed: numbers that do not change during a run; each: numbers that change with time; loop: for every cell or synapse
    variables: Brian2's variable of every name in the statements
    """

    name: str
    fixed: tuple[Any, ...]
    each: tuple[Any, ...]
    loop: tuple[Any, ...]
    variables: Mapping[str, Any]

    def arrays(self) -> list[str]:
        """Return the names of arrays and shared constants that the statements touch."""
        names = self.read() | self.written()
        return sorted(name for name in names if isinstance(self.variables.get(name), ArrayVariable))

    def read(self) -> set[str]:
        """Return every name in an expression."""
        return set().union(*(identifiers_of(one) for one in (*self.fixed, *self.each, *self.loop)))

    def written(self) -> set[str]:
        """Return every name that a statement assigns to."""
        return {one.var for one in (*self.fixed, *self.each, *self.loop)}

    def functions(self) -> set[str]:
        """Return the names of functions that the statements call."""
        return {name for name in self.read() if isinstance(self.variables.get(name), Function)}


def identifiers_of(statement: Any) -> set[str]:
    """Return the names in the expression of a statement, and in the forms that it takes for known booleans."""
    found = set(get_identifiers(statement.expr))
    for text in (statement.boolean_simplified_expressions or {}).values():
        found |= set(get_identifiers(text))
    return found


def block(owner: Any, name: str, code: str, dtype: Any, units: bool = True) -> Block:
    """Turn abstract code of a group or a synapse object into a block.

    units: whether to check them; Brian2 has checked the code that it wrote itself
    """
    _, used, unknown = analyse_identifiers(code, owner.variables, recursive=True)
    variables = owner.resolve_all(used | unknown | {"t", "dt"}, {}, user_identifiers=set())
    if units:
        check_units_statements(code, variables)
    scalar, vector = make_statements(code, variables, dtype, blockname=name)
    full = _all_variables(owner, variables, (*scalar, *vector))
    moving = _moving([*scalar], full)
    return Block(
        name,
        tuple(one for one in scalar if one.var not in moving),
        tuple(one for one in scalar if one.var in moving),
        tuple(vector),
        full,
    )


def _all_variables(owner: Any, variables: Mapping[str, Any], statements: Iterable[Any]) -> dict[str, Any]:
    """Return the variables by name, with those that conditional writes and optimization brought in."""
    full = dict(variables)
    for one in statements:
        for name in identifiers_of(one) | {one.var}:
            if name not in full and name in owner.variables:
                full[name] = owner.variables[name]
    return full


def _moving(scalar: Sequence[Any], variables: Mapping[str, Any]) -> set[str]:
    """Return the scalar names that change with time: those that read the clock, a function of it, or each other."""
    found: set[str] = set()
    for one in scalar:
        names = identifiers_of(one)
        stateful = any(isinstance(variables.get(n), Function) and not variables[n].stateless for n in names)
        if names & (set(CLOCK) | found) or stateful or isinstance(variables.get(one.var), ArrayVariable):
            found.add(one.var)
    return found


def constant_value(variable: Any) -> float | None:
    """Return the value of a name that is a constant, such as a unit; None for others."""
    return float(variable.get_value()) if isinstance(variable, Constant) else None


@dataclass(frozen=True)
class CellBlocks:
    """Blocks of a population: for every step, for cells that spike, and for watched expressions."""

    first: Block | None
    update: Block | None
    refractory: Block | None
    threshold: Block | None
    drives: tuple[Block, ...]
    reset: Block | None
    watched: Block | None

    def whole(self) -> list[Block]:
        """Return the blocks of the loop over all cells, in the order in which Brian2 runs them."""
        parts = [self.first, self.update, self.threshold, *self.drives]
        return [one for one in parts if one is not None]

    def all(self) -> list[Block]:
        """Return every block."""
        return [*self.whole(), *(one for one in (self.refractory, self.reset, self.watched) if one is not None)]


def cell_blocks(
    group: Any, drives: Sequence[tuple[str, str, str]], watched: Sequence[str], refractory: str, dtype: Any = np.float64
) -> CellBlocks:
    """Build the blocks of a NeuronGroup.

    drives: (name, variable that counts events, statements); watched: expressions; refractory: expression in seconds
    """
    first = update = None
    if group.subexpression_updater is not None:
        group.subexpression_updater.update_abstract_code({})
        first = block(group, "first", group.subexpression_updater.abstract_code, dtype, units=False)
    if group.equations.diff_eq_names:
        group.state_updater.update_abstract_code({})
        lines = group.state_updater.abstract_code.splitlines()
        code = "\n".join(one for one in lines if not one.startswith("not_refractory ="))
        update = block(group, "update", code, dtype, units=False)
    return CellBlocks(
        first,
        update,
        _refractory(group, refractory, dtype),
        block(group, "threshold", f"fired = {group.events['spike']}", dtype) if "spike" in group.events else None,
        tuple(
            named(name, block, group, f"drive{k}", word_substitute(text, {"events": count}), dtype)
            for k, (name, count, text) in enumerate(drives)
        ),
        block(group, "reset", group.event_codes["spike"], dtype) if group.event_codes.get("spike") else None,
        block(group, "watched", "\n".join(f"watched_{k} = {text}" for k, text in enumerate(watched)), dtype)
        if watched
        else None,
    )


def _refractory(group: Any, text: str, dtype: Any) -> Block | None:
    if not text:
        return None
    found = block(group, "refractory", f"refractory_steps = timestep({text}, dt)", dtype)
    for name in found.arrays():
        variable = found.variables[name]
        if name != "dt" and not variable.constant:
            owner = group.name.removeprefix("cells_")
            raise InputError(f"{owner}: the refractory time depends on '{name}', which target cpp wants constant")
    return found


@dataclass(frozen=True)
class SynapseBlocks:
    """Blocks of synapses: on a spike, every step, and summed onto their target."""

    on_pre: Block | None
    update: Block | None
    summed: Mapping[str, Block]

    def all(self) -> list[Block]:
        """Return every block."""
        return [one for one in (self.on_pre, self.update, *self.summed.values()) if one is not None]


def synapse_blocks(synapses: Any, dtype: Any = np.float64) -> SynapseBlocks:
    """Build the blocks of a Synapses object."""
    on_pre = update = None
    pathways = {one.prepost: one for one in synapses._pathways}
    if "pre" in pathways:
        pathway = pathways["pre"]
        pathway.update_abstract_code({})
        on_pre = block(synapses, "on_pre", pathway.abstract_code, dtype, units=False)
        check_units_statements(pathway.code, on_pre.variables)
    if synapses.state_updater is not None:
        synapses.state_updater.update_abstract_code({})
        update = block(synapses, "update", synapses.state_updater.abstract_code, dtype, units=False)
    summed = {}
    for target, updater in synapses.summed_updaters.items():
        if not target.endswith("_post"):
            owner = synapses.name.removeprefix("synapses_")
            raise InputError(f"{owner}: '{target}' sums onto the origin, which target cpp does not support")
        summed[target] = block(synapses, "summed", f"added = {updater.expression.code}", dtype)
    return SynapseBlocks(on_pre, update, summed)
