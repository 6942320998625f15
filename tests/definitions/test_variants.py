"""Variants of a model: one word takes other values, in an arm, an experiment, a sweep or evidence; what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from msim.backends.context import Context
from msim.base.errors import DefinitionError
from msim.definitions.evidence.rows import read_evidence, shipped_evidence, under_variant
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import experiment_from_tables
from msim.definitions.models.model import ModelDefinition, Preparation
from msim.definitions.models.read_model import read_model
from msim.evidence.plan import plan_rows
from msim.storage.provenance import experiment_from_provenance, provenance
from msim.trials.trial_key import trial_keys

NAME = "kotermanski_johnson"
DOSE = {"drug": "ketamine", "mg_per_kg": 0.5, "route": "intravenous", "at": "0 minute"}
TABLES: dict[str, Any] = {
    "title": "t", "hypothesis": "h", "source": "assumed", "notes": "a test", "model": "circuits/cortical_column",
    "seeds": [1], "begin": "0 minute", "duration": "1 hour", "body_weight": "70 kg",
    "record": [{"quantity": "block_pv.b", "every": "5 minute"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def model() -> ModelDefinition:
    """The shipped column."""
    return read_model("circuits/cortical_column")


def experiment(model: ModelDefinition, arm: dict[str, Any] | None = None, changes: dict[str, Any] | None = None,
               **keys: Any) -> ExperimentDefinition:  # fmt: skip
    """One hour of one arm."""
    arms = [{"name": "arm", "doses": [DOSE], **(arm or {})}]
    return experiment_from_tables({**TABLES, "arms": arms, **keys}, changes, model=model)


def differing(one: ModelDefinition, other: ModelDefinition) -> set[str]:
    """Paths of values that differ."""
    return {path for path in one.values if one.values[path].si != other.values[path].si}


def test_a_variant_sets_its_values_and_no_other(model: ModelDefinition) -> None:
    """Whoever chooses it, and none where nobody does."""
    wanted = set(model.variants[NAME].changes)
    plain = experiment(model)
    assert plain.arms[0].variant == "" and not differing(plain.arms[0].model, model)
    for one in (experiment(model, {"variant": NAME}), experiment(model, variant=NAME),
                experiment(model, changes={"variant": NAME})):  # fmt: skip
        arm = one.arms[0]
        assert arm.variant == NAME and differing(arm.model, model) == wanted
        assert all(arm.model.values[path].text == model.values[f"variants.{NAME}.{path}"].text for path in wanted)


def test_an_arm_has_its_own_and_what_it_sets_comes_after(model: ModelDefinition) -> None:
    """An empty name is the model as it stands."""
    assert not differing(experiment(model, {"variant": ""}, variant=NAME).arms[0].model, model)
    after = experiment(model, {"variant": NAME, "set": {"ketamine_binding.IC50_2A": "5 uM"}}).arms[0].model
    assert after["ketamine_binding.IC50_2A"] == pytest.approx(5e-3)
    assert after["ketamine_binding.IC50_2B"] == pytest.approx(0.31e-3)


def test_a_variant_is_part_of_what_a_trial_is_known_by(model: ModelDefinition) -> None:
    """Trials with and without it are never taken for one another, in runs and in evidence."""
    def keys(one: ExperimentDefinition, tables: dict[str, Any]) -> set[str]:
        return set(trial_keys(one, Context(), tables).values())

    with_it = {**TABLES, "arms": [{"name": "arm", "doses": [DOSE]}], "variant": NAME}
    without = {name: value for name, value in with_it.items() if name != "variant"}
    assert not keys(experiment(model, variant=NAME), with_it) & keys(experiment(model), without)
    rows = [one for one in read_evidence(shipped_evidence()) if one.id == "DW1"]
    for name in ("", NAME):
        chosen = under_variant(rows, name)
        trials = plan_rows(chosen, model, {}, "", chosen)[1]
        assert {one.entry.variant for one in trials.values()} == {name} and len(trials) > 1
        assert all(bool(differing(one.experiment.arms[0].model, model)) == bool(name) or not one.entry.arms[0].doses
                   for one in trials.values())  # fmt: skip


def test_a_run_remembers_its_variant(model: ModelDefinition) -> None:
    """From provenance alone the same arms come back."""
    from msim.definitions.experiments.experiment import read_experiment

    made = read_experiment("ketamine_rapid_and_sustained", {"variant": NAME})
    again = experiment_from_provenance(provenance(made, "cpp", []))
    assert [one.variant for one in again.arms] == [NAME] * len(made.arms)
    assert [one.model.digest for one in again.arms] == [one.model.digest for one in made.arms]


@pytest.mark.parametrize(("arm", "keys", "changes", "where"), [
    ({"variant": "kotermanski"}, {}, {}, "arms.0.variant"), ({}, {"variant": "kotermanski"}, {}, "variant"),
    ({}, {}, {"variant": "kotermanski"}, "--set: variant"),
])  # fmt: skip
def test_a_variant_that_there_is_not_is_refused(
    model: ModelDefinition, arm: dict[str, Any], keys: dict[str, Any], changes: dict[str, Any], where: str
) -> None:
    """With the key that names it, and the nearest known one."""
    with pytest.raises(DefinitionError, match=f"{where}: .*no variant 'kotermanski'; nearest known: '{NAME}'"):
        experiment(model, arm, changes, **keys)


def test_no_value_is_set_by_a_variant_and_by_another_choice(model: ModelDefinition) -> None:
    """The order in which they are taken would decide in silence."""
    path, kept = next(iter(model.hypotheses["H2"].changes.items()))
    both = Preparation("both", "a test", {path: kept}, "", False, "x.toml")
    clashing = replace(model, variants={**model.variants, "both": both})
    experiment(clashing, {"variant": "both"})
    with pytest.raises(DefinitionError, match=f"one change of '{path}', got variant 'both' and hypothesis 'H2'"):
        experiment(clashing, {"variant": "both", "hypothesis": "H2"})
