"""Declared doses as the dated amounts that solvers take, and refusals of doses that cannot be given."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from msim.base.errors import DefinitionError, nearest
from msim.base.quantities import quantity_text
from msim.base.units import second
from msim.definitions.files.schema import DoseEntry, TitrationStep
from msim.pharmacology.regimen import BATH, LONGEST_BATH, ROUNDING_S, ROUTES, Dose

AMOUNTS = ("mg_per_kg", "mg", "mg_per_kg_per_hour", "steps", "uM")
KG_PER_MG = 1e-6
MILLIMOLAR_PER_MICROMOLAR = 1e-3
SECONDS_PER_HOUR = 3600.0


def regimen(
    doses: Sequence[DoseEntry], body_weight: float, molar_masses: Mapping[str, float], where: str,
    before: float = math.inf,
) -> tuple[Dose, ...]:  # fmt: skip
    """Turn declared doses into dated amounts, sorted by start.

    body_weight: in kg; molar_masses: of each drug the model knows, in kg/mol
    where: file and key of the list, for the message
    before: the time in s before which every dose has to start
    raises: DefinitionError for doses that cannot be given, including infusions of one drug that overlap
    """
    if not (math.isfinite(body_weight) and body_weight > 0):
        raise DefinitionError(where, f"wants a body weight above 0 kg, got {body_weight!r}")
    events: list[tuple[Dose, str]] = []
    for index, one in enumerate(doses):
        here = f"{where}.{index}"
        if one.drug not in molar_masses:
            raise DefinitionError(f"{here}.drug", f"unknown drug {one.drug!r}{nearest(one.drug, molar_masses)}")
        _check(one, here)
        events += [(dose, here) for dose in _given(one, body_weight, molar_masses[one.drug], before, here)]
        if events[-1][0].start_s >= before:
            wanted = f"wants to start before the end of the experiment at {_text(before)}"
            raise DefinitionError(here, f"{wanted}, got {_text(events[-1][0].start_s)}")
    events.sort(key=lambda event: (event[0].start_s, event[0].end_s))
    _check_overlaps(events)
    return tuple(dose for dose, _ in events)


def check_doses(
    doses: Sequence[DoseEntry], where: str, before: float = math.inf, drugs: Sequence[str] | None = None
) -> None:
    """Refuse doses that could not be given at any molar mass and body weight.

    drugs: of the model; None where no model is known
    raises: DefinitionError as `regimen` does
    """
    known = [one.drug for one in doses] if drugs is None else drugs
    regimen(doses, 1.0, dict.fromkeys(known, 1.0), where, before)


def _given(one: DoseEntry, body_weight: float, molar_mass: float, before: float, where: str) -> Iterator[Dose]:
    """Yield every dose of a declared series, repeats included."""
    first = list(_first(one, body_weight, molar_mass, before, where))
    length = first[-1].end_s - first[0].start_s
    if one.every is not None and one.every < length - ROUNDING_S:
        wanted = f"wants at least {_text(length)}, the length of one dose"
        raise DefinitionError(f"{where}.every", f"{wanted}, got {_text(one.every)}")
    for repeat in range(one.times or 1):
        for dose in first:
            yield replace(dose, start_s=dose.start_s + repeat * (one.every or 0.0))


def _first(one: DoseEntry, body_weight: float, molar_mass: float, before: float, where: str) -> Iterator[Dose]:
    """Yield the doses that make up the first course of a declared series."""
    if one.steps is not None:
        _check_order(one.steps, f"{where}.steps")
        for step in one.steps:
            length = step.until - step.at
            mass = _infused(step.mg_per_kg_per_hour, body_weight, length)
            yield Dose(one.drug, one.route, step.at, length, mass / molar_mass)
        return
    assert one.at is not None  # as `_check` saw
    duration, mass = one.duration or 0.0, 0.0
    if one.uM is not None:
        # What is not washed out stays to the end.
        left = before - one.at if math.isfinite(before) and before > one.at else LONGEST_BATH
        bath = one.uM * MILLIMOLAR_PER_MICROMOLAR
        yield Dose(one.drug, one.route, one.at, left if one.duration is None else duration, 0.0, bath)
        return
    if one.mg is not None:
        mass = one.mg * KG_PER_MG
    elif one.mg_per_kg is not None:
        mass = one.mg_per_kg * body_weight * KG_PER_MG
    elif one.mg_per_kg_per_hour is not None:
        mass = _infused(one.mg_per_kg_per_hour, body_weight, duration)
    yield Dose(one.drug, one.route, one.at, duration, mass / molar_mass)


def _infused(mg_per_kg_per_hour: float, body_weight: float, duration: float) -> float:
    """Return the mass in kg that a rate gives in a duration in s."""
    return mg_per_kg_per_hour * body_weight * duration / SECONDS_PER_HOUR * KG_PER_MG


def _check(one: DoseEntry, where: str) -> None:
    """Refuse keys of one declared dose that contradict each other."""
    given = [name for name in AMOUNTS if getattr(one, name) is not None]
    if len(given) != 1:
        raise DefinitionError(where, f"wants exactly one of {', '.join(AMOUNTS)}, got {' and '.join(given) or 'none'}")
    if one.route not in ROUTES:
        raise DefinitionError(f"{where}.route", f"unknown route {one.route!r}{nearest(one.route, ROUTES)}")
    if (one.route == BATH) != (given[0] == "uM"):
        wanted = "'uM' for the route 'bath'" if one.route == BATH else "the route 'bath' for 'uM'"
        raise DefinitionError(where, f"wants {wanted}, got '{given[0]}' by the route '{one.route}'")
    is_infused = one.duration is not None or given[0] in ("mg_per_kg_per_hour", "steps")
    if is_infused and one.route not in ("intravenous", BATH):
        raise DefinitionError(f"{where}.route", f"wants 'intravenous' for an infusion, got {one.route!r}")
    if given[0] == "steps":
        _check_steps(one, where)
    elif one.at is None:
        raise DefinitionError(where, "missing key 'at'")
    if given[0] == "mg_per_kg_per_hour" and one.duration is None:
        raise DefinitionError(where, "missing key 'duration' beside 'mg_per_kg_per_hour'")
    for key, other in (("every", "times"), ("times", "every")):
        if getattr(one, key) is not None and getattr(one, other) is None:
            raise DefinitionError(where, f"missing key '{other}' beside '{key}'")


def _check_steps(one: DoseEntry, where: str) -> None:
    """Refuse a titrated infusion without steps, and a time beside its steps, which bring their own times."""
    if not one.steps:
        raise DefinitionError(f"{where}.steps", "wants at least one step, got none")
    for key in ("at", "duration"):
        if getattr(one, key) is not None:
            raise DefinitionError(f"{where}.{key}", f"wants no '{key}' beside steps, got {_text(getattr(one, key))}")


def _check_order(steps: Sequence[TitrationStep], where: str) -> None:
    """Refuse a step that starts before the end of the step before, or ends before its own start."""
    previous = 0.0
    for index, step in enumerate(steps):
        if step.at < previous:
            wanted = f"wants {_text(previous)} or later, where the step before ends"
            raise DefinitionError(f"{where}.{index}.at", f"{wanted}, got {_text(step.at)}")
        if step.until <= step.at:
            wanted = f"wants a time after its own start, {_text(step.at)}"
            raise DefinitionError(f"{where}.{index}.until", f"{wanted}, got {_text(step.until)}")
        previous = step.until


def _check_overlaps(events: Sequence[tuple[Dose, str]]) -> None:
    """Refuse two infusions of one drug by one route at the same time."""
    running: dict[tuple[str, str], tuple[Dose, str]] = {}
    for dose, where in events:
        if dose.duration_s == 0:
            continue
        before = running.get((dose.drug, dose.route))
        if before is not None and dose.start_s < before[0].end_s - ROUNDING_S:
            wanted = f"wants to start after the infusion of {before[1]} ends at {_text(before[0].end_s)}"
            raise DefinitionError(where, f"{wanted}, got {_text(dose.start_s)}")
        running[dose.drug, dose.route] = (dose, where)


def _text(seconds: float) -> str:
    return quantity_text(seconds * second)
