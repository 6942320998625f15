"""ExperimentDefinition: hypothesis, arms, recordings and predictions settled in advance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from msim.base.errors import DefinitionError, nearest
from msim.base.quantities import parse_in, second
from msim.base.sources import check_source, read_sources
from msim.coupling.schedule import Schedule
from msim.definitions import entries as e
from msim.definitions.addresses import Address, look_up, outputs
from msim.definitions.claims import Claim, parse_claim
from msim.definitions.model import ModelDefinition
from msim.definitions.read import display_name, find, read_entries, read_text, shipped
from msim.definitions.read_model import check_values, read_model, read_model_texts
from msim.pharmacology.regimen import Dose, read_dose, regimen
from msim.recording.probe import Recording

MOST_SAMPLES = 200_000
TIME_MATCH = 1e-6  # s


@dataclass(frozen=True)
class Arm:
    """One condition: its doses and the model as it is in this condition."""

    name: str
    meaning: str
    doses: tuple[Dose, ...]
    model: ModelDefinition


@dataclass(frozen=True)
class Prediction:
    """A claim about a recorded quantity at a time (s), settled before the run.

    margin: smallest difference that counts, in SI units of the quantity
    """

    id: str
    quantity: str
    time: float
    claim: Claim
    margin: float
    source: str
    note: str


@dataclass(frozen=True)
class ExperimentDefinition:
    """An experiment as its file states it; times in s, body weight in kg."""

    name: str
    title: str
    hypothesis: str
    source: str
    file: str
    text: str
    model: ModelDefinition
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    begin: float
    end: float
    body_weight: float
    schedule: Schedule
    recording: Recording
    quantities: Mapping[str, Address]
    predictions: tuple[Prediction, ...]
    changes: Mapping[str, str | int | float]

    def arm(self, name: str) -> Arm:
        """The arm of that name."""
        found = [one for one in self.arms if one.name == name]
        if not found:
            known = [one.name for one in self.arms]
            raise DefinitionError(f"{self.file}: arms", f"unknown arm '{name}'{nearest(name, known)}")
        return found[0]

    def narrowed(
        self, arms: Sequence[str] | None = None, seeds: Sequence[int] | None = None, until: float | None = None
    ) -> ExperimentDefinition:
        """The same experiment with fewer arms, other seeds, or an earlier end (s).

        Predictions that can no longer be settled are left out.
        """
        new = replace(
            self,
            arms=tuple(self.arm(name) for name in arms) if arms else self.arms,
            seeds=tuple(seeds) if seeds else self.seeds,
        )
        if until is not None:
            if not new.begin < until <= new.end:
                raise DefinitionError(f"{self.file}: until", f"wants a time after begin and within the duration, got {until:g} s")
            kept = replace(
                new.recording,
                samples=tuple(t for t in new.recording.samples if t <= until),
                probes=tuple(t for t in new.recording.probes if t <= until),
            )
            new = replace(new, end=until, recording=kept)
        names = {one.name for one in new.arms}
        settled = [
            one for one in new.predictions
            if {one.claim.left.arm, one.claim.right.arm} <= names
            and max(one.claim.left.time, one.claim.right.time) <= new.end
        ]  # fmt: skip
        return replace(new, predictions=tuple(settled))


def read_experiment(
    name: str | Path, changes: Mapping[str, str | int | float] | None = None
) -> ExperimentDefinition:
    """Read an experiment file with its model, and check both whole.

    name: a path, or a shipped name such as 'ketamine_rapid_and_sustained'
    changes: values of the model to change in all arms, by dotted path
    raises: DefinitionError or InputError that names file and key
    """
    path = find(str(name), "experiments")
    where, text = display_name(path), read_text(path)
    entry = read_entries(text, where, e.ExperimentFile)
    beside = path.parent / f"{entry.model}.toml"
    model = read_model(beside if beside.is_file() else entry.model)
    return build_experiment(entry, path.stem, where, text, model, dict(changes or {}))


def experiment_from_texts(
    name: str, where: str, text: str, model_name: str, model_texts: Mapping[str, str], changes: Mapping[str, Any]
) -> ExperimentDefinition:
    """Rebuild an experiment from the texts that a run has stored."""
    entry = read_entries(text, where, e.ExperimentFile)
    return build_experiment(entry, name, where, text, read_model_texts(model_name, model_texts), dict(changes))


def build_experiment(
    entry: e.ExperimentFile, name: str, where: str, text: str, model: ModelDefinition,
    changes: dict[str, str | int | float],
) -> ExperimentDefinition:  # fmt: skip
    """Turn entries into a checked ExperimentDefinition."""
    sources = read_sources(shipped("models") / "sources.bib")
    check_source(entry.source, entry.notes, sources, f"{where}: source")
    base = _changed(model, entry.set, f"{where}: set")
    base = _changed(base, changes, "--set")
    begin, end = _times(entry, where)
    weight = float(parse_in(entry.body_weight, _kilogram(), f"{where}: body_weight"))
    if weight <= 0:
        raise DefinitionError(f"{where}: body_weight", f"wants more than 0 kg, got {entry.body_weight!r}")
    arms = _arms(entry, base, weight, where)
    known = outputs(base)
    recording, quantities = _recording(entry, base, known, (begin, end), where)
    names = [one.name for one in arms]
    predictions = tuple(
        _prediction(one, quantities, recording, names, sources, f"{where}: predict.{index}")
        for index, one in enumerate(entry.predict)
    )
    _refuse_twice([one.id for one in predictions], f"{where}: predict", "id")
    _refuse_twice([str(one) for one in entry.seeds], f"{where}: seeds", "seed")
    if min(entry.seeds) < 0 or max(entry.seeds) >= 2**31:
        raise DefinitionError(f"{where}: seeds", f"wants numbers from 0 to 2147483647, got {entry.seeds}")
    return ExperimentDefinition(
        name, entry.title, entry.hypothesis, entry.source, where, text, base, arms, tuple(entry.seeds), begin, end,
        weight, _schedule(entry.schedule, f"{where}: schedule"), recording, quantities, predictions, changes,
    )  # fmt: skip


def _kilogram() -> Any:
    from brian2.units import kilogram

    return kilogram


def _time(text: Any, where: str) -> float:
    return float(parse_in(text, second, where))


def _times(entry: e.ExperimentFile, where: str) -> tuple[float, float]:
    begin, duration = _time(entry.begin, f"{where}: begin"), _time(entry.duration, f"{where}: duration")
    if begin > 0:
        raise DefinitionError(f"{where}: begin", f"wants a time at or before 0, got {entry.begin!r}")
    if duration <= 0:
        raise DefinitionError(f"{where}: duration", f"wants more than 0, got {entry.duration!r}")
    return begin, duration


def _changed(model: ModelDefinition, changes: Mapping[str, Any], where: str) -> ModelDefinition:
    for path, text in changes.items():
        model = model.with_value(path, text, where)
    if changes:
        check_values(model)
    return model


def _arms(entry: e.ExperimentFile, base: ModelDefinition, weight: float, where: str) -> tuple[Arm, ...]:
    arms = []
    masses = {one.name: base[f"{one.name}.molar_mass"] for one in base.on_scale("drug")}
    for index, one in enumerate(entry.arms):
        place = f"{where}: arms.{index}"
        model = base
        for kind in ("knockout", "mutant", "treatment"):
            for name in getattr(one, kind):
                model = model.with_manipulation(name, kind, f"{place}.{kind}")
        model = _changed(model, one.set, f"{place}.set")
        texts = [read_dose(dose.model_dump(exclude_none=True), f"{place}.doses.{i}") for i, dose in enumerate(one.doses)]
        arms.append(Arm(one.name, one.meaning, regimen(texts, weight, masses, f"{place}.doses"), model))
        if not one.name.isidentifier():
            raise DefinitionError(f"{place}.name", f"wants letters, digits and '_', got {one.name!r}")
    _refuse_twice([one.name for one in arms], f"{where}: arms", "name")
    return tuple(arms)


def _refuse_twice(names: Sequence[str], where: str, what: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise DefinitionError(where, f"{what} '{name}' is given twice")


def _recording(
    entry: e.ExperimentFile, model: ModelDefinition, known: Mapping[str, Address], span: tuple[float, float], where: str
) -> tuple[Recording, dict[str, Address]]:
    samples: set[float] = set()
    probes: set[float] = set()
    sampled, probed = [], []
    quantities: dict[str, Address] = {}
    for index, one in enumerate(entry.record):
        place = f"{where}: record.{index}"
        address = look_up(one.quantity, dict(known), f"{place}.quantity", "output")
        if (one.every is None) == (one.at is None):
            raise DefinitionError(place, "wants either 'every' or 'at'")
        if one.every is not None:
            if address.is_fast and address.owner not in _sampled_readouts(model):
                raise DefinitionError(f"{place}.every", f"'{one.quantity}' is known in bursts only: wants 'at' with times")
            samples |= set(_grid(one.every, span, f"{place}.every"))
            sampled.append(one.quantity)
        else:
            probes |= {_within(text, span, f"{place}.at.{i}") for i, text in enumerate(one.at or [])}
            probed.append(one.quantity)
        quantities[one.quantity] = address
    kept = [name for name in dict.fromkeys(sampled) if not quantities[name].is_fast]
    return Recording(tuple(sorted(samples)), tuple(sorted(probes)), tuple(kept), tuple(dict.fromkeys(probed))), quantities


def _sampled_readouts(model: ModelDefinition) -> list[str]:
    """Readouts that follow slow activity and so are known at any time."""
    return [one.name for one in model.on_scale("readout") if one.form.rest]


def _grid(text: Any, span: tuple[float, float], where: str) -> list[float]:
    step = _time(text, where)
    if step <= 0:
        raise DefinitionError(where, f"wants more than 0, got {text!r}")
    count = int(np.floor((span[1] - span[0]) / step + 1e-9)) + 1
    if count > MOST_SAMPLES:
        raise DefinitionError(where, f"wants at most {MOST_SAMPLES} samples, got {count}")
    return [round(span[0] + k * step, 9) for k in range(count)]


def _within(text: Any, span: tuple[float, float], where: str) -> float:
    time = _time(text, where)
    if not span[0] <= time <= span[1]:
        raise DefinitionError(where, f"wants a time from begin to the end of the experiment, got {text!r}")
    return time


def _prediction(
    one: e.PredictEntry, quantities: Mapping[str, Address], recording: Recording, arms: Sequence[str],
    sources: Mapping[str, Any], where: str,
) -> Prediction:  # fmt: skip
    check_source(one.source, one.note, sources, f"{where}.source")
    if one.quantity not in quantities:
        raise DefinitionError(f"{where}.quantity", f"'{one.quantity}' is not recorded{nearest(one.quantity, quantities)}")
    time = _time(one.at, f"{where}.at")
    claim = parse_claim(one.claim, arms, time, f"{where}.claim")
    times = [*(recording.samples if _is_sampled(one.quantity, quantities, recording) else ()),
             *(recording.probes if one.quantity in recording.probed else ())]
    for side in (claim.left, claim.right):
        if not any(abs(side.time - known) < TIME_MATCH for known in times):
            raise DefinitionError(f"{where}.at", f"'{one.quantity}' is not recorded at {side.time:g} s")
    margin = float(parse_in(one.margin, quantities[one.quantity].unit, f"{where}.margin"))
    if margin < 0 or (claim.relation == "=" and margin == 0):
        least = "more than 0 for a claim with '='" if claim.relation == "=" else "at least 0"
        raise DefinitionError(f"{where}.margin", f"wants {least}, got {one.margin!r}")
    return Prediction(one.id, one.quantity, time, claim, margin, one.source, one.note)


def _is_sampled(name: str, quantities: Mapping[str, Address], recording: Recording) -> bool:
    return name in recording.sampled or quantities[name].kind == "readout"


def _schedule(entry: e.ScheduleEntry, where: str) -> Schedule:
    changes: dict[str, float] = {}
    for name, given in entry.model_dump(exclude_none=True).items():
        changes[name] = float(given) if name == "tolerance" else _time(given, f"{where}.{name}")
        least = 0.0 if name in ("burn_in", "settle") else 1e-9
        if changes[name] < least:
            raise DefinitionError(f"{where}.{name}", f"wants more than 0, got {given!r}")
    schedule = replace(Schedule(), **changes)
    for name in ("burst", "probe", "baseline"):
        if getattr(schedule, name) < 0.1:
            raise DefinitionError(f"{where}.{name}", "wants at least 0.1 second: an average of less says nothing")
    if schedule.shortest_leap > schedule.longest_leap:
        raise DefinitionError(f"{where}.shortest_leap", "wants at most longest_leap")
    return schedule
