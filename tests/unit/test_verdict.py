"""Verdicts: what yes, no and undecided take, the interval behind them, and the file they are written to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import experiment_from_texts, read_experiment
from msim.definitions.experiments.predictions import Prediction
from msim.definitions.experiments.schedule import Schedule
from msim.storage.run_store import Run
from msim.verdicts.verdict import (  # fmt: skip
    VERDICT_FILE,
    Verdict,
    as_json,
    decide,
    judge_prediction,
    numerical_noise,
    paired_interval,
    standardized_effect,
    values_of,
    write_verdicts,
)
from msim.verdicts.verdict_text import agreement_text, ci_text, effect_text, wanted_text

SCALE = "ampar_scaling.AMPAR_scale"
NAN, INF = float("nan"), float("inf")


# What is decided


@pytest.mark.parametrize(
    ("relation", "ci", "margin", "expected"),
    [
        (">", (0.1, 0.3), 0.0, "yes"),
        (">", (0.1, 0.3), 0.05, "yes"),
        (">", (0.1, 0.3), 0.1, "undecided"),
        (">", (-0.1, 0.3), 0.0, "undecided"),
        (">", (0.1, 0.3), 0.4, "no"),
        (">", (-0.3, -0.1), 0.0, "no"),
        ("<", (-0.3, -0.1), 0.0, "yes"),
        ("<", (-0.3, -0.1), 0.05, "yes"),
        ("<", (-0.3, -0.1), 0.1, "undecided"),
        ("<", (-0.3, 0.1), 0.0, "undecided"),
        ("<", (-0.3, -0.1), 0.4, "no"),
        ("<", (0.1, 0.3), 0.0, "no"),
        ("=", (-0.02, 0.03), 0.05, "yes"),
        ("=", (0.01, 0.03), 0.05, "yes"),
        ("=", (-0.02, 0.06), 0.05, "undecided"),
        ("=", (-0.06, 0.02), 0.05, "undecided"),
        ("=", (-0.2, 0.2), 0.05, "undecided"),
        ("=", (0.06, 0.09), 0.05, "no"),
        ("=", (-0.09, -0.06), 0.05, "no"),
        ("=", (-0.05, 0.05), 0.05, "undecided"),
    ],
)
def test_a_verdict_takes_the_whole_interval(
    relation: str, ci: tuple[float, float], margin: float, expected: str
) -> None:
    """Yes where all of it agrees, no where all of it disagrees; an end on the margin decides nothing."""
    assert decide(relation, ci, margin) == expected


@pytest.mark.parametrize("relation", [">", "<", "="])
@pytest.mark.parametrize("ci", [(NAN, NAN), (NAN, 1.0), (1.0, NAN), (-INF, INF), (-INF, NAN)])
@pytest.mark.parametrize("margin", [0.0, 0.05])
def test_what_is_not_a_number_decides_nothing(relation: str, ci: tuple[float, float], margin: float) -> None:
    """A readout without an answer must not settle a claim, whatever its other end."""
    assert decide(relation, ci, margin) == "undecided"


BOUNDS = st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(sorted)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(ci=BOUNDS, margin=st.floats(0.0, 1.0))
def test_less_is_more_the_other_way_round(ci: list[float], margin: float) -> None:
    """'left < right' is judged as 'right > left' is."""
    assert decide("<", ci, margin) == decide(">", (-ci[1], -ci[0]), margin)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(ci=BOUNDS, margin=st.floats(1e-3, 1.0))
def test_a_claim_and_its_contrary_are_never_both_borne_out(ci: list[float], margin: float) -> None:
    """Of more, less and equal at one margin at most one is yes, and one that is yes rules the others out."""
    verdicts = [decide(relation, ci, margin) for relation in ("<", "=", ">")]
    assert verdicts.count("yes") <= 1
    if "yes" in verdicts:
        assert verdicts.count("no") == 2


@settings(max_examples=200, deadline=None, derandomize=True)
@given(ci=BOUNDS, margin=st.floats(0.0, 1.0), narrower=st.floats(0.0, 1.0))
def test_more_seeds_only_settle(ci: list[float], margin: float, narrower: float) -> None:
    """An interval inside another never turns yes into no or into undecided."""
    middle = sum(ci) / 2
    inside = [middle + narrower * (end - middle) for end in ci]
    for relation in (">", "<", "="):
        wide = decide(relation, ci, margin)
        assert wide == "undecided" or decide(relation, inside, margin) == wide


# The interval


@pytest.mark.parametrize("n", [2, 3, 8])
def test_the_interval_is_that_of_a_paired_t_test(n: int) -> None:
    """Against scipy's, to rounding."""
    random = np.random.default_rng(n)
    left, right = random.normal(1, 2, n), random.normal(0, 1, n)
    expected = stats.ttest_rel(left, right).confidence_interval(0.95)
    effect, ci = paired_interval(left - right)
    assert effect == pytest.approx((left - right).mean(), rel=1e-12)
    assert ci == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_two_seeds_have_an_interval_in_closed_form() -> None:
    """Student's t with one degree of freedom is a Cauchy: its 97.5 % quantile is tan(0.475 pi)."""
    effect, ci = paired_interval(np.array([0.1, 0.3]))
    reach = np.tan(0.475 * np.pi) * 0.1
    assert ci == pytest.approx((0.2 - reach, 0.2 + reach), rel=1e-12)


