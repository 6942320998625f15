"""Manipulations of an arm, with amount, cells, place and times; and the model after each of these times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msim.base.errors import DefinitionError, nearest
from msim.base.quantities import Quantity, dimensions_of, parse_in, quantity_text, second
from msim.definitions.files import schema as e
from msim.definitions.models.model import Manipulation, ModelDefinition, Part, Value
from msim.definitions.models.values import check_values

KINDS = ("knockout", "mutant", "treatment")


@dataclass(frozen=True)
class Intervention:
    """One manipulation in an arm.

    since, until: s; it holds from `since` to before `until`; -inf where the model at rest has it already
    values: the values that it puts in place of the model's own, by path
    pulses: slow state, as 'mechanism.state', to the share that is left of it at `since`
    """

    kind: str
    name: str
    amount: float
    cells: tuple[str, ...]
    place: str
    since: float
    until: float
    values: Mapping[str, Value]
    pulses: Mapping[str, float]
    where: str

    def holds_at(self, time: float) -> bool:
        """Return whether its values hold right after a time (s)."""
        return self.since <= time < self.until


@dataclass(frozen=True)
class ModelChange:
    """A change of the model at a time (s): its values from then on, and the share left at once of slow states."""

    time: float
    model: ModelDefinition
    pulses: Mapping[str, float]


def manipulated(model: ModelDefinition, kind: str, name: str, where: str = "manipulation") -> ModelDefinition:
    """Return the model after a declared manipulation of usual amount without end, such as the knockout 'eEF2K'."""
    intervention = read_act(e.ActEntry.model_validate(name), kind, model, (0.0, math.inf), where)
    return with_interventions(model, [intervention], intervention.since)


def read_interventions(
    entries: Mapping[str, Sequence[e.ActEntry]], model: ModelDefinition, span: tuple[float, float], where: str
) -> tuple[Intervention, ...]:
    """Read the manipulations that the lists of an arm name.

    entries: by kind; model: without the manipulations; span: begin and end of the experiment, s
    raises: DefinitionError that names file and key
    """
    interventions: list[Intervention] = []
    for kind in KINDS:
        for index, entry in enumerate(entries[kind]):
            intervention = read_act(entry, kind, model, span, f"{where}.{kind}.{index}")
            for other in interventions:
                _validate_changed_once(intervention, other)
            interventions.append(intervention)
    return tuple(interventions)


def read_act(
    entry: e.ActEntry, kind: str, model: ModelDefinition, span: tuple[float, float], where: str
) -> Intervention:
    """Read one manipulation of an arm."""
    manipulation = _declared(entry.name, kind, model, where)
    parts = _chosen(manipulation, entry, where)
    amount = _amount(entry, manipulation, model)
    since, until = _times(entry, manipulation, parts, span, where)
    values = {
        path: _between(model.values[path], model.resolved(kept), amount)
        for part in parts for path, kept in part.changes.items()
    }  # fmt: skip
    pulses = {path: 1 - amount * (1 - model[kept]) for part in parts for path, kept in part.pulses.items()}
    return Intervention(
        kind, entry.name, amount, tuple(entry.cells or ()), entry.place or "", since, until, values, pulses, where
    )


def with_interventions(model: ModelDefinition, interventions: Sequence[Intervention], time: float) -> ModelDefinition:
    """Return the model with the values of all manipulations that hold right after a time, and check them together."""
    values = {
        path: value
        for intervention in interventions
        if intervention.holds_at(time)
        for path, value in intervention.values.items()
    }
    if not values:
        return model
    changed = replace(model, values={**model.values, **values})
    check_values(changed)
    return changed


def changes_of(model: ModelDefinition, interventions: Sequence[Intervention], end: float) -> tuple[ModelChange, ...]:
    """Return the changes of the model that manipulations make before the end (s), in order of time.

    Wherever the same manipulations hold, the model is the same object.
    """
    times = {
        time
        for intervention in interventions
        for time in (intervention.since, intervention.until)
        if -math.inf < time < end
    }
    models: dict[tuple[bool, ...], ModelDefinition] = {}
    found = []
    for time in sorted(times):
        holding = tuple(intervention.holds_at(time) for intervention in interventions)
        if holding not in models:
            models[holding] = with_interventions(model, interventions, time)
        found.append(ModelChange(time, models[holding], _pulses(interventions, time)))
    return tuple(found)


def _pulses(interventions: Sequence[Intervention], time: float) -> dict[str, float]:
    return {
        path: left
        for intervention in interventions
        if intervention.since == time
        for path, left in intervention.pulses.items()
    }


def _declared(name: str, kind: str, model: ModelDefinition, where: str) -> Manipulation:
    declared = {one.name: one for one in model.manipulations.values() if one.kind == kind}
    if name not in declared:
        other = model.manipulations.get(name)
        hint = f"; '{name}' is a {other.kind}" if other else nearest(name, declared)
        raise DefinitionError(where, f"the model declares no {kind} '{name}'{hint}")
    return declared[name]


def _chosen(manipulation: Manipulation, entry: e.ActEntry, where: str) -> list[Part]:
    """Return the parts that act in the cells and at the place that the arm names; all parts where it names none."""
    parts = list(manipulation.parts)
    name = f"{manipulation.kind} '{manipulation.name}'"
    for one in entry.cells or ():
        if one not in manipulation.cells:
            raise DefinitionError(f"{where}.cells", _lacks(name, "cells", one, manipulation.cells))
    if entry.cells is not None:
        parts = [part for part in parts if part.cells and set(part.cells) <= set(entry.cells)]
        for one in entry.cells:
            if not any(one in part.cells for part in parts):
                together = next(part.cells for part in manipulation.parts if one in part.cells)
                raise DefinitionError(f"{where}.cells", f"{name} takes {', '.join(together)} together, got '{one}'")
    if entry.place is not None:
        if entry.place not in manipulation.places:
            raise DefinitionError(f"{where}.place", _lacks(name, "place", entry.place, manipulation.places))
        parts = [part for part in parts if part.place == entry.place]
        if not parts:
            cells = ", ".join(entry.cells or ())
            raise DefinitionError(f"{where}.place", f"{name} has no place '{entry.place}' in {cells}")
    return parts


def _lacks(name: str, what: str, asked: str, known: Sequence[str]) -> str:
    if not known:
        return f"{name} tells no {what} apart: wants no '{what}', got '{asked}'"
    return f"{name} knows no {what} '{asked}'{nearest(asked, known)}"


def check_act(entry: e.ActEntry, span: tuple[float, float], where: str) -> tuple[float, float]:
    """Refuse an amount and times that no manipulation could have.

    span: begin and end of the experiment, s
    returns: from when and until when it holds, s
    """
    if entry.amount is not None and not 0 <= entry.amount <= 1:
        raise DefinitionError(f"{where}.amount", f"wants a number from 0 to 1, got {entry.amount!r}")
    since = _time(entry.since, -math.inf, f"{where}.from")
    until = _time(entry.until, math.inf, f"{where}.until")
    if entry.since is not None and not span[0] <= since < span[1]:
        wanted = f"wants a time from begin ({_text(span[0])}) to before the end ({_text(span[1])})"
        raise DefinitionError(f"{where}.from", f"{wanted}, got {entry.since!r}")
    if until <= max(since, span[0]):
        after = f"from ({_text(since)})" if since >= span[0] else f"begin ({_text(span[0])})"
        raise DefinitionError(f"{where}.until", f"wants a time after {after}, got {entry.until!r}")
    return since, until


def _amount(entry: e.ActEntry, manipulation: Manipulation, model: ModelDefinition) -> float:
    if entry.amount is None:
        return model[manipulation.amount] if manipulation.amount else 1.0
    return float(entry.amount)


def _times(
    entry: e.ActEntry, manipulation: Manipulation, parts: Sequence[Part], span: tuple[float, float], where: str
) -> tuple[float, float]:
    name = f"{manipulation.kind} '{manipulation.name}'"
    for key, text in (("from", entry.since), ("until", entry.until)):
        if text is not None and not manipulation.acute:
            raise DefinitionError(f"{where}.{key}", f"{name} holds from birth: wants no '{key}', got {text!r}")
    since, until = check_act(entry, span, where)
    if any(part.pulses for part in parts):
        if entry.since is None:
            raise DefinitionError(f"{where}.from", f"{name} acts at an instant: wants 'from', got none")
        if entry.until is not None and not any(part.changes for part in parts):
            raise DefinitionError(f"{where}.until", f"{name} acts at an instant: wants no 'until', got {entry.until!r}")
    return since, until


def _time(text: Any, otherwise: float, where: str) -> float:
    return otherwise if text is None else float(parse_in(text, second, where))


def _text(seconds: float) -> str:
    return quantity_text(seconds * second)


def _between(normal: Value, full: Value, amount: float) -> Value:
    """Return the value on the straight line from the normal one (amount 0) to the fully manipulated one (1)."""
    if amount == 1:
        return replace(normal, si=full.si, text=full.text, source=full.source, note=full.note)
    si = normal.si + amount * (full.si - normal.si)
    text = quantity_text(Quantity(si, dimensions_of(normal.unit)))
    note = f"{amount:g} of the way from {normal.text} to {full.text}"
    return replace(normal, si=si, text=text, source=full.source, note=note)


def _validate_changed_once(new: Intervention, old: Intervention) -> None:
    """Refuse two changes of one value at a time, since the result would depend on their order."""
    meet = new.since < old.until and old.since < new.until
    both = [path for path in new.values if path in old.values] if meet else []
    both += [path for path in new.pulses if path in old.pulses and new.since == old.since]
    if both:
        came = f"{new.kind} '{new.name}' after {old.kind} '{old.name}'"
        when = "" if new.since == old.since == -math.inf and new.until == old.until else " at a time"
        raise DefinitionError(new.where, f"wants one change of '{both[0]}'{when}, got {came}")
