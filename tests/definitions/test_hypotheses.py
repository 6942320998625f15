"""Rival hypotheses of a model: what each sets, arms and predictions crossed with them, and what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from edits import EXPERIMENT, MODEL, Edit

from msim.base.errors import DefinitionError
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import read_experiment
from msim.definitions.files.read import shipped
from msim.definitions.models.hypotheses import under
from msim.definitions.models.read_model import read_model

FAST, SLOW = "eef2k.tau_K", "eef2k.tau_P"


def declared(name: str, path: str, value: str) -> str:
    """A hypothesis that sets one value."""
    return f"""
[hypotheses.{name}]
meaning = "a test"
set     = {{ "{path}" = {{ value = {value}, source = "assumed", note = "a test" }} }}
"""


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped files, with hypotheses 'quick' and 'late' of our own, in a folder in which the test runs."""
    for kind in ("models", "experiments"):
        shutil.copytree(shipped(kind), tmp_path / kind)
    with (tmp_path / MODEL).open("a") as file:
        file.write(declared("quick", FAST, '"1 minute"') + declared("late", SLOW, '"1 hour"'))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def change(copy: Path) -> Callable[..., None]:
    """Change the experiment of the copy."""
    return lambda *what: Edit("", EXPERIMENT, *what, ()).apply(copy)


def read(**options: str) -> ExperimentDefinition:
    """The experiment of the copy."""
    return read_experiment(Path(EXPERIMENT), **options)


def test_a_hypothesis_sets_its_values_and_no_other(copy: Path) -> None:
    model = read_model(Path(MODEL))
    other = under(model, "quick", "here")
    assert {path for path in model.values if model.values[path].si != other.values[path].si} == {FAST}
    assert other[FAST] == 60 and other.values[FAST].note == "a test"
    assert under(model, "", "here") is model


def test_arms_and_predictions_are_crossed(copy: Path, change: Callable[..., None]) -> None:
    """Every arm once under each hypothesis, and no claim between two of them."""
    plain = read()
    change("", "hypotheses", '["quick", "late"]')
    found = read()
    assert found.hypotheses == ("quick", "late")
    names = [f"{one.name}_{name}" for name in found.hypotheses for one in plain.arms]
    assert [one.name for one in found.arms] == names
    assert len(found.predictions) == 2 * len(plain.predictions)
    for one in found.predictions:
        assert {found.arm(side.arm).hypothesis for side in (one.claim.left, one.claim.right)} == {one.hypothesis}
    assert [one.asked for one in found.predictions] == 2 * [one.id for one in plain.predictions]
    for one in found.arms:
        own = plain.arm(one.name.removesuffix(f"_{one.hypothesis}"))
        changed = {path for path in own.model.values if own.model[path] != one.model[path]}
        assert changed == {FAST if one.hypothesis == "quick" else SLOW}


def test_a_hypothesis_of_the_command_line_holds_in_all_arms(copy: Path) -> None:
    found = read(hypothesis="late")
    assert [one.name for one in found.arms] == [one.name for one in read().arms]
    assert {one.model[SLOW] for one in found.arms} == {3600.0}
    assert found.under == "late"


def test_a_hypothesis_of_the_command_line_narrows_those_of_the_file(copy: Path, change: Callable[..., None]) -> None:
    change("", "hypotheses", '["quick", "late"]')
    assert {one.hypothesis for one in read(hypothesis="late").arms} == {"late"}


def test_an_arm_may_have_its_own(copy: Path, change: Callable[..., None]) -> None:
    change("arms.1", "hypothesis", '"quick"')
    assert [one.hypothesis for one in read().arms] == ["", "quick", "", ""]


def test_the_command_line_sets_after_a_hypothesis(copy: Path) -> None:
    """Else no sweep could move what a hypothesis sets."""
    found = read_experiment(Path(EXPERIMENT), {FAST: "2 minute"}, "quick")
    assert {one.model[FAST] for one in found.arms} == {120.0}


REFUSED = {
    "unknown in the list": ([("", "hypotheses", '["quick", "lat"]')], "", "hypotheses.1: the model declares no "
                            "hypothesis 'lat'; nearest known: 'late'"),
    "twice in the list": ([("", "hypotheses", '["late", "late"]')], "", "hypotheses.1: wants each hypothesis once"),
    "none in the list": ([("", "hypotheses", "[]")], "", "hypotheses: wants at least one entry"),
    "unknown in an arm": ([("arms.2", "hypothesis", '"quik"')], "", "arms.2.hypothesis: the model declares no"),
    "in an arm and for all": ([("", "hypotheses", '["late"]'), ("arms.1", "hypothesis", '"late"')], "",
                              "arms.1.hypothesis: wants none in an arm"),
    "unknown on the command line": ([], "qick", "--hypothesis: the model declares no hypothesis 'qick'"),
    "none of the list on the command line": ([("", "hypotheses", '["late"]')], "quick",
                                             "--hypothesis: wants one of the hypotheses of the experiment (late)"),
    "another one on the command line": ([("arms.1", "hypothesis", '"late"')], "quick", "arms.1.hypothesis"),
    "set once more in an arm": ([("arms.1", "hypothesis", '"late"'), ("arms.1", "set", f'{{ "{SLOW}" = "1 hour" }}')],
                                "", f"arms.1.set: wants one change of '{SLOW}'"),
    "set once more for all": ([("", "hypotheses", '["late"]'), ("", "set", f'{{ "{SLOW}" = "1 hour" }}')], "",
                              f"set: wants one change of '{SLOW}'"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_hypothesis_can_be_is_refused(name: str, copy: Path, change: Callable[..., None]) -> None:
    changes, asked, wanted = REFUSED[name]
    for one in changes:
        change(*one)
    with pytest.raises(DefinitionError) as refused:
        read(hypothesis=asked)
    assert wanted in str(refused.value)


@pytest.mark.parametrize(("line", "wanted"), [
    ('set = { "eef2k.tau_X" = { value = "1 minute", source = "assumed", note = "a test" } }', "nearest known"),
    ('set = { "eef2k.tau_K" = { value = "1 kg", source = "assumed", note = "a test" } }', "wants a value in s"),
    ('set = { "eef2k.tau_K" = { value = "1 minute", source = "assumed" } }', "wants a note that says why"),
    ("set = {}", "wants at least one"),
])  # fmt: skip
def test_a_wrong_hypothesis_of_a_model_is_refused(line: str, wanted: str, copy: Path) -> None:
    with (copy / MODEL).open("a") as file:
        file.write(f'\n[hypotheses.wrong]\nmeaning = "a test"\n{line}\n')
    with pytest.raises(DefinitionError) as refused:
        read_model(Path(MODEL))
    assert "hypotheses.wrong.set" in str(refused.value) and wanted in str(refused.value)
