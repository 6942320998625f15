"""Every key of every definition format: what may stand there runs, and what may not is refused before anything does."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schema import FORMATS, keys_of, kinds_of, leaf_places, leaves_of, tables_in
from schema_examples import COLUMN, EXAMPLES, VALID, WRONG, Tables, experiments

from msim.backends.context import Context
from msim.base.errors import LONGEST_MESSAGE
from msim.brain.task import trials_of
from msim.definitions.brains.task import read_task
from msim.definitions.evidence.rows import own_rows
from msim.definitions.experiments.axes import read_design, sweep_entry
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import read_experiment
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.files.write import toml_text
from msim.definitions.models.checks import check_files
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_model
from msim.definitions.studies.participants import read_participants
from msim.definitions.studies.read_study import read_study
from msim.definitions.studies.schema import Group
from msim.evidence.evidence import as_records, judged, row_bounds
from msim.evidence.plan import plan_rows
from msim.evidence.trials import jobs_of, trial_values
from msim.storage.provenance import provenance
from msim.storage.run_store import finish_run, open_run, start_run, write_trial
from msim.studies.checks import check_late
from msim.studies.participants import recruited
from msim.trials.trial import simulate_trial
from msim.verdicts.verdict import as_json, judge

LEFT_OUT, RENAMED = object(), object()
CELLS = {"column.n_cells": 100}
FIXED = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck),
                 phases=[Phase.explicit, Phase.generate])  # fmt: skip
# What a format shares with others and takes nowhere: a bath around a person, a value of another file.
NOWHERE = {
    "study": {"DoseEntry.uM"}, "participants": {"ValueEntry.same_as"}, "brain": {"ValueEntry.same_as"},
    "task": {"ValueEntry.same_as"},
}  # fmt: skip
DOCUMENTS = [(kind, index) for kind, several in EXAMPLES.items() for index in range(len(several))]


def accepted(tables: Tables, folder: Path) -> tuple[Path, str]:
    """The file of these tables, and why msim check refuses it; only an InputError is a refusal."""
    path = folder / "own.toml"
    path.write_text(toml_text(tables), encoding="utf-8")
    _, problems = check_files([str(path)], check_late)
    return path, "; ".join(problems)


def begin_study(path: Path) -> None:
    """Recruit everybody."""
    study = read_study(path)
    for group in study.groups:
        recruited(study.population, group, study.seed)


def begin_participants(path: Path) -> None:
    """Recruit some of each health."""
    population = read_participants(path)
    for health in population.health:
        recruited(population, Group(name="some", health=health, n=3), 1)


def begin_evidence(path: Path) -> None:
    """Plan all rows; a model may lack names, and nothing else may be wrong."""
    rows = own_rows(path)
    for plan in plan_rows(rows, read_model(COLUMN), {}, "", rows)[0]:
        lacks = ("the model has no", "the model declares no", "unknown drug", "knows no", "tells no", "has no place")
        assert not plan.cannot or any(one in plan.cannot for one in lacks), plan.cannot


def begin_experiment(path: Path) -> None:
    """Read its arms as a run does, and its design as a sweep does."""
    experiment = read_experiment(path).narrowed(seeds=[1])
    if sweep_entry(experiment) is not None:
        assert list(read_design(experiment).points())


BEGIN: dict[str, Callable[[Path], object]] = {
    "model": read_model, "experiment": begin_experiment, "evidence": begin_evidence, "study": begin_study,
    "participants": begin_participants, "brain": lambda path: None,
    "task": lambda path: trials_of(read_task(path), 1),
}  # fmt: skip


@pytest.mark.parametrize("kind", FORMATS)
def test_every_key_of_a_format_stands_in_an_example(kind: str) -> None:
    """A new key fails here: put it into an example of schema_examples.py."""
    found = {name for one in EXAMPLES[kind] for name in tables_in(one, FORMATS[kind])}
    wanted = {f"{each.__name__}.{key}" for each in kinds_of(FORMATS[kind]) for key in keys_of(each)}
    assert wanted - found == NOWHERE.get(kind, set())


def test_every_key_that_holds_no_table_has_a_strategy() -> None:
    """A new key fails here too: say in VALID what may stand there. So does a strategy of a key that is gone."""
    assert {name for one in FORMATS.values() for name in leaves_of(one)} == set(VALID)


@pytest.mark.parametrize(("kind", "index"), DOCUMENTS)
def test_what_a_format_allows_passes_the_check(kind: str, index: int, tmp_path: Path) -> None:
    """All keys of a file at once hold other values that are as good."""

    @settings(FIXED, max_examples=3)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        assert accepted(drawn(kind, index, data), tmp_path)[1] == ""

    law()


@pytest.mark.parametrize(("kind", "index"), DOCUMENTS)
def test_what_a_format_does_not_allow_is_refused_or_harmless(kind: str, index: int, tmp_path: Path) -> None:
    """Each key in turn holds something else, is left out or has another name; whatever passes the check can begin."""

    @settings(FIXED, max_examples=1)
    @given(st.integers(0, 10**6))
    def law(turn: int) -> None:
        wrong = [*WRONG, LEFT_OUT, RENAMED]
        for number, name in enumerate(leaf_places(EXAMPLES[kind][index], FORMATS[kind]), start=turn):
            tables = copy.deepcopy(EXAMPLES[kind][index])
            places = leaf_places(tables, FORMATS[kind])[name]
            _, table, key = places[number % len(places)]
            put(table, key, wrong[number % len(wrong)])
            path, problem = accepted(tables, tmp_path)
            assert problem.isprintable() and len(problem) <= LONGEST_MESSAGE
            if not problem:
                BEGIN[kind](path)

    law()


def put(table: dict[str, Any], key: str, wrong: Any) -> None:
    """Something else in place of what a key holds."""
    old = table.pop(key)
    if wrong is RENAMED:
        table["no_key"] = old
    elif wrong is not LEFT_OUT:
        table[key] = wrong


def drawn(kind: str, index: int, data: st.DataObject) -> Tables:
    """An example in which every key is drawn anew in one of the tables that have it."""
    tables = copy.deepcopy(EXAMPLES[kind][index])
    for name, places in leaf_places(tables, FORMATS[kind]).items():
        _, table, key = data.draw(st.sampled_from(places), label="place")
        table[key] = data.draw(VALID[name](table[key]), label=name)
    return tables


@pytest.mark.parametrize("index", range(len(EXAMPLES["experiment"])))
def test_what_an_experiment_allows_runs_and_is_stored(index: int, tmp_path: Path) -> None:
    """To the verdict."""

    @settings(FIXED, max_examples=1)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        path, problem = accepted(drawn("experiment", index, data), tmp_path)
        assert problem == ""
        experiment = read_experiment(path)
        json.dumps(run_and_judge(experiment, tmp_path / f"run{len(list(tmp_path.iterdir()))}"), allow_nan=False)

    law()


def run_and_judge(experiment: ExperimentDefinition, folder: Path) -> dict[str, Any]:
    """Every trial of an experiment in this process."""
    context = Context(schedule=experiment.schedule)
    store = start_run(folder, provenance(experiment, context.about, ["test"]))
    for arm in experiment.arms:
        for seed in experiment.seeds:
            write_trial(store, arm.name, seed, simulate_trial(experiment, arm, seed, context))
    run = open_run(finish_run(store))
    return as_json(experiment.name, judge(run))


def test_a_model_in_all_of_its_words_runs(tmp_path: Path) -> None:
    @settings(FIXED, max_examples=1)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        assert accepted(drawn("model", 0, data), tmp_path)[1] == ""
        (tmp_path / "own.toml").rename(tmp_path / "column.toml")
        tables = {**experiments()[2], "model": "column", "hypotheses": ["own"]}
        tables["arms"][0]["treatment"] = ["own", {"name": "own_parts", "from": "1 minute"}]
        path, problem = accepted(tables, tmp_path)
        assert problem == ""
        run_and_judge(read_experiment(path), tmp_path / "run")

    law()


def test_what_rows_of_evidence_allow_runs(tmp_path: Path, model: ModelDefinition) -> None:
    @settings(FIXED, max_examples=1)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        path, problem = accepted(drawn("evidence", 0, data), tmp_path)
        assert problem == ""
        rows, whole = own_rows(path), read_model(COLUMN)
        plans, trials = plan_rows(rows, whole, CELLS, "", rows)
        assert [one.cannot for one in plans if one.cannot] == []
        context = Context(schedule=quick_schedule(path))
        values = {
            condition: [trial_values(jobs_of(trial, whole, CELLS, [1], context)[1])]
            for condition, trial in trials.items()
        }  # fmt: skip
        bounds = row_bounds(rows, rows, whole)
        found = [judged(one, bounds[one.row.id], values, {}, 1) for one in plans]
        assert [one.reason for one in found if one.reason] == []
        json.dumps(as_records(found), allow_nan=False)

    law()


def quick_schedule(path: Path) -> Schedule:
    """Short bursts, yet such as tell what a silent slice is relative to."""
    tables = experiments()[0]
    tables["schedule"] |= {"baseline": "2 second", "burst": "0.5 second", "longest_burst": "1 second"}
    (path.parent / "quick.toml").write_text(toml_text(tables), encoding="utf-8")
    return read_experiment(path.parent / "quick.toml").schedule
