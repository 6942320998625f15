"""What once was found out only by a run, after everything had been simulated, or never: msim check refuses it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from schema_examples import ASSUMED, EXAMPLES

from msim.definitions.files.write import toml_text
from msim.definitions.models.checks import check_files
from msim.studies.checks import check_late

SHOW = ("sweep", "show", 0)
REPORTED = ("reported", 0, "statistic")
RESTING, GLUTAMATE, TASK = "resting_connectivity", "glutamate", "go_nogo"
LATE: dict[str, tuple[str, int, tuple[Any, ...], Any, str]] = {
    "figures of what is not recorded": ("experiment", 0, (*SHOW, "quantity"), "eef2k.p_eEF2", "wants a recorded"),
    "figures at no time": ("experiment", 0, (*SHOW, "at"), "soon", "sweep.show.0.at: unknown unit"),
    "figures between samples": ("experiment", 0, (*SHOW, "at"), "90 second", "'block_evoked.b' is not recorded at"),
    "a short probe": ("experiment", 0, ("schedule", "probe"), "0.4 second", "schedule.probe: wants at least 0.5 s"),
    "a statistic of nothing": ("study", 0, REPORTED, "DMN: patients", "reported.0.statistic: the study computes no"),
    "the same one twice": ("study", 0, REPORTED, "limbic: patients - controls, before", "wants each"),
    "a system that is not there": ("study", 0, (RESTING, "systems", 0, "between"), ["DNM"], "no system or region"),
    "a region that is not there": ("study", 1, (TASK, "regions", 1), "IPS", "regions.1: the brain has no"),
    "a time that is not above 0": ("study", 3, (GLUTAMATE, "every"), "0 second", "every: wants more than 0 s"),
    "readings rarer than scans": ("study", 3, (GLUTAMATE, "every"), "9 hour", "every: wants at most scan"),
    "a second of MEG": ("study", 2, ("meg_dcm", "seconds"), "0.1 second", "meg_dcm.seconds: wants at least 2 s"),
    "a drug of no model": ("study", 0, ("groups", 0, "doses", 1, "drug"), "aspirin", "groups.0.doses.1.drug: unknown"),
    "a dose after everybody left": (
        "study", 0, ("groups", 0, "doses", 1, "at"), "90 day", "groups.0.doses.1: wants to start before the end"),
    "a margin in another unit": ("evidence", 0, ("row", 3, "high"), "50 Hz", "high: wants a value in mM"),
    "weights of no brain": ("brain", 0, ("brain", "weights"), "none.csv", "none.csv: cannot be read"),
    "a weight that follows": ("participants", 0, ("weight",), {"same_as": "eef2k.tau_K"}, "weight.same_as: wants"),
    "a task that follows": ("task", 0, ("task", "memory"), {"same_as": "task.shown"}, "task.memory.same_as: wants"),
    "a speed that follows": ("brain", 0, ("brain", "velocity"), {"same_as": "gradient"}, "velocity.same_as: wants"),
}  # fmt: skip


@pytest.mark.parametrize("name", LATE)
def test_it_is_refused_with_its_key(name: str, tmp_path: Path) -> None:
    kind, index, key, value, said = LATE[name]
    tables = copy.deepcopy(EXAMPLES[kind][index])
    table: Any = tables
    for part in key[:-1]:
        table = table[part]
    table[key[-1]] = value
    (problem,) = problems_of(tables, tmp_path)
    assert problem.startswith(str(tmp_path)) or "none.csv" in problem
    assert said in problem


VALUE = {"value": 0.5, **ASSUMED}
PART = {"kind": "treatment", "meaning": "a test", "set": {"eef2k.activity": VALUE}}
PARTS: dict[str, tuple[dict[str, Any], str]] = {
    "manipulations": (PART, "manipulations.own.set.eef2k.activity"),
    "hypotheses": ({"meaning": "a test", "set": {"eef2k.activity": VALUE}}, "hypotheses.own.set.eef2k.activity"),
    "preparations": ({"meaning": "a test", "body_weight": VALUE}, "preparations.own.body_weight"),
    "states": ({"meaning": "a test", "set": {"eef2k.activity": VALUE}}, "states.own.set.eef2k.activity"),
    "links": ({"from": "a.b", "to": "c.d", "share": VALUE}, "links.own.share"),
}  # fmt: skip


@pytest.mark.parametrize("table", PARTS)
def test_every_value_of_a_part_has_a_source(table: str, tmp_path: Path) -> None:
    """Also in a file that no model that is checked includes, which says that its links are not checked."""
    inside, key = PARTS[table]
    whole, without = {table: {"own": inside}}, copy.deepcopy({table: {"own": inside}})
    assert problems_of(whole, tmp_path) == []
    (row,), _ = check_files([str(tmp_path / "own.toml")])
    assert row[2] == "1 values, links unchecked"
    value: Any = without
    for part in (table, "own", *key.split(".", 2)[2].split(".", 1)):
        value = value[part]
    value["source"] = "nobody1999"
    (problem,) = problems_of(without, tmp_path)
    assert f"{key}: source wants a key of sources.bib" in problem


@pytest.mark.parametrize(("table", "key", "text"), [
    ("mechanisms", "on", "all cells"), ("manipulations", "cells", "pyramidal cells"), ("manipulations", "place", "a b"),
    ("links", "to", "eef2k u"), ("links", "from", "eef2k..u"), ("drives", "colour", "pink!"),
])  # fmt: skip
def test_a_text_that_is_no_name_is_refused_in_a_part(table: str, key: str, text: str, tmp_path: Path) -> None:
    """Although nothing is there to look it up in."""
    rate, peak = {**VALUE, "value": "1 Hz"}, {"a": {**VALUE, "value": "1 nS"}}
    drive = {"to": "pv", "contacts": VALUE, "rate": rate, "peak": peak}
    inside = {"mechanisms": {"form": "ampa"}, "manipulations": PART, "links": PARTS["links"][0], "drives": drive}[table]
    (problem,) = problems_of({table: {"own": {**inside, key: text}}}, tmp_path)
    assert f"{table}.own.{key}" in problem and ": wants " in problem and repr(text) in problem


def problems_of(tables: dict[str, Any], folder: Path) -> list[str]:
    """What msim check says against a file of these tables."""
    (folder / "own.toml").write_text(toml_text(tables), encoding="utf-8")
    return check_files([str(folder / "own.toml")], check_late)[1]