def test_one_seed_has_no_bounds() -> None:
    """So nothing is decided, however large the effect."""
    effect, ci = paired_interval(np.array([5.0]))
    assert effect == 5.0 and ci == (-INF, INF)
    assert {decide(relation, ci, 0.05) for relation in (">", "<", "=")} == {"undecided"}
    assert standardized_effect(np.array([5.0])) is None


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_the_interval_covers_the_truth_as_often_as_it_says(n: int) -> None:
    """4,000 sets of normal seeds: the share covered has an error of 0.34 %; 5 errors fail once in 2e6."""
    samples = np.random.default_rng(n).normal(0.3, 1.0, (4000, n))
    covered = np.mean([low < 0.3 < high for _, (low, high) in map(paired_interval, samples)])
    assert covered == pytest.approx(0.95, abs=5 * np.sqrt(0.05 * 0.95 / 4000))


@pytest.mark.parametrize(("relation", "truth"), [(">", 0.2), ("<", -0.2), ("=", 0.2), ("=", -0.2)])
def test_a_claim_that_just_fails_is_rarely_borne_out(relation: str, truth: float) -> None:
    """At the margin itself yes comes in 2.5 % or less, one tail: 4,000 sets, 5 errors above that fail once in 2e6."""
    samples = np.random.default_rng(3).normal(truth, 0.05, (4000, 5))
    borne_out = np.mean([decide(relation, paired_interval(one)[1], 0.2) == "yes" for one in samples])
    assert borne_out < 0.025 + 5 * np.sqrt(0.025 * 0.975 / 4000)


def test_the_effect_size_does_not_depend_on_the_unit() -> None:
    """Cohen's d of pairs: mean over spread, None where nothing varies or nothing was measured."""
    differences = np.array([0.1, 0.2, 0.4])
    found = standardized_effect(differences)
    assert found == pytest.approx(differences.mean() / differences.std(ddof=1), rel=1e-12)
    assert standardized_effect(1e3 * differences) == pytest.approx(found, rel=1e-12)
    assert standardized_effect(np.zeros(3)) is None and standardized_effect(np.array([NAN, 1.0])) is None


@pytest.mark.parametrize("size", [1e-3, 1.0, 70.0])
def test_a_spread_that_bursts_may_cause_by_themselves_gives_no_effect_size(size: float) -> None:
    """The same differences have d under a schedule whose bursts scatter values less, and none under a coarser one."""
    differences = size * np.array([0.40, 0.41, 0.42])  # a standard deviation of 1 % of the value
    finer, coarser = Schedule(tolerance=0.03, noise=0.3), Schedule(tolerance=0.05, noise=0.25)
    assert standardized_effect(differences, size, numerical_noise(finer)) == standardized_effect(differences)
    assert standardized_effect(differences, size, numerical_noise(coarser)) is None


# What outcomes were to the model


@pytest.mark.parametrize(("outcomes", "told"), [
    ([("fitted to", True)] * 9, "9 of 9 agree; all 9 are calibration rows, to which the model was fitted"),
    ([("fitted to", True)], "1 of 1 agree; it is a calibration row, to which the model was fitted"),
    ([("held out", True), ("held out", False)], "1 of 2 agree; all 2 are outcomes that were held out"),
    ([("never compared", True)] * 3, "3 of 3 agree; all 3 were never compared with a published outcome"),
    ([("fitted to", True), ("fitted to", True), ("held out", False), ("never compared", True)],
     "3 of 4 agree: 2 of 2 calibration rows, to which the model was fitted; 0 of 1 held out; 1 of 1 never compared"),
])  # fmt: skip
def test_agreement_with_what_was_fitted_to_is_told_apart(outcomes: list[tuple[str, bool]], told: str) -> None:
    """No count of agreements stands without what the outcomes were to the model."""
    assert agreement_text(outcomes).startswith(told)


