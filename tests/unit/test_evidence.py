"""Evidence: which trials rows need, what an interval says, and rows end to end on a small column."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from here import trials_here

from msim.cli.evidence_table import _effect
from msim.definitions.evidence.rows import Condition, EvidenceRow, Readout, read_evidence, shipped_evidence
from msim.definitions.files.schema import ActEntry, DoseEntry
from msim.definitions.models.model import ModelDefinition
from msim.evidence.evidence import EvidenceResult, as_records, effects_of, evidence, judged, simulated_outcome
from msim.evidence.plan import Measure, Reading, RowPlan, TrialPlan, compared, first_moment, plan_rows
from msim.evidence.trials import keys_of_measures, read_value

KETAMINE = DoseEntry.model_validate(
    {"drug": "ketamine", "mg_per_kg": 0.5, "route": "intravenous", "at": "0 minute", "duration": "40 minute"}
)
KINASE = ("knockout", ActEntry(name="eEF2K"))


def row(**changes: Any) -> EvidenceRow:
    """Ketamine without eEF2 kinase, at 2 h."""
    plain = EvidenceRow(
        "own", "own", "a test", Condition((KETAMINE,), (KINASE,)),
        Readout("W", "", (("ampar_scaling.AMPAR_scale", 1.0),)),
        7200.0, "0", "no_drug", None, 0.05, None, None, "difference", "autry2011", "", "CAL", "test",
    )  # fmt: skip
    return replace(plain, **changes)


@pytest.mark.parametrize(("direction", "ci", "wanted"), [
    ("+", (0.06, 0.2), "+"), ("+", (0.04, 0.2), "?"), ("+", (-0.04, 0.04), "0"), ("+", (-0.2, -0.06), "-"),
    ("0", (-0.05, 0.05), "0"), ("0", (-0.051, 0.0), "?"), ("~", (-0.3, -0.1), "~"), ("~", (-0.01, 0.01), "0"),
    ("+", (-np.inf, np.inf), "?"), ("0", (np.nan, np.nan), "?"),
])  # fmt: skip
def test_all_of_the_interval_decides(direction: str, ci: tuple[float, float], wanted: str) -> None:
    """Beyond the margin of 0.05, within it, or nothing is said."""
    assert simulated_outcome(direction, ci, (-0.05, 0.05)) == wanted


@pytest.mark.parametrize(("ci", "wanted"), [((2, 3), "within"), ((0, 0.5), "below"), ((5, 6), "above"), ((0, 2), "?")])
def test_a_range_holds_all_of_the_interval(ci: tuple[float, float], wanted: str) -> None:
    assert simulated_outcome("within", ci, (1.0, 4.0)) == wanted


def test_controls_leave_out_what_they_say() -> None:
    """And nothing else."""
    own = row().condition
    others = {
        name: compared(row(against=name), {})[1][0] for name in ("vehicle", "no_drug", "no_manipulation", "before")
    }
    assert others == {
        "vehicle": Condition(), "no_drug": Condition((), (KINASE,)), "no_manipulation": Condition((KETAMINE,), ()),
        "before": own,
    }  # fmt: skip
    assert compared(row(against="nothing"), {}) == [(own, 7200.0)]
    other = row(id="other", time=60.0, condition=Condition())
    assert compared(row(against="other"), {"other": other})[1] == (Condition(), 60.0)


def test_an_attenuated_effect_is_less_than_the_undisturbed_one_whatever_its_sign() -> None:
    """0.1 in place of 0.4, and -0.1 in place of -0.4, are both 0.3 less."""
    attenuated = row(direction="~", against="no_manipulation")
    for sign in (1, -1):
        readings = [np.full(3, sign * one) for one in (0.3, 0.2, 0.5, 0.1)]
        assert effects_of(attenuated, readings) == pytest.approx(np.full(3, -0.3))


def test_a_ratio_is_taken_within_seeds() -> None:
    ratio = row(direction="within", compare="ratio")
    assert effects_of(ratio, [np.array([2.0, 6.0]), np.array([1.0, 3.0])]) == pytest.approx([2.0, 2.0])


@pytest.mark.parametrize(("readings", "said"), [
    ([[0.0, 2.0], [0.0, 1.0]], "the ratio is 0 over 0 in 1 of 2 seeds"),
    ([[3.0, 2.0], [0.0, 0.0]], "the ratio is 3 over 0 in 2 of 2 seeds"),
    ([[np.nan, 2.0], [1.0, 1.0]], "W is not known in 1 of 2 seeds"),
])  # fmt: skip
@pytest.mark.parametrize("statistic", ["mean", "cv"])
def test_what_has_no_value_says_why(statistic: str, readings: list[list[float]], said: str) -> None:
    """A ratio over nothing, a spread around nothing and a peak that is none are no answer, which "?" would hide."""
    said = said.replace("W is not known", "the mean over cells is 0, of which the spread is a share") \
        if statistic == "cv" else said
    ratio = row(direction="within", compare="ratio", low=0.1, high=9.0)
    ratio = replace(ratio, readout=replace(ratio.readout, statistic=statistic))
    conditions = [condition for condition, _ in compared(ratio, {})]
    quantity = ratio.readout.terms[0][0]
    plan = RowPlan(ratio, tuple(
        Reading(((1.0, Measure(condition, quantity, statistic, 7200.0)),)) for condition in conditions
    ))  # fmt: skip
    values = {
        condition: [{(quantity, statistic, 7200.0): value} for value in own]
        for condition, own in zip(conditions, readings, strict=True)
    }  # fmt: skip
    found = judged(plan, (0.1, 9.0), values, {}, 2)
    assert (found.reason, found.simulated, found.agrees) == (said, "?", False)
    (record,) = as_records([found])
    assert record["effect"] is None and record["ci"] == [None, None] and record["reason"] == said


# Half the width of the 95 % interval of +1, -1, +1, ... around a mean is 1.36 of 5 seeds, 1.15 of 6, 0.99 of 7, 0.48 of
# 20. A row around its bound stays open.
@pytest.mark.parametrize(("mean", "margin", "most", "wanted"), [
    (2.0, 2.0, 20, 7),  # narrow as soon as it is half as wide as the 4 between the bounds
    (0.9, 0.9, 20, 20), (0.9, 0.9, 9, 9),  # wide to the last
    (2.1, 1.0, 30, 19),  # answered from 7 on, but wide: that it agrees by now is no reason to stop
    (9.0, 1.0, 20, 5),  # answered, however wide
    (4.0, 4.0, 20, 5),  # open, and narrow: no seed would help
    (2.0, 2.0, 0, 5),
])  # fmt: skip
def test_an_open_row_gets_seeds_until_its_interval_is_narrow(
    mean: float, margin: float, most: int, wanted: int, model: ModelDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after another up to a cap, and only its own trials; a row that its first seeds answer has no more."""
    asked: list[tuple[int, set[Condition]]] = []

    def runs(trials: dict[Condition, TrialPlan], model: Any, changes: Any, seeds: list[int], *rest: Any) -> Any:
        asked.append((len(seeds), set(trials)))
        noise = [1.0 if seed % 2 else -1.0 for seed in seeds]
        noisy = row().condition
        return {
            condition: [
                {one: mean + value if condition == noisy else 0.0 for one in keys_of_measures(plan.measures)}
                for value in noise
            ]
            for condition, plan in trials.items()
        }, {}

    monkeypatch.setattr("msim.evidence.evidence.run_trials", runs)
    open_row, quiet = row(margin=margin), row(id="quiet", condition=Condition((KETAMINE,)), against="no_drug")
    own = partial(evidence, hypothesis="", seeds=(1, 2, 3, 4, 5), context=None, folder=None, executor=None, most=most)
    found = own([open_row, quiet], model, {})
    assert [one.n for one in found] == [wanted, 5]
    assert [number for number, _ in asked] == list(range(5, wanted + 1))
    assert all(conditions == {open_row.condition, Condition((), (KINASE,))} for _, conditions in asked[1:])
    assert len(asked[0][1]) == 4


