"""Plan of trials for evidence rows: every condition once, with all quantities that any row reads in it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from msim.base.errors import DefinitionError, InputError
from msim.base.mechanism import same_dimensions
from msim.base.quantities import parse_in, second, unit_text
from msim.definitions.evidence.rows import ACUTE_LEAD, LEAST_END, Condition, EvidenceRow
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.effects import deciding, deciding_in_arm
from msim.definitions.experiments.experiment import build_experiment
from msim.definitions.files import schema as e
from msim.definitions.models.addresses import DISTRIBUTION, Address, look_up, outputs
from msim.definitions.models.model import ModelDefinition

UNNAMED_BODY = "70 kg"  # of a row without a preparation


@dataclass(frozen=True)
class Measure:
    """A quantity in a condition at a time (s); time is None for the first moment of the trial."""

    condition: Condition
    quantity: str
    statistic: str
    time: float | None


@dataclass(frozen=True)
class Reading:
    """The sum of measures with their factors that a row reads in one condition."""

    terms: tuple[tuple[float, Measure], ...]


@dataclass(frozen=True)
class RowPlan:
    """A row and its readings, in the order of `compared`; or the reason why it cannot be run."""

    row: EvidenceRow
    readings: tuple[Reading, ...] = ()
    unit: Any = 1
    cannot: str = ""


@dataclass
class TrialPlan:
    """One condition as an experiment with one arm, and all measures that are read in it."""

    entry: e.ExperimentFile
    experiment: ExperimentDefinition
    measures: list[Measure] = field(default_factory=list)


def plan_rows(
    rows: Sequence[EvidenceRow], model: ModelDefinition, changes: Mapping[str, Any], hypothesis: str,
    every: Sequence[EvidenceRow] = (),
) -> tuple[list[RowPlan], dict[Condition, TrialPlan]]:  # fmt: skip
    """Plan the readings of each row, and the trials that all of them need; a row that cannot be run has the reason.

    Conditions that differ in names alone, such as those of an undosed mouse and of an undosed rat, are one trial.
    every: rows with which others may be compared
    """
    known = {one.id: one for one in (*every, *rows)}
    plans = [plan_row(one, known, model) for one in rows]
    lacks: dict[Condition, str] = {}
    trials: dict[Condition, TrialPlan] = {}
    for condition, measures in _measures(plans).items():
        try:
            trials[condition] = trial_plan(condition, measures, model, changes, hypothesis)
        except InputError as problem:
            lacks[condition] = str(problem)
    plans = [_with_lacks(one, lacks) for one in plans]
    same = _same_conditions(trials)
    shared = [_read_in(one, same) for one in plans if not one.cannot]
    for condition, measures in _measures(shared).items():
        if len(measures) > len(trials[condition].measures):
            trials[condition] = trial_plan(condition, measures, model, changes, hypothesis)
    wanted = {one for plan in shared for one in conditions_of(plan)}
    found = {one.row.id: one for one in shared}
    return [found.get(one.row.id, one) for one in plans], {one: trials[one] for one in trials if one in wanted}


def _same_conditions(trials: Mapping[Condition, TrialPlan]) -> dict[Condition, Condition]:
    """Return by condition the first one in which everything that decides on a trial is the same."""
    firsts: list[tuple[tuple[Any, ...], Condition]] = []
    found = {}
    for condition, trial in trials.items():
        experiment = trial.experiment
        own = (experiment.begin, deciding_in_arm(experiment.arms[0], math.inf))
        found[condition] = next((first for known, first in firsts if known == own), condition)
        if found[condition] is condition:
            firsts.append((own, condition))
    return found


def _read_in(plan: RowPlan, same: Mapping[Condition, Condition]) -> RowPlan:
    """Return a plan that reads each condition in the trial that it shares with others."""
    return replace(plan, readings=tuple(
        Reading(tuple((factor, replace(one, condition=same[one.condition])) for factor, one in reading.terms))
        for reading in plan.readings
    ))  # fmt: skip


def deciding_on(
    rows: Sequence[EvidenceRow], model: ModelDefinition, changes: Mapping[str, Any], hypothesis: str,
    every: Sequence[EvidenceRow] = (),
) -> dict[str, Any]:  # fmt: skip
    """Return everything that decides on the trials of rows and on the factors of their readings, by condition."""
    plans, trials = plan_rows(rows, model, changes, hypothesis, every)
    factors = {one.row.id: [[factor for factor, _ in each.terms] for each in one.readings] for one in plans}
    return {"factors": factors} | {condition_text(one): deciding(trial.experiment) for one, trial in trials.items()}


def _with_lacks(plan: RowPlan, lacks: Mapping[Condition, str]) -> RowPlan:
    found = next((lacks[one] for one in conditions_of(plan) if one in lacks), "")
    return replace(plan, cannot=plan.cannot or found)


def conditions_of(plan: RowPlan) -> list[Condition]:
    """Return the conditions that a row reads."""
    return [measure.condition for reading in plan.readings for _, measure in reading.terms]


def plan_row(row: EvidenceRow, known: Mapping[str, EvidenceRow], model: ModelDefinition) -> RowPlan:
    """Plan the readings of a row, as far as its trials are not needed for that."""
    try:
        unit = _unit(row, model)
        readings = tuple(_reading(row, condition, time, model) for condition, time in compared(row, known))
    except InputError as problem:
        return RowPlan(row, cannot=str(problem))
    return RowPlan(row, readings, 1 if row.readout.statistic == "cv" or row.compare == "ratio" else unit)


def _unit(row: EvidenceRow, model: ModelDefinition) -> Any:
    """Return the unit of a readout: that of all its terms, each a quantity times a number or a value of the model.

    raises: DefinitionError where terms differ in unit, or statistic 'cv' is wanted of a quantity without cells
    """
    readout, known = row.readout, outputs(model)
    addresses = [look_up(quantity, known, readout.name, "output") for quantity, _ in readout.terms]
    if readout.statistic == "cv" and (not addresses[0].population or addresses[0].kind == DISTRIBUTION):
        wanted = "wants a quantity of cells, whose spread statistic 'cv' is"
        raise DefinitionError(readout.name, f"{wanted}, got '{addresses[0].text}'")
    units = [
        one.unit * model.resolved(model.known(times, readout.name)).unit if isinstance(times, str) else one.unit
        for one, (_, times) in zip(addresses, readout.terms, strict=True)
    ]
    for one, unit in zip(addresses, units, strict=True):
        if not same_dimensions(unit, units[0]):
            wanted = f"wants a sum of terms in {unit_text(units[0])}"
            raise DefinitionError(readout.name, f"{wanted}, got '{one.text}' in {unit_text(unit)}")
    return units[0]


def compared(row: EvidenceRow, known: Mapping[str, EvidenceRow]) -> list[tuple[Condition, float | None]]:
    """Return the condition of a row and those that it is compared with, each with its time.

    returns: one (against nothing), two (with and against), or four for an attenuated effect: with manipulation and
        drug, with the manipulation, with the drug, with neither
    """
    own = row.condition
    bare = replace(own, doses=(), interventions=())
    if row.direction == "~":
        return [(one, row.time) for one in (own, replace(own, doses=()), replace(own, interventions=()), bare)]
    other: dict[str, tuple[Condition, float | None]] = {
        "vehicle": (bare, row.time),
        "no_drug": (replace(own, doses=()), row.time),
        "no_manipulation": (replace(own, interventions=()), row.time),
        "before": (own, row.before),
    }
    if row.against == "nothing":
        return [(own, row.time)]
    second_one = other.get(row.against)
    if second_one is None:
        second_one = (known[row.against].condition, known[row.against].time)
    return [(own, row.time), second_one]


def _reading(row: EvidenceRow, condition: Condition, time: float | None, model: ModelDefinition) -> Reading:
    statistic = row.readout.statistic
    return Reading(tuple(
        (_factor(times, model), Measure(condition, quantity, statistic, time))
        for quantity, times in row.readout.terms
    ))  # fmt: skip


def _factor(times: str | float, model: ModelDefinition) -> float:
    return model[times] if isinstance(times, str) else float(times)


def _measures(plans: Sequence[RowPlan]) -> dict[Condition, list[Measure]]:
    found: dict[Condition, dict[Measure, None]] = {}
    for plan in plans:
        for reading in plan.readings:
            for _, measure in reading.terms:
                found.setdefault(measure.condition, {})[measure] = None
    return {condition: list(measures) for condition, measures in found.items()}


def trial_plan(
    condition: Condition, measures: Sequence[Measure], model: ModelDefinition, changes: Mapping[str, Any],
    hypothesis: str,
) -> TrialPlan:  # fmt: skip
    """Turn a condition into an experiment with one arm that ends with the last measure.

    raises: InputError where the model lacks something that the condition needs
    """
    for path in (one for one, _ in condition.set if one in changes):
        raise InputError(f"--set: wants one change of '{path}', got one of all rows and that of this row")
    begin = first_moment(condition, [one.time for one in measures if one.time is not None])
    known = outputs(model)
    times: dict[str, set[float]] = {}
    for one in measures:
        look_up(one.quantity, known, "readout", "output")
        times.setdefault(one.quantity, set()).add(begin if one.time is None else one.time)
    end = max(max(one for own in times.values() for one in own), LEAST_END)
    record = [one for quantity, own in times.items() for one in _records(known[quantity], own, begin, end)]
    arm: dict[str, Any] = {"name": "arm", "doses": list(condition.doses)}
    for kind, intervention in condition.interventions:
        arm.setdefault(kind, []).append(intervention.model_dump(by_alias=True, exclude_none=True))
    arm["set"] = dict(condition.set)
    about = {key: getattr(condition, key) for key in ("preparation", "state", "variant") if getattr(condition, key)}
    if not condition.preparation:
        about["body_weight"] = UNNAMED_BODY
    if hypothesis:
        arm["hypothesis"] = hypothesis
    given: dict[str, Any] = {
        "title": "a condition of the evidence", "hypothesis": "see the rows", "source": "assumed",
        "notes": "made from evidence rows", "model": model.name, "seeds": [1], "begin": f"{begin!r} second",
        "duration": f"{end!r} second", "arms": [arm], "record": record,
        **about,
    }  # fmt: skip
    entry = e.ExperimentFile.model_validate(given)
    return TrialPlan(entry, build_experiment(entry, "evidence", "evidence", "", model, dict(changes)), list(measures))


def first_moment(condition: Condition, read: Sequence[float] = ()) -> float:
    """Return the time at which the trial begins, s: ACUTE_LEAD before the first dose, intervention or readout."""
    starts = [0.0, *read]
    starts += [
        _seconds(intervention.since) for _, intervention in condition.interventions if intervention.since is not None
    ]
    starts += [dose.at for dose in condition.doses if dose.at is not None]
    return math.floor(min(starts) - ACUTE_LEAD)


def _seconds(text: Any) -> float:
    return float(parse_in(text, second, "time"))


def _records(address: Address, times: set[float], begin: float, end: float) -> list[dict[str, Any]]:
    """Return the [[record]] entries of a quantity: one grid per time on the slow scale, without spikes; else times."""
    if address.is_fast:
        return [{"quantity": address.text, "at": [f"{one!r} second" for one in sorted(times)]}]
    steps = [one - begin if one > begin else end - begin for one in sorted(times)]
    return [{"quantity": address.text, "every": f"{one!r} second"} for one in steps]


def condition_text(condition: Condition) -> str:
    """Return a condition as one text; equal conditions give equal texts."""
    return json.dumps(
        {
            "doses": [one.model_dump(mode="json", exclude_none=True) for one in condition.doses],
            "acts": [
                (kind, one.model_dump(mode="json", by_alias=True, exclude_none=True))
                for kind, one in condition.interventions
            ],
            "preparation": condition.preparation, "state": condition.state, "set": dict(condition.set),
        },
        sort_keys=True,
    )  # fmt: skip
