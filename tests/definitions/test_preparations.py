"""Preparations and states: what they set, whose body weight counts, which routes they know, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from msim.base.errors import DefinitionError
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import build_experiment
from msim.definitions.files import schema as e
from msim.definitions.models.model import ModelDefinition

BATH = {"drug": "memantine", "uM": 10, "route": "bath", "at": "0 minute"}
INJECTED = {"drug": "ketamine", "mg_per_kg": 10, "route": "intraperitoneal", "at": "0 minute"}


def experiment(model: ModelDefinition, arms: list[dict[str, Any]], **keys: Any) -> ExperimentDefinition:
    """One hour of some arms."""
    entry = e.ExperimentFile.model_validate({
        "title": "t", "hypothesis": "h", "source": "assumed", "notes": "a test", "model": "m", "seeds": [1],
        "begin": "0 minute", "duration": "1 hour", "arms": arms,
        "record": [{"quantity": "block_pv.b", "every": "5 minute"}], **keys,
    })  # fmt: skip
    return build_experiment(entry, "t", "t.toml", "", model, {})


def test_an_arm_may_have_a_preparation_of_its_own(model: ModelDefinition) -> None:
    """With the body weight and values of that one; the other arms keep those of the experiment."""
    found = experiment(
        model,
        [{"name": "man"}, {"name": "mouse", "preparation": "mouse", "doses": [INJECTED]},
         {"name": "slice", "preparation": "silent_slice", "doses": [BATH]}],
        preparation="human",
    )  # fmt: skip
    man, mouse, in_bath = found.arms
    assert (man.body_weight, mouse.body_weight) == (70.0, 0.025)
    assert man.model["ketamine.CL"] == model["ketamine.CL"] != mouse.model["ketamine.CL"]
    assert mouse.doses[0].amount_mol == pytest.approx(10e-6 * 0.025 / model["ketamine.molar_mass"])
    assert in_bath.doses[0].bath_mM == pytest.approx(0.01) and in_bath.doses[0].end_s == 3600.0
    assert in_bath.model["background_pv.rate"] == 0 != man.model["background_pv.rate"]


def test_what_an_experiment_or_arm_sets_comes_after(model: ModelDefinition) -> None:
    """A preparation is where the model starts from."""
    arms = [{"name": "one"}, {"name": "two", "set": {"nmda.Mg_o": "0.5 mM"}}]
    found = experiment(model, arms, preparation="silent_slice_0_Mg", set={"background_pv.rate": "1 Hz"})
    assert [one.model["nmda.Mg_o"] for one in found.arms] == [0.0, pytest.approx(0.5)]
    # What follows a value follows it here too.
    assert found.arms[1].model["block_sst.Mg_o"] == pytest.approx(0.5)
    assert all(one.model["background_pv.rate"] == 1 for one in found.arms)


def test_a_depressed_cell_rests_at_fewer_spines_in_any_preparation(model: ModelDefinition) -> None:
    """A quantity of one mechanism, and what drives SST cells; nothing else."""
    arms = [{"name": "healthy", "state": "healthy"}, {"name": "depressed"}]
    healthy, depressed = experiment(model, arms, preparation="mouse", state="depressed").arms
    changed = {path for path in model.values if healthy.model.values[path].si != depressed.model.values[path].si}
    assert changed == {"spines.N_0", "background_sst.rate"}
    assert all(depressed.model[path] < healthy.model[path] for path in changed)


@pytest.mark.parametrize(
    ("arm", "keys", "words"),
    [
        ({}, {"preparation": "mose"}, ("t.toml: preparation", "no preparation 'mose'", "nearest known: 'mouse'")),
        ({"preparation": "rta"}, {"preparation": "mouse"}, ("arms.0.preparation", "'rta'", "'rat'")),
        ({"state": "depresed"}, {"preparation": "mouse"}, ("arms.0.state", "no state", "'depressed'")),
        ({"doses": [BATH]}, {"preparation": "mouse"}, ("arms.0.doses.0.route", "no bath", "'bath'")),
        ({"doses": [BATH]}, {"body_weight": "70 kg"}, ("arms.0.doses.0.route", "no bath")),
        ({"doses": [INJECTED]}, {"preparation": "active_slice"}, ("doses.0.route", "'bath' in a slice", "perit")),
        ({}, {}, ("t.toml", "missing key 'body_weight'")),
        ({"doses": [BATH | {"route": "oral"}]}, {"preparation": "mouse"}, ("doses.0", "wants the route 'bath' for")),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    model: ModelDefinition, arm: dict[str, Any], keys: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(DefinitionError) as refused:
        experiment(model, [{"name": "arm", **arm}], **keys)
    assert all(word in str(refused.value) for word in words)


def test_every_drug_of_the_column_may_be_given(model: ModelDefinition) -> None:
    """By any arm, without another word than its name."""
    drugs = [one.name for one in model.on_scale("drug")]
    assert len(drugs) > 6
    doses = [{"drug": one, "mg": 1, "route": "oral", "at": "0 minute"} for one in drugs]
    arm, = experiment(model, [{"name": "all", "doses": doses}], preparation="human").arms
    assert {dose.drug for dose in arm.doses} == set(drugs)
