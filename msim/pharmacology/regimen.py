"""Doses and infusions as dated events."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from msim.base.errors import DefinitionError, nearest
from msim.base.quantities import parse_in, quantity_text
from msim.base.units import second

BATH = "bath"
ROUTES = ("intravenous", "intraperitoneal", "intranasal", "oral", BATH)
AMOUNTS = ("mg_per_kg", "mg", "mg_per_kg_per_hour", "steps", "uM")
MOST_REPEATS = 10_000
LARGEST_AMOUNT = 1e6  # mg, mg/kg or mg/kg/hour; beyond, products with weight and time need not be finite
KG_PER_MG = 1e-6
MILLIMOLAR_PER_MICROMOLAR = 1e-3
LONGEST_BATH = 1e7  # s
SECONDS_PER_HOUR = 3600.0
ROUNDING_S = 1e-6  # sums of times that meet may miss each other by their last digit


@dataclass(frozen=True)
class Dose:
    """One amount of one drug, given at once (duration 0) or at a constant rate; times in s, amount in mol.

    bath_mM: concentration that flows into the bath of a slice during the dose, in place of an amount
    """

    drug: str
    route: str
    start_s: float
    duration_s: float
    amount_mol: float
    bath_mM: float = 0.0

    @property
    def end_s(self) -> float:
        """Return the time in s at which the dose has been given completely."""
        return self.start_s + self.duration_s

    @property
    def rate_mol_per_s(self) -> float:
        """Return the constant rate of an infusion, mol/s; not for a bolus, which has none."""
        return self.amount_mol / self.duration_s


@dataclass(frozen=True)
class StepText:
    """One step of a titrated infusion as declared."""

    mg_per_kg_per_hour: float
    at: str
    until: str


@dataclass(frozen=True)
class DoseText:
    """One entry of `doses` as declared: exactly one of five amounts, and `at` unless steps bring their own times."""

    drug: str
    route: str
    at: str | None = None
    mg_per_kg: float | None = None
    mg: float | None = None
    mg_per_kg_per_hour: float | None = None
    steps: tuple[StepText, ...] | None = None
    uM: float | None = None
    duration: str | None = None
    every: str | None = None
    times: int | None = None


@dataclass(frozen=True)
class _Part:
    """A stretch of one dose: times in s, mass in kg, concentration of a bath in mM."""

    start: float
    duration: float
    mass: float
    bath: float = 0.0


def read_dose(entry: Mapping[str, Any], where: str) -> DoseText:
    """Read a table as a declared dose; a key whose value is None counts as left out.

    where: file and key of the table, for the message
    raises: DefinitionError for unknown and missing keys
    """
    values = _table(entry, DoseText, ("drug", "route"), where)
    steps = values.get("steps")
    if steps is not None:
        if not isinstance(steps, Sequence) or isinstance(steps, str):
            raise DefinitionError(f"{where}.steps", f"wants a list of tables, got {steps!r}")
        names = tuple(field.name for field in fields(StepText))
        tables = [_table(step, StepText, names, f"{where}.steps.{index}") for index, step in enumerate(steps)]
        values["steps"] = tuple(StepText(**table) for table in tables)
    return DoseText(**values)


def regimen(
    doses: Sequence[DoseText], body_weight: float, molar_masses: Mapping[str, float], where: str,
    before: float = math.inf,
) -> tuple[Dose, ...]:  # fmt: skip
    """Turn declared doses into dated events, sorted by start.

    body_weight: in kg; molar_masses: of each drug the model knows, in kg/mol
    where: file and key of the list, for the message
    before: the time in s before which every dose has to start
    raises: DefinitionError for doses that cannot be given, including infusions of one drug that overlap
    """
    if not (math.isfinite(body_weight) and body_weight > 0):
        raise DefinitionError(where, f"wants a body weight above 0 kg, got {body_weight!r}")
    events: list[tuple[Dose, str]] = []
    for index, text in enumerate(doses):
        here = f"{where}.{index}"
        if text.drug not in molar_masses:
            raise DefinitionError(f"{here}.drug", f"unknown drug {text.drug!r}{nearest(str(text.drug), molar_masses)}")
        _check(text, here)
        events += [(dose, here) for dose in _events(text, body_weight, molar_masses[text.drug], before, here)]
        if events[-1][0].start_s >= before:
            start, end = quantity_text(events[-1][0].start_s * second), quantity_text(before * second)
            raise DefinitionError(here, f"wants to start before the end of the experiment at {end}, got {start}")
    events.sort(key=lambda event: (event[0].start_s, event[0].end_s))
    _check_overlaps(events)
    return tuple(dose for dose, _ in events)


def check_doses(
    doses: Sequence[DoseText], where: str, before: float = math.inf, drugs: Sequence[str] | None = None
) -> None:
    """Refuse doses that could not be given at any molar mass and body weight.

    drugs: of the model; None where no model is known
    raises: DefinitionError as `regimen` does
    """
    known = [one.drug for one in doses] if drugs is None else drugs
    regimen(doses, 1.0, dict.fromkeys(known, 1.0), where, before)


def doses_of(drug: str, doses: Sequence[Dose]) -> tuple[Dose, ...]:
    """Return the events of one drug."""
    return tuple(dose for dose in doses if dose.drug == drug)


def _events(
    text: DoseText, body_weight: float, molar_mass: float, before: float, where: str
) -> Iterator[Dose]:
    """Yield every event of one declared dose, repeats included."""
    parts = list(_parts(text, body_weight, before, where))
    length = parts[-1].start + parts[-1].duration - parts[0].start
    repeats, every = text.times or 1, 0.0
    if text.every is not None:
        every = _duration(text.every, f"{where}.every")
        if every < length - ROUNDING_S:
            wanted = f"wants at least {quantity_text(length * second)}, the length of one dose"
            raise DefinitionError(f"{where}.every", f"{wanted}, got {text.every!r}")
    for repeat in range(repeats):
        for part in parts:
            start = part.start + repeat * every
            yield Dose(text.drug, text.route, start, part.duration, part.mass / molar_mass, part.bath)


def _parts(text: DoseText, body_weight: float, before: float, where: str) -> Iterator[_Part]:
    """Yield the stretches that make up the first dose of a declared series."""
    if text.steps is not None:
        yield from _step_parts(text.steps, body_weight, f"{where}.steps")
        return
    start = _time(text.at, f"{where}.at")
    duration = 0.0 if text.duration is None else _duration(text.duration, f"{where}.duration")
    if text.uM is not None:
        # What is not washed out stays to the end.
        left = before - start if math.isfinite(before) and before > start else LONGEST_BATH
        yield _Part(start, left if text.duration is None else duration, 0.0, text.uM * MILLIMOLAR_PER_MICROMOLAR)
    elif text.mg is not None:
        yield _Part(start, duration, text.mg * KG_PER_MG)
    elif text.mg_per_kg is not None:
        yield _Part(start, duration, text.mg_per_kg * body_weight * KG_PER_MG)
    elif text.mg_per_kg_per_hour is not None:
        yield _Part(start, duration, _infused(text.mg_per_kg_per_hour, body_weight, duration))


def _step_parts(steps: Sequence[StepText], body_weight: float, where: str) -> Iterator[_Part]:
    """Yield the stretches of a titrated infusion; a step may start after the end of the step before, not earlier."""
    previous = 0.0
    for index, step in enumerate(steps):
        here = f"{where}.{index}"
        _positive(step.mg_per_kg_per_hour, f"{here}.mg_per_kg_per_hour")
        start, end = _time(step.at, f"{here}.at"), _time(step.until, f"{here}.until")
        if start < previous:
            wanted = quantity_text(previous * second)
            raise DefinitionError(f"{here}.at", f"wants {wanted} or later, where the step before ends, got {step.at!r}")
        if end <= start:
            raise DefinitionError(f"{here}.until", f"wants a time after its own start, {step.at!r}, got {step.until!r}")
        yield _Part(start, end - start, _infused(step.mg_per_kg_per_hour, body_weight, end - start))
        previous = end


def _infused(mg_per_kg_per_hour: float, body_weight: float, duration: float) -> float:
    """Return the mass in kg that a rate gives in a duration in s."""
    return mg_per_kg_per_hour * body_weight * duration / SECONDS_PER_HOUR * KG_PER_MG


def _check(text: DoseText, where: str) -> None:
    """Refuse keys of one declared dose that contradict each other."""
    given = [name for name in AMOUNTS if getattr(text, name) is not None]
    if len(given) != 1:
        raise DefinitionError(where, f"wants exactly one of {', '.join(AMOUNTS)}, got {' and '.join(given) or 'none'}")
    if text.route not in ROUTES:
        raise DefinitionError(f"{where}.route", f"unknown route {text.route!r}{nearest(str(text.route), ROUTES)}")
    if (text.route == BATH) != (given[0] == "uM"):
        wanted = "'uM' for the route 'bath'" if text.route == BATH else "the route 'bath' for 'uM'"
        raise DefinitionError(where, f"wants {wanted}, got '{given[0]}' by the route '{text.route}'")
    is_infused = text.duration is not None or given[0] in ("mg_per_kg_per_hour", "steps")
    if is_infused and text.route not in ("intravenous", BATH):
        raise DefinitionError(f"{where}.route", f"wants 'intravenous' for an infusion, got {text.route!r}")
    if given[0] == "steps":
        _check_steps(text, where)
    else:
        _positive(getattr(text, given[0]), f"{where}.{given[0]}")
        if text.at is None:
            raise DefinitionError(where, "missing key 'at'")
    if given[0] == "mg_per_kg_per_hour" and text.duration is None:
        raise DefinitionError(where, "missing key 'duration' beside 'mg_per_kg_per_hour'")
    _check_repeats(text, where)


def _check_steps(text: DoseText, where: str) -> None:
    """Refuse a titrated infusion without steps, and a time beside its steps, which bring their own times."""
    if not text.steps:
        raise DefinitionError(f"{where}.steps", "wants at least one step, got none")
    for key in ("at", "duration"):
        if getattr(text, key) is not None:
            raise DefinitionError(f"{where}.{key}", f"wants no '{key}' beside steps, got {getattr(text, key)!r}")


def _check_repeats(text: DoseText, where: str) -> None:
    """Refuse `every` without `times`, and `times` without `every`."""
    for key, other in (("every", "times"), ("times", "every")):
        if getattr(text, key) is not None and getattr(text, other) is None:
            raise DefinitionError(where, f"missing key '{other}' beside '{key}'")
    if text.times is not None and not (type(text.times) is int and 1 <= text.times <= MOST_REPEATS):
        raise DefinitionError(f"{where}.times", f"wants a whole number from 1 to {MOST_REPEATS}, got {text.times!r}")


def _check_overlaps(events: Sequence[tuple[Dose, str]]) -> None:
    """Refuse two infusions of one drug by one route at the same time."""
    running: dict[tuple[str, str], tuple[Dose, str]] = {}
    for dose, where in events:
        if dose.duration_s == 0:
            continue
        before = running.get((dose.drug, dose.route))
        if before is not None and dose.start_s < before[0].end_s - ROUNDING_S:
            end, start = quantity_text(before[0].end_s * second), quantity_text(dose.start_s * second)
            raise DefinitionError(where, f"wants to start after the infusion of {before[1]} ends at {end}, got {start}")
        running[dose.drug, dose.route] = (dose, where)


def _table(entry: Any, kind: type, required: Sequence[str], where: str) -> dict[str, Any]:
    """Return the given keys of a table as a dictionary.

    required: keys that must be given
    raises: DefinitionError for unknown and missing keys
    """
    if not isinstance(entry, Mapping):
        raise DefinitionError(where, f"wants a table, got {entry!r}")
    known = [field.name for field in fields(kind)]
    for key in entry:
        if key not in known:
            raise DefinitionError(f"{where}.{key}", f"unknown key '{key}'{nearest(str(key), known)}")
    for key in required:
        if entry.get(key) is None:
            raise DefinitionError(where, f"missing key '{key}'")
    return {key: value for key, value in entry.items() if value is not None}


def _positive(number: Any, where: str) -> None:
    good = isinstance(number, (int, float)) and not isinstance(number, bool)
    if not good or not 0 < number <= LARGEST_AMOUNT:
        raise DefinitionError(where, f"wants a number above 0 and up to {LARGEST_AMOUNT:g}, got {number!r}")


def _time(text: Any, where: str) -> float:
    """Read a time in s that is not negative."""
    value = float(parse_in(text, second, where))
    if value < 0:
        raise DefinitionError(where, f"wants a time of 0 or later, got {text!r}")
    return value


def _duration(text: Any, where: str) -> float:
    """Read a length of time in s that is not 0."""
    value = float(parse_in(text, second, where))
    if value <= 0:
        raise DefinitionError(where, f"wants a duration above 0, got {text!r}")
    return value
