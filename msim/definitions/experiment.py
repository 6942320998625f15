"""ExperimentDefinition: hypothesis, arms, recordings and predictions settled in advance."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from msim.base.errors import DefinitionError, nearest
from msim.base.quantities import parse_in, quantity_text, second
from msim.base.sources import check_source, read_sources
from msim.base.units import kilogram
from msim.coupling.schedule import Schedule
from msim.definitions import entries as e
from msim.definitions.acts import KINDS, Act, Change, changes_of, read_acts, with_acts
from msim.definitions.addresses import Address
from msim.definitions.claims import Claim, parse_claim
from msim.definitions.experiment_changes import changed_tables, of_model
from msim.definitions.hypotheses import crossed, refuse_twice_set, under
from msim.definitions.model import ModelDefinition
from msim.definitions.preparations import check_routes, prepared, weight_of
from msim.definitions.read import checked_entries, display_name, find, read_tables, read_text, shipped
from msim.definitions.read_model import read_model, read_model_beside, read_model_texts
from msim.definitions.recordings import check_probe, check_shows, look_up_recorded, read_recording, refuse_unrecorded
from msim.definitions.values import with_changes
from msim.pharmacology.regimen import Dose, read_dose, regimen
from msim.recording.probe import Recording

LONGEST_TIME = 100 * 365 * 86400.0  # s; still known to less than TIME_MATCH
LONGEST_BURST = 3600.0  # s
SHORTEST_BURST = 0.1  # s
HEAVIEST_BODY = 1000.0  # kg


@dataclass(frozen=True)
class Arm:
    """One condition: its doses, and the model as it is in this condition.

    model: at rest; acts: what is done to it; changes: what becomes of it at the times of these, in order
    hypothesis: of those that the model declares, or '' for the model as it stands; body_weight: kg
    """

    name: str
    meaning: str
    doses: tuple[Dose, ...]
    model: ModelDefinition
    acts: tuple[Act, ...] = ()
    changes: tuple[Change, ...] = ()
    hypothesis: str = ""
    body_weight: float = 70.0


@dataclass(frozen=True)
class Prediction:
    """A claim about a recorded quantity at a time (s), settled before the run.

    margin: smallest difference that counts, in SI units of the quantity; wanted: the same as the file has it
    """

    id: str
    quantity: str
    time: float
    claim: Claim
    margin: float
    source: str
    note: str
    hypothesis: str = ""
    wanted: str = "0"

    @property
    def asked(self) -> str:
        """The id that the file gives it, the same under all hypotheses."""
        return self.id.removesuffix(f"_{self.hypothesis}") if self.hypothesis else self.id


@dataclass(frozen=True)
class ExperimentDefinition:
    """An experiment as its file states it; times in s, body weight in kg.

    hypothesis: in words; hypotheses: of those that the model declares, which all arms are crossed with
    under: the one that was asked for on the command line, or ''
    """

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
    hypotheses: tuple[str, ...] = ()
    under: str = ""

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
        _refuse_twice(arms or (), f"{self.file}: arms", "name")
        new = replace(
            self,
            arms=tuple(self.arm(name) for name in arms) if arms else self.arms,
            seeds=_seeds(seeds, self.file) if seeds else self.seeds,
        )
        if until is not None:
            if not new.begin < until <= new.end:
                span = f"{_text(new.begin)} up to the end at {_text(new.end)}"
                raise DefinitionError(f"{self.file}: until", f"wants a time after {span}, got {_text(until)}")
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
    name: str | Path, changes: Mapping[str, str | int | float] | None = None, hypothesis: str = ""
) -> ExperimentDefinition:
    """Read an experiment file with its model, and check both whole.

    name: a path, or a shipped name such as 'ketamine_rapid_and_sustained'
    changes: values of the model to change in all arms, or entries of the experiment, by dotted path
    hypothesis: one that the model declares, for all arms
    raises: DefinitionError or InputError that names file and key
    """
    path = find(str(name), "experiments")
    where, text = display_name(path), read_text(path)
    entry = _entry(text, where, changes or {})
    model = read_model_beside(path, entry.model, f"{where}: model")
    return build_experiment(entry, path.stem, where, text, model, dict(changes or {}), hypothesis)


def experiment_from_tables(
    tables: Mapping[str, Any], changes: Mapping[str, str | int | float] | None = None, hypothesis: str = "",
    model: ModelDefinition | None = None, where: str = "experiment",
) -> ExperimentDefinition:  # fmt: skip
    """An experiment from the tables that its file would hold, and its model where that was read before.

    raises: DefinitionError or InputError that names `where` and key
    """
    given = changed_tables(copy.deepcopy(dict(tables)), changes or {}, "--set")
    entry = checked_entries(given, where, e.ExperimentFile)
    if model is None:
        model = read_model(entry.model)
    return build_experiment(entry, where, where, "", model, dict(changes or {}), hypothesis)


def experiment_from_texts(
    name: str, where: str, text: str, model_name: str, model_texts: Mapping[str, str], changes: Mapping[str, Any],
    hypothesis: str = "",
) -> ExperimentDefinition:  # fmt: skip
    """Rebuild an experiment from the texts that a run has stored."""
    entry = _entry(text, where, changes)
    model = read_model_texts(model_name, model_texts)
    return build_experiment(entry, name, where, text, model, dict(changes), hypothesis)


def _entry(text: str, where: str, changes: Mapping[str, Any]) -> e.ExperimentFile:
    return checked_entries(changed_tables(read_tables(text, where), changes, "--set"), where, e.ExperimentFile)


def build_experiment(
    entry: e.ExperimentFile, name: str, where: str, text: str, model: ModelDefinition,
    changes: dict[str, str | int | float], hypothesis: str = "",
) -> ExperimentDefinition:  # fmt: skip
    """Turn entries into a checked ExperimentDefinition."""
    sources = read_sources(shipped("models") / "sources.bib")
    check_source(entry.source, entry.notes, sources, f"{where}: source")
    if not model.populations:
        wanted = f"wants a model with populations, got '{entry.model}' without any"
        raise DefinitionError(f"{where}: model", wanted)
    if entry.hypotheses is not None:
        # What is wrong is said of the file as it is, before its arms are multiplied.
        build_experiment(entry.model_copy(update={"hypotheses": None}), name, where, text, model, changes)
    entry = crossed(entry, model, hypothesis, where)

    def base_of(arm: e.ArmEntry | None, place: str) -> ModelDefinition:
        """Preparation and state first, then what the experiment sets, hypothesis, and the command line."""
        one = model
        for table, key in (("preparations", "preparation"), ("states", "state")):
            own = getattr(arm, key) if arm is not None else None
            named = getattr(entry, key) if own is None else own
            one = prepared(one, table, named, f"{where}: {key}" if own is None else f"{place}.{key}")
        one = with_changes(one, entry.set, f"{where}: set")
        name = (arm.hypothesis if arm is not None else None) or ""
        one = under(one, name, f"{place}.hypothesis")
        refuse_twice_set(model, name, entry.set, f"{where}: set")
        return with_changes(one, of_model(changes), "--set")

    base = base_of(None, where)
    begin, end = _times(entry, where)
    weight = _weight(entry, where)
    arms = _arms(entry, base_of, weight, (begin, end), where)
    recording, quantities = read_recording(entry.record, base, (begin, end), where)
    check_shows(entry.sweep, base, recording, quantities, where)
    schedule = _schedule(entry.schedule, f"{where}: schedule")
    check_probe(schedule.probe, base, recording, f"{where}: schedule")
    names = [one.name for one in arms]
    predictions = tuple(
        _prediction(one, base, quantities, recording, names, sources, f"{where}: predict.{index}")
        for index, one in enumerate(entry.predict)
    )
    if entry.hypotheses is not None:
        under_which = {one.name: one.hypothesis for one in arms}
        predictions = tuple(replace(one, hypothesis=under_which[one.claim.left.arm]) for one in predictions)
    _refuse_twice([one.id for one in predictions], f"{where}: predict", "id")
    return ExperimentDefinition(
        name, entry.title, entry.hypothesis, entry.source, where, text, base, arms, _seeds(entry.seeds, where),
        begin, end, arms[0].body_weight, schedule, recording, quantities,
        predictions, changes, _crossed_with(entry, arms), hypothesis,
    )  # fmt: skip


def _crossed_with(entry: e.ExperimentFile, arms: Sequence[Arm]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.hypothesis for one in arms)) if entry.hypotheses is not None else ()


def _seeds(seeds: Sequence[int], where: str) -> tuple[int, ...]:
    _refuse_twice([str(one) for one in seeds], f"{where}: seeds", "seed")
    for one in seeds:
        if not 0 <= one < 2**31:
            raise DefinitionError(f"{where}: seeds", f"wants numbers from 0 to {2**31 - 1}, got {one}")
    return tuple(seeds)


def _time(text: Any, where: str) -> float:
    return float(parse_in(text, second, where))


def _text(seconds: float) -> str:
    return quantity_text(seconds * second)


def _times(entry: e.ExperimentFile, where: str) -> tuple[float, float]:
    begin, duration = _time(entry.begin, f"{where}: begin"), _time(entry.duration, f"{where}: duration")
    if not -LONGEST_TIME <= begin <= 0:
        wanted = f"wants a time at or before 0, and after {_text(-LONGEST_TIME)}"
        raise DefinitionError(f"{where}: begin", f"{wanted}, got {entry.begin!r}")
    if not 0 < duration <= LONGEST_TIME:
        wanted = f"wants more than 0 and at most {_text(LONGEST_TIME)}"
        raise DefinitionError(f"{where}: duration", f"{wanted}, got {entry.duration!r}")
    return begin, duration


def _weight(entry: e.ExperimentFile, where: str) -> float | None:
    """Body weight of an experiment in kg, if it says one."""
    if entry.body_weight is None:
        return None
    weight = float(parse_in(entry.body_weight, kilogram, f"{where}: body_weight"))
    if not 0 < weight <= HEAVIEST_BODY:
        wanted = f"wants more than 0 kg and at most {HEAVIEST_BODY:g} kg"
        raise DefinitionError(f"{where}: body_weight", f"{wanted}, got {entry.body_weight!r}")
    return weight


def _arms(
    entry: e.ExperimentFile, base_of: Callable[[e.ArmEntry, str], ModelDefinition], given: float | None,
    span: tuple[float, float], where: str,
) -> tuple[Arm, ...]:  # fmt: skip
    arms = []
    for index, one in enumerate(entry.arms):
        place = f"{where}: arms.{index}"
        hypothesis = one.hypothesis or ""
        base = base_of(one, place)
        preparation = entry.preparation if one.preparation is None else one.preparation
        weight = weight_of(base, preparation, given, bool(one.preparation), where)
        check_routes(base, preparation, one.doses, f"{place}.doses")
        refuse_twice_set(base, hypothesis, one.set, f"{place}.set")
        masses = {drug.name: base[f"{drug.name}.molar_mass"] for drug in base.on_scale("drug")}
        texts = [
            read_dose(dose.model_dump(exclude_none=True), f"{place}.doses.{number}")
            for number, dose in enumerate(one.doses)
        ]
        doses = regimen(texts, weight, masses, f"{place}.doses", span[1])
        model, acts = _arm_model(one, base, span, place)
        at_rest, changes = with_acts(model, acts, -math.inf), changes_of(model, acts, span[1])
        arms.append(Arm(one.name, one.meaning, doses, at_rest, acts, changes, hypothesis, weight))
    _refuse_twice([one.name for one in arms], f"{where}: arms", "name")
    return tuple(arms)


def _arm_model(
    arm: e.ArmEntry, base: ModelDefinition, span: tuple[float, float], place: str
) -> tuple[ModelDefinition, tuple[Act, ...]]:
    """The model as it is in an arm without manipulations, and these."""
    model = with_changes(base, arm.set, f"{place}.set")
    acts = read_acts({kind: getattr(arm, kind) for kind in KINDS}, model, span, place)
    for act in acts:
        for path in act.values:
            if path in arm.set:
                came = f"'set' after {act.kind} '{act.name}'"
                raise DefinitionError(f"{place}.set", f"wants one change of '{path}', got {came}")
    return model, acts


def _refuse_twice(names: Sequence[str], where: str, what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DefinitionError(where, f"wants each {what} once, got '{name}' twice")
        seen.add(name)


def _prediction(
    one: e.PredictEntry, model: ModelDefinition, quantities: Mapping[str, Address], recording: Recording,
    arms: Sequence[str], sources: Mapping[str, Any], where: str,
) -> Prediction:  # fmt: skip
    check_source(one.source, one.note, sources, f"{where}.source")
    address = look_up_recorded(one.quantity, quantities, f"{where}.quantity")
    time = _time(one.at, f"{where}.at")
    claim = parse_claim(one.claim, arms, time, f"{where}.claim")
    for side in (claim.left, claim.right):
        refuse_unrecorded(address, side.time, model, recording, f"{where}.{'at' if side.time == time else 'claim'}")
    margin, wanted = _margin(one, claim, address, where), "0" if one.margin is None else str(one.margin)
    return Prediction(one.id, one.quantity, time, claim, margin, one.source, one.note, wanted=wanted)


def _margin(one: e.PredictEntry, claim: Claim, address: Address, where: str) -> float:
    given = 0.0 if one.margin is None else float(parse_in(one.margin, address.unit, f"{where}.margin"))
    if given < 0 or (claim.relation == "=" and given == 0):
        least = "more than 0 for a claim with '='" if claim.relation == "=" else "at least 0"
        came = "none" if one.margin is None else repr(one.margin)
        raise DefinitionError(f"{where}.margin", f"wants {least}, got {came}")
    return given


def _schedule(entry: e.ScheduleEntry, where: str) -> Schedule:
    changes: dict[str, float] = {}
    for name, given in entry.model_dump(exclude_none=True).items():
        changes[name] = float(given) if name in ("tolerance", "noise") else _time(given, f"{where}.{name}")
        may_be_nothing = name in ("burn_in", "settle")
        if changes[name] < 0 or (changes[name] == 0 and not may_be_nothing):
            bound = "at least" if may_be_nothing else "more than"
            raise DefinitionError(f"{where}.{name}", f"wants {bound} 0, got {given!r}")
        most = LONGEST_TIME if name.endswith("leap") else LONGEST_BURST
        if changes[name] > most:
            raise DefinitionError(f"{where}.{name}", f"wants at most {_text(most)}, got {given!r}")
    schedule = replace(Schedule(), **changes)
    for name in ("burst", "probe", "baseline"):
        if getattr(schedule, name) < SHORTEST_BURST:
            least = f"wants at least {_text(SHORTEST_BURST)}, as an average of less says nothing"
            raise DefinitionError(f"{where}.{name}", f"{least}, got {getattr(entry, name)!r}")
    if "longest_burst" in changes and schedule.longest_burst < schedule.burst:
        least = f"wants at least burst ({_text(schedule.burst)})"
        raise DefinitionError(f"{where}.longest_burst", f"{least}, got {entry.longest_burst!r}")
    if schedule.shortest_leap > schedule.longest_leap:
        longest = f"wants at most longest_leap ({_text(schedule.longest_leap)})"
        raise DefinitionError(f"{where}.shortest_leap", f"{longest}, got {_text(schedule.shortest_leap)}")
    return schedule