def test_one_cell_and_a_mean_of_nothing_have_no_spread() -> None:
    """Neither ends in a division by 0 or a missing table."""
    time = {"probe_time": ("probe", [0.0])}
    one = xr.Dataset({"pv.v": ("probe", [1.0])}, time)
    cells = (("probe", "cell"), [[0.0, 0.0]])
    silent = xr.Dataset({"pv.firing_rate": ("probe", [0.0]), "pv.firing_rate_cells": cells}, time)
    slow = xr.Dataset({"a.b": ("time", [0.0]), "a.b_sd": ("time", [0.0])}, {"time": ("time", [0.0])})
    for probes, quantity in ((one, "pv.v"), (silent, "pv.firing_rate"), (silent, "a.b")):
        assert np.isnan(read_value({"probes": probes, "samples": slow}, (quantity, "cv", 0.0), 0.0))


@pytest.mark.parametrize(("margin", "unit", "wanted"), [
    ("5 uM .. 7 uM", "mM", "6.21 uM\n6.1 .. 6.3"), ("0.005 mM .. 7 uM", "mM", "0.00621 mM\n0.0061 .. 0.0063"),
    ("1 percent", "1 (dimensionless)", "0.621 percent\n0.61 .. 0.63"),
    ("0.1", "1 (dimensionless)", "0.00621\n0.0061 .. 0.0063"),
    ("2 * 3 nM", "mM", "0.00621 mM\n0.0061 .. 0.0063"),
])  # fmt: skip
def test_a_row_is_answered_in_the_unit_that_it_asks_in(margin: str, unit: str, wanted: str) -> None:
    result = EvidenceResult(
        "own", "within", "within", 0.00621, True, (0.0061, 0.0063), unit, margin, "", "", "", 0.0, "", 2, "", "CAL", ""
    )  # fmt: skip
    assert _effect(result) == wanted