@pytest.mark.parametrize(("role", "was"), [("CAL", "fitted to"), ("TEST", "held out"), ("control", "never compared")])
def test_an_outcome_is_what_its_row_was_when_the_run_was_made(
    experiment: ExperimentDefinition, role: str, was: str
) -> None:
    """The role that provenance holds counts, also of a row that is gone since; a word that is no role does not."""
    text = experiment.text.replace('row      = "T1_rapid"', 'row      = "T99"')

    def rebuilt(text: str, roles: dict[str, str]) -> ExperimentDefinition:
        model = experiment.model
        return experiment_from_texts("x", "x.toml", text, model.name, model.files, {}, "", roles)

    found = rebuilt(text, {"T99": role})
    assert found.predictions[0].outcome_was == was and found.roles["T99"] == role
    first = found.predictions[0]
    verdict = judge_prediction(run_of(VALUES), found, replace(
        predicted(found, ("ketamine", 200.0), ">", ("vehicle", 200.0), 0.05), row=first.row
    ))
    assert (verdict.row, verdict.outcome_was) == ("T99", was)
    assert rebuilt(experiment.text, {"T1_rapid": "?"}).predictions[0].outcome_was == "fitted to"
    without = text.replace('row      = "T99"\n', "")
    assert rebuilt(without, {}).predictions[0].outcome_was == "never compared"


# From a run


@pytest.fixture(scope="module")
def experiment() -> ExperimentDefinition:
    """The shipped experiment."""
    return read_experiment("ketamine_rapid_and_sustained")


def run_of(values: dict[str, list[list[float]]], folder: Path = Path("run")) -> Run:
    """A run in memory: by arm, values at 0 s, 100 s and 200 s, one row a seed; at the probe (100 s) 10 more."""
    seeds = range(len(next(iter(values.values()))))
    samples = xr.Dataset(
        {SCALE: (("arm", "seed", "time"), np.array(list(values.values())))},
        {"arm": list(values), "seed": list(seeds), "time": [0.0, 100.0, 200.0]},
    )
    probes = xr.Dataset(
        {SCALE: (("arm", "seed", "probe"), np.array(list(values.values()))[..., 1:2] + 10)},
        {"arm": list(values), "seed": list(seeds), "probe_time": ("probe", [100.0])},
    )
    about = {"experiment": {"name": "test"}, "arms": list(values), "seeds": list(seeds)}
    return Run(folder, about, samples, probes, xr.Dataset(), xr.Dataset())


def predicted(experiment: ExperimentDefinition, left: tuple[str, float], relation: str, right: tuple[str, float],
              margin: float) -> Prediction:  # fmt: skip
    """The first shipped prediction with another claim."""
    first = experiment.predictions[0]
    sides = [replace(first.claim.left, arm=arm, time=time) for arm, time in (left, right)]
    claim = replace(first.claim, text="test", left=sides[0], relation=relation, right=sides[1])
    return replace(first, quantity=SCALE, claim=claim, margin=margin)


VALUES = {"vehicle": [[1.0, 1.0, 1.1], [1.0, 2.0, 1.3]], "ketamine": [[1.0, 1.0, 1.6], [1.0, 1.0, 1.9]]}


def late(run: Run) -> Run:
    """The same run a week later, with its probe a second after the sample."""
    week = 7 * 86400.0
    samples = run.samples.assign_coords(time=run.samples["time"] + week)
    return replace(run, samples=samples, probes=run.probes.assign_coords(probe_time=("probe", [week + 101.0])))


def test_a_value_is_that_of_its_arm_and_time(experiment: ExperimentDefinition) -> None:
    """A probe at the time itself comes before the sample; a probe a second later does not."""
    run, side = run_of(VALUES), experiment.predictions[0].claim.left
    assert values_of(late(run), SCALE, replace(side, arm="vehicle", time=7 * 86400.0 + 100.0)).tolist() == [1.0, 2.0]
    assert values_of(run, SCALE, replace(side, arm="ketamine", time=200.0)).tolist() == [1.6, 1.9]
    assert values_of(run, SCALE, replace(side, arm="vehicle", time=200.0)).tolist() == [1.1, 1.3]
    assert values_of(run, SCALE, replace(side, arm="vehicle", time=100.0)).tolist() == [11.0, 12.0]


