"""Equations of a cell: of its membrane, of every receptor at its place, and of its background."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from msim.base.equations import Equation, read_equations
from msim.base.errors import InputError
from msim.base.expressions import names_in, renamed
from msim.base.mechanism import Compartment, Mechanism
from msim.base.units import unit_expression
from msim.circuit.drive import PERIOD


@dataclass(frozen=True)
class Placed:
    """A receptor in a cell.

    own: the name that each name of the form gets in the cell
    elsewhere: the compartment besides the first on which the receptor sits, or None
    share: the constant that holds the share of the receptor there, or '' where all of it sits there
    """

    name: str
    mechanism: Mechanism
    own: Mapping[str, str]
    elsewhere: Compartment | None = None
    share: str = ""


def cell_equations(
    membrane: Mechanism, receptors: Sequence[Placed], colours: Sequence[str], inputs: Sequence[str]
) -> str:
    """Write the equations of a cell in Brian2's notation.

    colours: mechanisms that scale background in time, the same for all cells; each is given as a course over time
    inputs: values that the slow scale sets
    """
    first = membrane.compartments[0]
    lines = [line(one, {}) for one in read_equations(membrane.equations).values()]
    currents: dict[str, list[str]] = {one.current: [] for one in membrane.compartments}
    for one in receptors:
        lines += _receptor(one, first)
        for compartment, current in _currents(one, first):
            currents[compartment.current].append(current)
    for sign, name in ((+1, "I_excitatory"), (-1, "I_inhibitory")):
        lines.append(f"{name} = {_sum([f'{one.name}_I' for one in receptors if one.mechanism.sign == sign])} : amp")
    if len(currents) == 1:
        lines.append(f"{first.current} = I_excitatory + I_inhibitory : amp")
    else:
        lines += [f"{current} = {_sum(parts)} : amp" for current, parts in currents.items()]
    lines += [factor_of(one) for one in colours]
    lines += [f"{name} : 1" for name in inputs]
    return "\n".join(lines)


def _sum(terms: Sequence[str]) -> str:
    return " + ".join(terms) or "0*amp"


def names_of(form: Mechanism) -> list[str]:
    """Return every name in the equations of a form."""
    return [*form.declared, *read_equations(form.equations)]


def course_of(colour: str) -> str:
    """Return the name under which equations read a background's color over time."""
    return f"{colour}_course"


def factor_of(colour: str, time: str = "t") -> str:
    """Write the equation of the factor on a background at a time; its course repeats after a period."""
    return f"{colour}_factor = {course_of(colour)}({time} - {PERIOD}*second*floor({time}/({PERIOD}*second))) : 1"


def line(one: Equation, own: Mapping[str, str]) -> str:
    """Write an equation, with its own names replaced by their names in the cell."""
    name = own.get(one.name, one.name)
    left = f"d{name}/dt" if one.is_rate else name
    flags = f" ({', '.join(one.flags)})" if one.flags else ""
    return f"{left} = {renamed(one.expression, own)} : {unit_expression(one.unit)}{flags}"


def _receptor(one: Placed, first: Compartment) -> Iterator[str]:
    equations = read_equations(one.mechanism.equations)
    if one.elsewhere is None or not one.share:
        place = one.elsewhere or first
        own = {**one.own, "v": place.potential}
        yield from (line(each, own) for each in equations.values())
        return
    local = _of_potential(equations)
    for each in equations.values():
        if each.name not in local:
            yield line(each, one.own)
            continue
        if each.is_rate:
            raise InputError(f"{one.name}: state '{each.name}' depends on v, so the receptor wants one compartment")
        for place in (first, one.elsewhere):
            own = {**one.own, **{name: _at(one, name, place) for name in local}, "v": place.potential}
            yield line(each, own)
        here, there = _at(one, each.name, first), _at(one, each.name, one.elsewhere)
        both = f"(1 - {one.share})*{here} + {one.share}*{there}"
        yield f"{one.own[each.name]} = {both} : {unit_expression(each.unit)}"


def _at(one: Placed, name: str, place: Compartment) -> str:
    return f"{one.own[name]}_{place.name}"


def _of_potential(equations: Mapping[str, Equation]) -> set[str]:
    """Return the names that depend on the membrane potential, directly or by another equation."""
    found = {"v"}
    while True:
        more = {name for name, one in equations.items() if names_in(one.expression) & found} - found
        if not more:
            return found - {"v"}
        found |= more


def _currents(one: Placed, first: Compartment) -> list[tuple[Compartment, str]]:
    """Return the compartments that a receptor feeds, each with its share of the current."""
    whole = one.own["I"]
    if one.elsewhere is None:
        return [(first, whole)]
    if not one.share:
        return [(one.elsewhere, whole)]
    here, there = _at(one, "I", first), _at(one, "I", one.elsewhere)
    return [(first, f"(1 - {one.share})*{here}"), (one.elsewhere, f"{one.share}*{there}")]
