"""Loops of links without a state: closed circles of values that each depend on themselves at the same instant."""

from __future__ import annotations

from collections.abc import Mapping

from msim.base.equations import read_equations
from msim.base.errors import DefinitionError
from msim.base.expressions import names_in
from msim.definitions.models.model import ModelDefinition


def check_loops(model: ModelDefinition) -> None:
    """Refuse links between slow mechanisms that close a loop without a state."""
    needs = _needs(model)
    loop = _loop(needs)
    if loop:
        link = next(one for name in loop for one in model.links.values() if one.to == name)
        way = " <- ".join([*loop, loop[0]])
        raise DefinitionError(f"{link.file}: links.{link.name}", f"wants a loop with a state in it, got {way}")


def _needs(model: ModelDefinition) -> dict[str, set[str]]:
    """Return the names from which each input and subexpression of slow mechanisms is computed at the same instant."""
    needs: dict[str, set[str]] = {}
    for one in model.on_scale("slow"):
        equations = read_equations(one.mechanism.equations)
        inputs = {port.name for port in one.mechanism.inputs}
        for name, equation in equations.items():
            if not equation.is_rate:
                known = inputs | set(equations)
                needs[f"{one.name}.{name}"] = {f"{one.name}.{part}" for part in names_in(equation.expression) & known}
    for link in model.links.values():
        if model.feeds_slow(link):
            needs[link.to] = set(link.origin)
    return needs


def _loop(needs: Mapping[str, set[str]]) -> list[str]:
    """Return names that need each other in a ring, or none."""
    waiting = {name: known & set(needs) for name, known in needs.items()}
    while waiting:
        ready = [name for name, known in waiting.items() if not known & set(waiting)]
        if not ready:
            break
        for name in ready:
            del waiting[name]
    if not waiting:
        return []
    # Every name that is left needs another one that is left, so following them comes back to one seen before.
    way = [min(waiting)]
    while way[-1] not in way[:-1]:
        way.append(min(waiting[way[-1]] & set(waiting)))
    return way[way.index(way[-1]) : -1]
