"""A change by dotted path changes something, in one way only, or is refused by name; whichever way it is given."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from small_sweep import EXPERIMENT

from msim.base.errors import InputError
from msim.definitions.experiments.axes import read_design
from msim.definitions.experiments.changes import places
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.effects import same_trials
from msim.definitions.experiments.experiment import experiment_from_tables, read_experiment, validate_effective_changes
from msim.definitions.files.takes import Takes
from msim.definitions.models.model import ModelDefinition

REPEATED = EXPERIMENT.replace('duration = "4 minute" }', 'duration = "10 second", every = "1 minute", times = 2 }')
ARMS = """
[[arms]]
name  = "mouse"
preparation = "mouse"
doses = [{ drug = "memantine", mg_per_kg = 5, route = "intraperitoneal", at = "1 minute" }]

[[arms]]
name = "bathed"
preparation = "active_slice"
set = { "nmda.Mg_o" = "0.5 mM" }
doses = [{ drug = "ketamine", uM = 10, route = "bath", at = "0 minute", duration = "2 minute" }]
"""
# Of words, whose values no schema knows; every other entry takes two numbers about what it has.
WORDS = {"preparation": ("human", "rat"), "state": ("healthy", "depressed"), "drug": ("S_ketamine", "R_ketamine"),
         "route": ("oral", "intranasal")}  # fmt: skip
USUAL = {"body_weight": 70.0, "tolerance": 0.05, "noise": 0.25, "longest_burst": 20.0, "shortest_leap": 60.0,
         "longest_leap": 86400.0, "settle": 1.0}  # fmt: skip


def written(folder: Path, text: str) -> Path:
    path = folder / "changed.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Arms that repeat a dose, are another body or a slice, or set a value of their own."""
    text = REPEATED.replace('body_weight = "70 kg"\n', 'preparation = "human"\n')
    return written(tmp_path_factory.mktemp("changes"), text.replace("[[record]]", ARMS + "\n[[record]]", 1))


def two_values(key: str, takes: Takes | None, old: Any) -> tuple[str, str]:
    """Two values that an entry can take, as a command line gives them."""
    if takes is None:
        return WORDS[key]
    if takes.whole:
        return "3", "1"
    number = USUAL[key] if old is None else takes.si(old, key) or 30.0
    unit = "" if takes.written or takes.units.startswith("1 ") else f" {takes.units}"
    # A probe is as long as its spectrum needs, and the file's is hardly longer.
    factors = (1.1, 1.2) if key == "probe" else (0.9, 0.8)
    low, high = (f"{factor * number!r}{unit}" for factor in factors)
    return low, high


def test_every_path_is_taken_by_one_schema(file: Path, model: ModelDefinition) -> None:
    """By --set as by --over: two values of each entry make two experiments and two numbers, by all of its names."""
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    human = experiment_from_tables(tables, None, "", model)
    tried = 0
    for place in places(tables):
        # Of a model with one variant no second one can be named; test_variants.py has its changes.
        if place.arm not in ("", "ketamine") or place.key in ("every", "route", "body_weight", "variant"):
            continue
        low, high = two_values(place.key, place.takes, place.given(tables))
        path = place.name
        made = [experiment_from_tables(tables, {path: one}, "", model) for one in (low, high)]
        assert not same_trials(*made), path
        tried += 1
    assert tried > 14 and human.arms


@pytest.mark.parametrize(
    ("over", "numbers"),
    [
        ("schedule.tolerance=0.01,0.02", [0.01, 0.02]),
        ("schedule.tolerance=0.01 to 0.04 in 3 log", [0.01, 0.02, 0.04]),
        ("doses.times=1 to 3 in 3", [1, 2, 3]),
        ("arms.ketamine.doses.0.at=0 second to 1 minute in 2", [0, 60]),
        ("ketamine_binding.IC50_2A=10**-7 * M to 10**-5 * M in 3 log", [1e-4, 1e-3, 1e-2]),
        ("arms.mouse.doses.0.mg_per_kg=1 to 3 in 3", [1, 2, 3]),
    ],
)
def test_an_axis_takes_what_a_change_takes(file: Path, over: str, numbers: list[float]) -> None:
    (axis,) = read_design(read_experiment(file), [over]).axes
    assert axis.numbers == pytest.approx(numbers, rel=1e-11)
    for value, number in zip(axis.values, axis.numbers, strict=True):
        changed = read_experiment(file, {axis.path: value})
        found = changed.schedule.tolerance if "tolerance" in over else None
        assert found is None or found == number