def test_a_trial_that_rows_share_is_planned_once(model: ModelDefinition) -> None:
    """Two readings of one condition at two times, held against one control."""
    rows = [row(), row(id="later", time=86400.0)]
    plans, trials = plan_rows(rows, model, {}, "")
    assert not any(one.cannot for one in plans) and len(trials) == 2
    for trial in trials.values():
        assert trial.experiment.end == 86400.0
        assert {7200.0, 86400.0} <= set(trial.experiment.recording.samples) and not trial.experiment.recording.probes


def test_conditions_that_differ_in_names_alone_are_one_trial(model: ModelDefinition) -> None:
    """An undosed mouse is an undosed rat, so both are read in the first one's trial; a dose tells them apart."""
    own = [
        row(id=name, condition=Condition(doses, (KINASE,), preparation=name), against="nothing", time=time)
        for doses in ((), (KETAMINE,)) for name, time in (("mouse", 3600.0), ("rat", 7200.0))
    ]  # fmt: skip
    for undosed in (own[:2], own[1::-1]):
        plans, trials = plan_rows(undosed, model, {}, "")
        ((condition, trial),) = trials.items()
        assert condition == undosed[0].condition and trial.experiment.end == 7200.0
        assert {measure for one in plans for reading in one.readings for _, measure in reading.terms} \
            == set(trial.measures) and {one.time for one in trial.measures} == {3600.0, 7200.0}
    assert len(plan_rows(own[2:], model, {}, "")[1]) == 2


def test_what_begins_in_time_is_preceded_by_rest() -> None:
    early = ("treatment", ActEntry(name="translation_blocker", since="-30 minute"))
    assert first_moment(Condition((KETAMINE,), (early,))) == -2400.0
    assert first_moment(Condition((KETAMINE,))) == -600.0


@pytest.mark.parametrize("changes", [
    {"condition": Condition((), (("knockout", ActEntry(name="BDMF")),)), "against": "vehicle"},
    {"condition": Condition(preparation="spaceship"), "against": "vehicle"},
    {"readout": Readout("x", "", (("nucleus.x", 1.0),))},
    {"readout": Readout("x", "", (("pyramidal.firing_rate_p50", 1.0),), "cv")},
])  # fmt: skip
def test_what_the_model_lacks_cannot_be_run_and_keeps_no_other_row_from_it(
    changes: dict[str, Any], model: ModelDefinition
) -> None:
    plans, trials = plan_rows([row(id="wrong", **changes), row()], model, {}, "")
    assert plans[0].cannot and not plans[1].cannot and set(trials) == {row().condition, Condition((), (KINASE,))}


def test_a_shipped_row_counts_or_serves_one_that_does() -> None:
    rows = read_evidence(shipped_evidence())
    assert len({one.id for one in rows}) == len(rows)
    assert {one.role for one in rows} == {"CAL", "control"}
    served = {one.against for one in rows}
    assert all(one.id in served for one in rows if one.role == "control")


def test_the_shipped_model_can_run_every_shipped_row(model: ModelDefinition) -> None:
    """So that no renaming turns a row into one that is left out."""
    plans, _ = plan_rows(read_evidence(shipped_evidence()), model, {}, "")
    assert {one.row.id: one.cannot for one in plans if one.cannot} == {}


@pytest.mark.slow
def test_rows_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As msim evidence --quick runs them in CI; a second call takes the trials that are kept."""
    first = table(tmp_path, capsys)
    assert [one["row"] for one in first] == ["PK2", "T2_rapid", "T3_rapid", "own"]
    for one in first:
        assert set(one) >= {"row", "expected", "simulated", "effect", "agrees", "ci", "source"}
    assert [one["agrees"] for one in first] == [True, True, True, False]
    assert first[3]["reason"] and first[3]["effect"] is None
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").iterdir()}
    assert table(tmp_path, capsys) == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").iterdir()} == kept


def table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Three shipped rows and one that no model can run."""
    from msim.cli.evidence import evidence as command

    own = tmp_path / "own.toml"
    own.write_text(
        '[[row]]\nid = "own"\nstatement = "a test"\nknockout = ["soul"]\nreadout = "behavior"\ntime = "2 hour"\n'
        'direction = "+"\nmargin = 0.05\nsource = "autry2011"\n'
    )
    run: Callable[..., None] = command
    with trials_here():
        run(
            model="circuits/cortical_column", rows=[str(own)], only="PK2,T2_rapid,T3_rapid,own", quick=True,
            seeds="1,2", most_seeds=None, hypothesis="", variant="", changes=["column.n_cells=100"], target="cpp",
            out=str(tmp_path / "kept"), workers=2, executor="local", slurm=[], profile="", scheduler="", as_json=True,
        )  # fmt: skip
    rows = json.loads(capsys.readouterr().out)
    assert isinstance(rows, list)
    return rows