def test_a_prediction_pairs_trials_of_one_seed(experiment: ExperimentDefinition) -> None:
    """Differences 0.5 and 0.6: left less right, seed by seed."""
    verdict = judge_prediction(
        run_of(VALUES), experiment, predicted(experiment, ("ketamine", 200.0), ">", ("vehicle", 200.0), 0.05)
    )
    assert verdict.effect == pytest.approx(0.55) and verdict.n == 2
    assert verdict.standardized == pytest.approx(0.55 / np.std([0.5, 0.6], ddof=1))
    within = judge_prediction(
        run_of(VALUES), experiment, predicted(experiment, ("vehicle", 200.0), ">", ("vehicle", 0.0), 0.0)
    )
    assert within.effect == pytest.approx(0.2)


@pytest.mark.parametrize("relation", [">", "<", "="])
def test_a_missing_value_leaves_a_prediction_undecided(
    experiment: ExperimentDefinition, relation: str, tmp_path: Path
) -> None:
    """One seed without an answer, as BOLD has where its model ends: no verdict, and a file that is still JSON."""
    broken = {"vehicle": VALUES["vehicle"], "ketamine": [[1.0, 1.0, NAN], [1.0, 1.0, 9.0]]}
    run = run_of(broken, tmp_path)
    verdict = judge_prediction(
        run, experiment, predicted(experiment, ("ketamine", 200.0), relation, ("vehicle", 200.0), 0.05)
    )
    assert verdict.verdict == "undecided" and np.isnan(verdict.effect)
    row = json.loads(write_verdicts(run, [verdict]).read_text())["predictions"][0]
    assert row["effect"] is None and row["ci"] == [None, None] and row["standardized"] is None


def test_the_file_is_plain_json_for_any_reader(experiment: ExperimentDefinition, tmp_path: Path) -> None:
    """With one seed bounds are null: no NaN and no Infinity, which other languages refuse."""
    one_seed = run_of({arm: rows[:1] for arm, rows in VALUES.items()}, tmp_path)
    prediction = predicted(experiment, ("ketamine", 200.0), ">", ("vehicle", 200.0), 0.05)
    verdict = judge_prediction(one_seed, experiment, prediction)
    path = write_verdicts(one_seed, [verdict])

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    found = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    assert found == json.loads(json.dumps(as_json("test", [verdict]), allow_nan=False))
    assert path == tmp_path / VERDICT_FILE and [one.name for one in tmp_path.iterdir()] == [VERDICT_FILE]
    row = found["predictions"][0]
    assert row["ci"] == [None, None] and row["verdict"] == "undecided" and row["n"] == 1
    assert row["effect"] == pytest.approx(0.5)


def test_a_verdict_that_was_killed_while_written_leaves_the_old_one(
    experiment: ExperimentDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is replaced in one step."""
    run = run_of(VALUES, tmp_path)
    prediction = predicted(experiment, ("ketamine", 200.0), ">", ("vehicle", 200.0), 0.05)
    verdict = judge_prediction(run, experiment, prediction)
    before = write_verdicts(run, [verdict]).read_text()

    def dying(self: Path, content: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", dying)
    with pytest.raises(KeyboardInterrupt):
        write_verdicts(run, [verdict, verdict])
    assert (tmp_path / VERDICT_FILE).read_text() == before
    assert [one.name for one in tmp_path.iterdir()] == [VERDICT_FILE]


@pytest.mark.parametrize(("wanted", "unit", "margin", "shown"), [
    ("5 uM", "mM", 0.005, ("+6.21 uM", "+6.10 .. +6.30", "> 5 uM")),
    ("0.005 mM", "mM", 0.005, ("+0.00621 mM", "+0.00610 .. +0.00630", "> 0.005 mM")),
    ("2 percent", "1 (dimensionless)", 0.02, ("+0.62 percent", "+0.61 .. +0.63", "> 2 percent")),
    ("0.02", "1 (dimensionless)", 0.02, ("+0.0062", "+0.0061 .. +0.0063", "> 0.02")),
])  # fmt: skip
def test_an_effect_is_told_in_the_unit_of_its_margin(
    wanted: str, unit: str, margin: float, shown: tuple[str, str, str]
) -> None:
    """So that one can be held against the other."""
    one = Verdict("a", "a > b", "q", 0.0, "yes", 0.00621, (0.0061, 0.0063), unit, margin, None, 2, "", "", "", wanted)
    assert (effect_text(one), ci_text(one), wanted_text(one)) == shown