BOTH = {"doses.mg_per_kg": "1", "doses.ketamine.mg_per_kg": "2"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (BOTH, "wants one change of 'arms.ketamine.doses.0.mg_per_kg'"),
        ({"nmda.Mg_o": "2 mM"}, "wants one change of 'nmda.Mg_o'.*arms.3.set"),
        ({"MK801.CL": "5 L / hour"}, "'MK801.CL' changes nothing"),
        ({"preparations.rat.body_weight": "300 g"}, "'preparations.rat.body_weight' changes nothing"),
        ({"hypotheses.H1.translation.beta_d": 0.3}, "changes nothing"),
        ({"manipulations.treatment.AP5.amount": 0.5}, "no value|changes nothing"),
        ({"body_weight": "70 kg"}, "body of 10 g to 80 g for preparation 'mouse', got 70 kg"),
        ({"preparations.mouse.body_weight": "70 kg"}, "body of 10 g to 80 g for preparation 'mouse', got 70 kg"),
        ({"schedule.tolerance": "5 minute"}, "schedule.tolerance: wants a value in 1"),
        ({"schedule.burst": "1 ms"}, "schedule.burst: wants at least 100 ms"),
        ({"doses.times": "1.5"}, "doses.times: wants a whole number"),
    ],
)  # fmt: skip
def test_what_changes_nothing_or_twice_is_refused(file: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_experiment(file, changes)


@pytest.mark.parametrize(
    ("over", "message"),
    [
        (["doses.mg_per_kg=1,2", "doses.ketamine.mg_per_kg=3,4"], "wants one change of 'arms.ketamine.doses.0.mg"),
        (["MK801.CL=5 L / hour,6 L / hour"], "'MK801.CL' changes nothing"),
        (["nmda.Mg_o=1 mM,2 mM"], "wants one change of 'nmda.Mg_o'"),
        (["body_weight=20 g,40 g"], "for preparation 'human'"),
        (["eef2k.tau_K=5 minute,300 second"], "each value once"),
        (["doses.times=1 to 2 in 3"], "wants a whole number"),
        (["doses.route=oral to intranasal in 2"], "words one by one"),
    ],
)
def test_axes_that_change_nothing_or_twice_are_refused(file: Path, over: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_design(read_experiment(file), over)


def test_what_means_an_arm_that_is_not_run_is_refused(file: Path) -> None:
    """Whether it is changed or varied; the same arm alone takes it."""
    path = "arms.mouse.doses.0.mg_per_kg"
    whole = read_experiment(file, {path: 7})
    validate_effective_changes(whole.narrowed(["vehicle", "mouse"]))
    with pytest.raises(InputError, match=f"'{path}' changes nothing in vehicle, ketamine"):
        validate_effective_changes(whole.narrowed(["vehicle", "ketamine"]))
    without = read_experiment(file)
    assert read_design(without.narrowed(["mouse"]), [f"{path}=1,2"]).shape == (2,)
    with pytest.raises(InputError, match=f"'{path}' changes nothing in ketamine"):
        read_design(without.narrowed(["ketamine"]), [f"{path}=1,2"])
    # A value that one arm sets is varied where that arm is not run.
    assert read_design(without.narrowed(["ketamine"]), ["nmda.Mg_o=1 mM,2 mM"]).shape == (2,)


def test_a_change_and_an_axis_of_one_value_are_refused(file: Path) -> None:
    for path, value in (("doses.mg_per_kg", "1"), ("eef2k.tau_K", "5 minute")):
        changed = read_experiment(file, {path: value})
        with pytest.raises(InputError, match="wants one change of"):
            read_design(changed, [f"{path}={value},{value.replace(value[0], '8')}"])


def test_what_is_so_already_may_be_said(file: Path) -> None:
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    found = read_experiment(file, {"doses.ketamine.mg_per_kg": 0.5, "schedule.tolerance": 0.05, "preparation": "human"})
    assert same_trials(found, read_experiment(file)) and tables["preparation"] == "human"


@pytest.mark.parametrize("where", ["file", "arm"])
def test_a_mouse_weighs_what_it_is_given(model: ModelDefinition, where: str) -> None:
    """Whether the experiment or an arm says that it is one, and whether file or change gives the weight."""
    tables = tomllib.loads(EXPERIMENT)
    del tables["body_weight"]
    own = tables if where == "file" else tables["arms"][1]
    own["preparation"] = "mouse"
    tables["arms"] = tables["arms"][1:]

    def weights(**more: Any) -> list[float]:
        changes = more.pop("changes", None)
        return [one.body_weight for one in experiment_from_tables({**tables, **more}, changes, "", model).arms]

    assert weights() == [0.025]
    assert weights(body_weight="20 g") == weights(changes={"body_weight": "20 g"}) == [0.02]
    assert weights(changes={"preparations.mouse.body_weight": "40 g"}) == [0.04]
    ways: list[dict[str, Any]] = [
        {"body_weight": "70 kg"}, {"changes": {"body_weight": "70 kg"}}, {"changes": {"body_weight": "1 g"}},
        {"changes": {"preparations.mouse.body_weight": "70 kg"}}, {"set": {"preparations.mouse.body_weight": "70 kg"}},
    ]  # fmt: skip
    for way in ways:
        with pytest.raises(InputError, match="wants a body of 10 g to 80 g for preparation 'mouse'"):
            weights(**way)


def test_values_that_are_kept_apart_are_changed_before_they_are_taken(model: ModelDefinition) -> None:
    """Of a preparation as of a hypothesis, and only where an arm takes them."""
    tables = tomllib.loads(EXPERIMENT)
    del tables["body_weight"]
    changes = {"preparations.mouse.ketamine.CL": "50 L / hour", "hypotheses.H1.translation.beta_d": 0.3}
    with pytest.raises(InputError, match="changes nothing"):
        experiment_from_tables({**tables, "preparation": "human"}, changes, "", model)
    found = experiment_from_tables({**tables, "preparation": "mouse"}, changes, "H1", model)
    drug = found.arms[1].model
    assert drug["ketamine.CL"] == pytest.approx(50e-3 / 3600) and drug["translation.beta_d"] == 0.3
    tables["arms"][0]["set"] = {"preparations.mouse.ketamine.CL": "1 L / hour"}
    with pytest.raises(InputError, match="model itself in one arm"):
        experiment_from_tables({**tables, "preparation": "mouse"}, None, "", model)


def test_preparation_and_state_do_not_settle_a_value_in_silence(model: ModelDefinition) -> None:
    tables = {**tomllib.loads(EXPERIMENT), "preparation": "silent_slice", "state": "depressed"}
    del tables["body_weight"]
    tables["arms"] = tables["arms"][:1]
    with pytest.raises(InputError, match="'background_sst.rate', got preparation 'silent_slice' and state 'depressed'"):
        experiment_from_tables(tables, None, "", model)
    tables["set"] = {**tables["set"], "background_sst.rate": "0 Hz"}
    (arm,) = experiment_from_tables(tables, None, "", model).arms
    assert arm.model["background_sst.rate"] == 0


def test_a_weight_that_no_body_has_is_refused(model: ModelDefinition) -> None:
    """Where all arms lie in a bath nothing depends on it."""
    tables = {**tomllib.loads(EXPERIMENT), "preparation": "active_slice"}
    tables["arms"] = tables["arms"][:1]

    def read() -> ExperimentDefinition:
        return experiment_from_tables(tables, None, "", model)

    with pytest.raises(InputError, match="body_weight: wants no body weight"):
        read()
    del tables["body_weight"]
    assert read().arms[0].body_weight == 1.0
