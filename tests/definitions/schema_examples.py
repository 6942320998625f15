"""Files of every definition format that together hold every key of it, and what each key may hold besides."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from msim.definitions.files.read import shipped
from msim.definitions.models.read_model import read_model

COLUMN = "circuits/cortical_column"
ASSUMED = {"source": "assumed", "note": "a test"}
Tables = dict[str, Any]


def shipped_tables(kind: str, name: str) -> Tables:
    """A shipped file."""
    return tomllib.loads((shipped(kind) / f"{name}.toml").read_text(encoding="utf-8"))


def whole_column() -> Tables:
    """The shipped column with its parts in one file, but for one that it includes."""
    apart = "signaling/hypotheses"
    found: Tables = {"title": "a column in one file", "notes": "a test", "include": [apart]}
    for text in [text for where, text in read_model(COLUMN).files.items() if apart not in Path(where).as_posix()]:
        for table, inside in tomllib.loads(text).items():
            if isinstance(inside, dict):
                found.setdefault(table, {}).update(inside)
    place = next(one for one in found["manipulations"].values() if "place" in one)
    found["manipulations"]["own"] = {
        "kind": "treatment", "meaning": "a test", "cells": ["pyramidal"], "place": place["place"], "acute": True,
        "amount": {"value": 0.5, **ASSUMED}, "set": {"spines.N_max": {"value": 1.1, **ASSUMED}},
    }  # fmt: skip
    pulse = {"cells": ["pyramidal"], "place": "postsynaptic", "pulse": {"spines.number": {"value": 0.9, **ASSUMED}}}
    found["manipulations"]["own_parts"] = {"kind": "treatment", "meaning": "a test", "parts": [pulse]}
    found["hypotheses"] = {"own": {"meaning": "a test", "set": {"spines.N_max": {"value": 1.2, **ASSUMED}}}}
    return found


SCHEDULE = {
    "tolerance": 0.5, "noise": 0.8, "burst": "0.2 second", "longest_burst": "0.4 second", "burn_in": "0.05 second",
    "settle": "0.05 second", "probe": "0.6 second", "baseline": "0.4 second", "shortest_leap": "1 second",
    "longest_leap": "1 hour",
}  # fmt: skip
AFTER = {"quantity": "pyramidal.firing_rate", "at": ["0 minute", "4 minute"]}
BLOCK = {"quantity": "block_evoked.b", "every": "1 minute"}


def doses() -> list[Tables]:
    """One of each kind that bodies take."""
    start, end = {"at": "0 minute"}, {"duration": "1 minute"}
    return [
        {"drug": "ketamine", "route": "intravenous", "mg_per_kg": 0.5, **start, **end, "every": "2 minute", "times": 2},
        {"drug": "norketamine", "route": "oral", "mg": 1, **start},
        {"drug": "memantine", "route": "intravenous", "mg_per_kg_per_hour": 1, "at": "1 minute", **end},
        {"drug": "MK801", "route": "intravenous", "steps": [
            {"mg_per_kg_per_hour": 0.1, "at": "0 minute", "until": "1 minute"},
            {"mg_per_kg_per_hour": 0.2, "at": "1 minute", "until": "2 minute"},
        ]},
    ]  # fmt: skip


BATH = {"drug": "memantine", "route": "bath", "uM": 10, "at": "0 minute", "duration": "1 minute"}
ACT = {"name": "GABA_A_antagonist", "cells": ["pyramidal", "pv", "sst"], "place": "dendritic", "amount": 0.1,
       "from": "-1 minute", "until": "2 minute"}  # fmt: skip
PREDICT = {"id": "blocked", "quantity": "block_evoked.b", "at": "2 minute", "claim": "treated > vehicle",
           "margin": 0.01, "row": "T1_rapid", **ASSUMED}  # fmt: skip


def experiments() -> list[Tables]:
    """Of bodies with a sweep over a grid; of slices with a sample; of rival hypotheses."""
    about = {
        "title": "a test", "hypothesis": "it runs", **{"source": "assumed", "notes": "a test"}, "model": COLUMN,
        "seeds": [1], "begin": "-2 minute", "duration": "4 minute", "schedule": SCHEDULE,
    }  # fmt: skip
    arms = [
        {"name": "vehicle", "meaning": "nothing", "set": {"spines.tau_N": "40 hour"}, "hypothesis": "H1"},
        {"name": "treated", "doses": doses(), "state": "depressed", "variant": "kotermanski_johnson",
         "knockout": ["eEF2K"], "mutant": [{"name": "MeCP2_S421A"}], "treatment": [ACT]},
    ]  # fmt: skip
    axes = [{"path": "doses.mg_per_kg", "name": "dose", "values": [0.1, 0.5]},
            {"path": "eef2k.tau_K", "low": "2 minute", "high": "4 minute", "count": 2, "spacing": "log"}]  # fmt: skip
    show = [{"quantity": "block_evoked.b", "at": "4 minute"}]
    bodies = {
        **about, "body_weight": "70 kg", "set": {"column.n_cells": 60}, "arms": arms, "record": [BLOCK, AFTER],
        "predict": [PREDICT], "sweep": {"axes": axes, "sample": "grid", "show": show},
    }  # fmt: skip
    slices = {
        **about, "preparation": "active_slice", "state": "healthy", "variant": "kotermanski_johnson",
        "arms": [{"name": "vehicle"}, {"name": "treated", "doses": [BATH], "preparation": "silent_slice"}],
        "record": [BLOCK], "set": {"column.n_cells": 60},
        "sweep": {"axes": [axes[1] | {"count": 2}], "sample": "random", "points": 3, "seed": 2},
    }  # fmt: skip
    rivals = {
        **about, "preparation": "human", "hypotheses": ["H1", "H4"], "set": {"column.n_cells": 60},
        "arms": [{"name": "vehicle"}, {"name": "treated", "doses": doses()[:1]}], "record": [BLOCK],
        "predict": [PREDICT],
    }  # fmt: skip
    return [copy.deepcopy(one) for one in (bodies, slices, rivals)]


def evidence() -> Tables:
    """Rows against whatever rows can be held against."""
    row = {"fact": "T0", "statement": "a test", "source": "assumed", "note": "a test", "time": "3 minute",
           "readout": "block_evoked.b", "role": "TEST"}  # fmt: skip
    more = {"direction": "+", "margin": 0.01}
    rows = [
        {"doses": "several", "preparation": "human", "state": "healthy", "set": {"spines.tau_N": "40 hour"}, **more,
         "against": "vehicle"},
        {"doses": doses(), "treatment": [ACT], "knockout": ["eEF2K"], "mutant": [{"name": "MeCP2_S421A"}], **more,
         "against": "no_drug"},
        {"doses": "several", "against": "before", "before": "-1 minute", **more},
        {"doses": "several", "direction": "within", "low": "0.001 uM", "high": "50 uM", "against": "nothing",
         "readout": "ketamine.C_plasma"},
        {"doses": "several", "direction": "within", "low": 0, "high": 9, "compare": "ratio", "against": "no_drug",
         "readout": "relief"},
        {"doses": [BATH], "preparation": "silent_slice", **more, "readout": "spread", "against": "vehicle"},
    ]  # fmt: skip
    return {
        "title": "a test", "notes": "a test",
        "regimens": {"several": {"meaning": "one of each", "doses": doses()}},
        "readouts": {
            "relief": {"meaning": "a sum", "sum": [{"quantity": "block_evoked.b", "times": -1},
                                                   {"quantity": "spines.number", "times": "spines.N_max"}]},
            "spread": {"meaning": "over cells", "quantity": "ampar_scaling.AMPAR_scale", "statistic": "cv"},
        },
        "row": [{"id": f"own_{index}", **row, **one} for index, one in enumerate(rows)],
    }  # fmt: skip


STUDIES = ("siegel2021_resting_fc", "sahib2020_go_nogo", "gilbert2018_meg_dcm", "krystal2024_mrs_pet")


def studies() -> list[Tables]:
    """The shipped ones with a few participants, each with a key that none of them has."""
    found = [shipped_tables("experiments", f"studies/{name}") for name in STUDIES]
    for one in found:
        one.setdefault("notes", "a test")
        for group in one["groups"]:
            group |= {"n": 8, "meaning": "a test"}
        for visit in one["visits"]:
            visit["absent"] = [1] if "absent" in visit else []
        if one["groups"][0].get("doses"):
            one["groups"][0]["doses"] = doses()
    found[0]["resting_connectivity"]["analysed"] = 6
    found[0]["reported"][0] |= {"estimate": 0.1, "value": 2.0, "degrees": 40, "p": 0.04, "note": "a test"}
    found[0]["reported"][0]["role"] = "TEST"
    return found


def brain() -> Tables:
    """The shipped one, its tables where they are."""
    found = shipped_tables("models", "brains/brain19")
    found["brain"]["connectome"] = str(shipped("models") / "brains" / found["brain"]["connectome"])
    return found


EXAMPLES: dict[str, list[Tables]] = {
    "model": [whole_column()], "experiment": experiments(), "evidence": [evidence()], "study": studies(),
    "participants": [shipped_tables("models", "participants/adults")], "brain": [brain()],
    "task": [shipped_tables("models", "tasks/go_nogo")],
}  # fmt: skip

# Strategies put what stands in the example last: the first thing that they draw is another.
Of = Callable[[Any], st.SearchStrategy[Any]]


def as_it_is(value: Any) -> st.SearchStrategy[Any]:
    """Of names that others in the file go by: what is drawn is another file."""
    return st.just(value)


def words(value: Any) -> st.SearchStrategy[Any]:
    """Any text for the reader."""
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=40).map(lambda text: f"a {text}")


def one_of(*values: Any) -> Of:
    """One of these, wherever the key stands."""
    return lambda value: st.sampled_from([*values, value])


def number(low: float, high: float) -> Of:
    """A number without unit."""
    return lambda value: st.floats(low, high) | st.integers(int(low) + 1, max(int(high), int(low) + 1)).filter(
        lambda one: low <= one <= high
    )


def respelled(value: Any) -> st.SearchStrategy[Any]:
    """The same quantity, or nearly, in other words; bare numbers as they are, as some count things or add up to 1."""
    if not isinstance(value, str):
        return st.just(value)
    shorter = st.floats(0.999, 1.0).map(lambda one: f"{value} * {one!r}")
    return st.sampled_from([f" {value} ", f"{value} / 1", f"{value} * 1.0", value]) | shorter


def minutes(value: Any) -> st.SearchStrategy[Any]:
    """The same time in a unit of its size."""
    from msim.base.quantities import parse_in, second

    seconds = float(parse_in(value, second, "here"))
    return st.sampled_from([f"{seconds * 1e3!r} * ms", f"{seconds!r} second", f"{seconds / 60!r} minute",
                            f"{seconds / 3600!r} * hour", value]) if seconds >= 0 else st.just(value)  # fmt: skip


def each(of: Of) -> Of:
    """A list of the same length."""
    return lambda values: st.tuples(*(of(one) for one in values)).map(list)


def several(low: float, high: float) -> Of:
    """As many numbers, no two of them alike."""
    return lambda values: st.lists(st.floats(low, high), min_size=len(values), max_size=len(values), unique=True)


def in_table(of: Of) -> Of:
    """A table with the same keys."""
    return lambda values: st.fixed_dictionaries({key: of(one) for key, one in values.items()})


def one_or_list(value: Any) -> st.SearchStrategy[Any]:
    """A name alone, or a list of it."""
    if isinstance(value, list):
        return st.sampled_from([value[0], value] if len(value) == 1 else [value])
    return st.sampled_from([[value], value])


VALID: dict[str, Of] = {
    "ValueEntry.value": respelled, "ValueEntry.source": as_it_is, "ValueEntry.note": words,
    "ValueEntry.same_as": as_it_is,
    **{f"RolesEntry.{key}": as_it_is for key in ("population", "gain", "bold", "spines", "miniatures")},
    **{f"RolesEntry.{key}": st.permutations for key in ("block", "cascade")},
    "MechanismEntry.form": as_it_is, "MechanismEntry.on": as_it_is,
    "PopulationEntry.membrane": as_it_is, "PopulationEntry.receptors": lambda value: st.permutations(value),
    "ProjectionEntry.from": as_it_is, "ProjectionEntry.to": as_it_is, "ProjectionEntry.release": as_it_is,
    "ProjectionEntry.saturation": as_it_is,
    "DriveEntry.to": as_it_is, "DriveEntry.colour": as_it_is,
    "LinkEntry.from": one_or_list, "LinkEntry.to": as_it_is, "LinkEntry.relative_to": one_or_list,
    "PartEntry.cells": one_or_list, "PartEntry.place": one_of("axonal"),
    "ManipulationEntry.cells": one_or_list, "ManipulationEntry.place": one_of("axonal"),
    "ManipulationEntry.kind": as_it_is, "ManipulationEntry.meaning": words, "ManipulationEntry.acute": as_it_is,
    "HypothesisEntry.meaning": words, "StateEntry.meaning": words, "PreparationEntry.meaning": words,
    "VariantEntry.meaning": words,
    "PreparationEntry.bath": as_it_is,
    "ModelFile.title": words, "ModelFile.notes": words, "ModelFile.include": as_it_is,
    # What an experiment gives, does, asks and records.
    "TitrationStep.mg_per_kg_per_hour": number(0.01, 2), "TitrationStep.at": minutes, "TitrationStep.until": minutes,
    "DoseEntry.drug": as_it_is, "DoseEntry.route": as_it_is, "DoseEntry.mg_per_kg": number(0.01, 2),
    "DoseEntry.mg": number(0.01, 20), "DoseEntry.mg_per_kg_per_hour": number(0.01, 2), "DoseEntry.uM": number(0.01, 20),
    "DoseEntry.at": minutes, "DoseEntry.duration": minutes, "DoseEntry.every": minutes, "DoseEntry.times": one_of(1, 2),
    "ActEntry.name": as_it_is, "ActEntry.cells": one_or_list, "ActEntry.place": one_of("perisomatic", "dendritic"),
    "ActEntry.amount": number(0, 0.2), "ActEntry.from": one_of("-90 second", "0 second"), "ActEntry.until": minutes,
    "ArmEntry.name": as_it_is, "ArmEntry.meaning": words, "ArmEntry.hypothesis": one_of("H2", "H4", ""),
    "ArmEntry.preparation": one_of("silent_slice_0_Mg"), "ArmEntry.state": one_of("healthy"),
    "ArmEntry.variant": one_of("kotermanski_johnson", ""),
    "ArmEntry.set": in_table(respelled),
    "RecordEntry.quantity": as_it_is, "RecordEntry.every": one_of("30 second", "60000 ms"),
    "RecordEntry.at": each(minutes),
    "PredictEntry.id": as_it_is, "PredictEntry.quantity": as_it_is, "PredictEntry.at": minutes,
    "PredictEntry.claim": one_of("treated = vehicle", "vehicle < treated", "treated > treated at 1 minute"),
    "PredictEntry.margin": number(0.001, 0.5), "PredictEntry.source": one_of("fitted", "zarate2006"),
    "PredictEntry.note": words, "PredictEntry.row": one_of("T1_rapid", "NM4_magnesium", ""),
    "ScheduleEntry.tolerance": number(0.3, 0.9), "ScheduleEntry.noise": number(0.5, 0.9),
    **{f"ScheduleEntry.{key}": respelled for key in ("probe", "baseline", "burn_in", "settle", "longest_leap")},
    "ScheduleEntry.burst": one_of("150 ms"), "ScheduleEntry.longest_burst": one_of("0.5 second"),
    "ScheduleEntry.shortest_leap": one_of("2 second"),
    "AxisEntry.path": as_it_is, "AxisEntry.name": one_of("along"), "AxisEntry.values": several(0.05, 1),
    "AxisEntry.low": one_of("90 second"), "AxisEntry.high": one_of("300 second"), "AxisEntry.count": one_of(3),
    "AxisEntry.spacing": one_of("linear"),
    "ShowEntry.quantity": as_it_is, "ShowEntry.at": minutes,
    "SweepEntry.sample": as_it_is, "SweepEntry.points": one_of(1, 4), "SweepEntry.seed": one_of(0, 7),
    "ExperimentFile.title": words, "ExperimentFile.hypothesis": words, "ExperimentFile.source": one_of("fitted"),
    "ExperimentFile.notes": as_it_is, "ExperimentFile.model": as_it_is, "ExperimentFile.hypotheses": one_of(["H2"]),
    "ExperimentFile.seeds": one_of([0], [3]), "ExperimentFile.begin": one_of("-3 minute"),
    "ExperimentFile.duration": minutes, "ExperimentFile.body_weight": one_of("80 kg", "65000 g"),
    "ExperimentFile.preparation": as_it_is, "ExperimentFile.state": one_of("healthy"),
    "ExperimentFile.variant": one_of("kotermanski_johnson", ""),
    "ExperimentFile.set": in_table(as_it_is),
    # What rows of evidence ask.
    "TermEntry.quantity": as_it_is, "TermEntry.times": one_of(0.5, "spines.N_0"),
    "ReadoutEntry.meaning": words, "ReadoutEntry.quantity": as_it_is, "ReadoutEntry.statistic": as_it_is,
    "RegimenEntry.meaning": words,
    "RowEntry.id": as_it_is, "RowEntry.fact": one_of("T1", ""), "RowEntry.statement": words,
    "RowEntry.preparation": as_it_is, "RowEntry.state": one_of("healthy", "depressed"),
    "RowEntry.set": in_table(as_it_is),
    "RowEntry.readout": as_it_is, "RowEntry.time": one_of("180001 ms", "190.25 second"),
    "RowEntry.direction": as_it_is, "RowEntry.against": as_it_is, "RowEntry.before": one_of("10 ms", "-20 minute"),
    "RowEntry.margin": one_of(0, "2 percent"), "RowEntry.low": as_it_is, "RowEntry.high": as_it_is,
    "RowEntry.compare": as_it_is, "RowEntry.source": one_of("autry2011"), "RowEntry.note": words,
    "RowEntry.role": one_of("CAL", "control", "TEST"),
    "EvidenceFile.title": words, "EvidenceFile.notes": words,
    # Who takes part in a study, and what is looked at.
    "ParticipantsFile.title": words, "ParticipantsFile.notes": words, "ParticipantsFile.model": as_it_is,
    "SubgroupEntry.meaning": words, "HealthEntry.meaning": words, "HealthEntry.state": one_of("healthy"),
    "HealthEntry.systems": as_it_is,
    "Group.name": as_it_is, "Group.meaning": words, "Group.health": as_it_is,
    "Group.n": one_of(7, 9), "Visit.name": as_it_is, "Visit.group": as_it_is, "Visit.at": respelled,
    "Visit.absent": one_of([1, 2], [2, 2]),
    "SystemEntry.name": as_it_is, "SystemEntry.between": lambda value: st.permutations(value),
    "SystemEntry.other": as_it_is, "SystemEntry.is_control": one_of(True, False),
    "RestingEntry.tr": one_of("1 second", "0.5 second"), "RestingEntry.duration": one_of("300 second"),
    "RestingEntry.runs": one_of(1, 2), "RestingEntry.low": respelled, "RestingEntry.high": respelled,
    "RestingEntry.noise": number(0, 1), "RestingEntry.before": as_it_is, "RestingEntry.after": as_it_is,
    "RestingEntry.controls": as_it_is, "RestingEntry.analysed": one_of(5), "RestingEntry.response_at": as_it_is,
    "RestingEntry.response": number(0.2, 0.8),
    "TaskStudyEntry.task": as_it_is, "TaskStudyEntry.tr": one_of("1 second"),
    "TaskStudyEntry.regions": lambda value: st.permutations(value), "TaskStudyEntry.visits": as_it_is,
    "TaskStudyEntry.controls": as_it_is, "TaskStudyEntry.remission_at": as_it_is,
    "TaskStudyEntry.remission": number(0, 20),
    "MegStudyEntry.before": as_it_is, "MegStudyEntry.after": as_it_is, "MegStudyEntry.seconds": one_of("5 second"),
    "MegStudyEntry.trials": one_of(5),
    "GlutamateEntry.baseline": as_it_is, "GlutamateEntry.after": as_it_is, "GlutamateEntry.controls": as_it_is,
    "GlutamateEntry.scan": respelled, "GlutamateEntry.every": one_of("10 minute"),
    "Reported.statistic": as_it_is, "Reported.sign": one_of("+", "-", "0"),
    **{f"Reported.{key}": number(0, 50) for key in ("estimate", "value", "degrees", "p")},
    "Reported.source": as_it_is, "Reported.note": words, "Reported.role": one_of("CAL", "TEST"),
    "StudyFile.title": words, "StudyFile.question": words, "StudyFile.source": as_it_is, "StudyFile.notes": words,
    "StudyFile.participants": as_it_is, "StudyFile.brain": as_it_is, "StudyFile.coupling": number(0, 1),
    "StudyFile.begin": respelled, "StudyFile.seed": one_of(0, 5),
    # Brains and tasks.
    "BrainEntry.connectome": as_it_is, "BrainEntry.weights": as_it_is, "BrainEntry.column": as_it_is,
    "BrainEntry.from": as_it_is, "BrainFile.title": words, "BrainFile.notes": words,
    "Pathway.from": as_it_is, "Pathway.to": as_it_is, "Pathway.on": one_of("go", "nogo", "any"),
    "TaskEntry.stimulus_region": as_it_is, "TaskEntry.response_region": as_it_is,
    "TaskFile.title": words, "TaskFile.notes": words,
}  # fmt: skip

WRONG: tuple[Any, ...] = (
    3, 0, -1, 1.5, 2**62, float("inf"), float("nan"), True, "", " ", "x", "no name", "5HT", "a..b", "eef2k", "1 kg",
    "-5 minute", "0 second", "1e300 second", "soon", "-", "y" * 70, "naïve", "\x1b[31m", [], ["x"], [1], [[]], {},
    {"a": 1}, "pyramidal", "ketamine", "block_evoked.b", "1000 year", "0.0003 second", "100 %", "-400 day",
)  # fmt: skip
