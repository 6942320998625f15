"""Manipulations of an arm: what is chosen by cells and place, how far an amount leads, and what holds when."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from msim.base.errors import DefinitionError
from msim.definitions.files.schema import ActEntry
from msim.definitions.models.interventions import changes_of, manipulated, read_interventions, with_interventions
from msim.definitions.models.model import Manipulation, ModelDefinition, Part

SPAN = (-86400.0, 86400.0)
HOUR = 3600.0


def in_parts(model: ModelDefinition, *parts: tuple[tuple[str, ...], str, str]) -> ModelDefinition:
    """The model with a treatment 'many' that takes each given value to that of 'eef2k.n', 4."""
    made = tuple(Part(cells, place, {path: "eef2k.n"}, {}) for cells, place, path in parts)
    many = Manipulation("many", "treatment", "a test", True, "", made, "test")
    return replace(model, manipulations={**model.manipulations, "many": many})


def acted(model: ModelDefinition, *given: Any) -> Any:
    """Treatments of an arm."""
    entries = {"knockout": [], "mutant": [], "treatment": [ActEntry.model_validate(one) for one in given]}
    return read_interventions(entries, model, SPAN, "arm")


def test_an_amount_leads_from_normal_to_full_on_a_straight_line(model: ModelDefinition) -> None:
    """Nothing changes at 0, all of it at 1; in between in proportion."""
    amounts = (0, 0.25, 0.5, 1)
    found = [
        with_interventions(model, acted(model, {"name": "translation_blocker", "amount": one}), 0)["translation.T_prot"]
        for one in amounts
    ]
    assert found == pytest.approx([1 - one for one in amounts], rel=1e-15)


def test_a_usual_amount_is_that_of_the_model(model: ModelDefinition) -> None:
    usual = model["manipulations.treatment.eEF2K_inhibitor.amount"]
    assert with_interventions(model, acted(model, "eEF2K_inhibitor"), 0)["eef2k.activity"] == pytest.approx(1 - usual)


def test_an_amount_starts_from_what_the_arm_sets(model: ModelDefinition) -> None:
    """An arm that sets a value and takes part of it away begins at its own."""
    own = model.with_value("eef2k.activity", 0.8)
    assert with_interventions(own, acted(own, {"name": "eEF2K_inhibitor", "amount": 0.5}), 0)["eef2k.activity"] == 0.4


def test_cells_and_place_choose_parts(model: ModelDefinition) -> None:
    """Without them all parts act; each of them narrows, and both together further."""
    paths = ("eef2k.tau_K", "eef2k.tau_P", "bdnf_release.h", "bdnf_trkb.K_T")
    own = in_parts(
        model, (("pyramidal",), "soma", paths[0]), (("pyramidal",), "dendrite", paths[1]), (("pv",), "soma", paths[2]),
        ((), "", paths[3]),
    )  # fmt: skip

    def changed(**where: Any) -> set[str]:
        return set(acted(own, {"name": "many", **where})[0].values)

    assert changed() == set(paths)
    assert changed(cells="pyramidal") == set(paths[:2])
    assert changed(cells=["pyramidal", "pv"]) == set(paths[:3])
    assert changed(place="soma") == {paths[0], paths[2]}
    assert changed(cells="pyramidal", place="soma") == {paths[0]}
    with pytest.raises(DefinitionError, match="has no place 'dendrite' in pv"):
        changed(cells="pv", place="dendrite")


def test_cells_that_share_a_value_are_named_together(model: ModelDefinition) -> None:
    own = in_parts(model, (("pv", "sst"), "", "eef2k.tau_K"))
    assert acted(own, {"name": "many", "cells": ["sst", "pv"]})[0].values
    with pytest.raises(DefinitionError, match="takes pv, sst together, got 'pv'"):
        acted(own, {"name": "many", "cells": "pv"})


def test_values_hold_from_the_onset_to_before_the_end(model: ModelDefinition) -> None:
    """Rest is found without what begins later; at its end everything is as it was."""
    interventions = acted(model, {"name": "translation_blocker", "amount": 1, "from": "1 hour", "until": "3 hour"})
    assert with_interventions(model, interventions, -math.inf) is model
    before, within, after = (with_interventions(model, interventions, time) for time in (HOUR - 1e-6, HOUR, 3 * HOUR))
    assert [one["translation.T_prot"] for one in (before, within, after)] == [1, 0, 1]
    assert [one.time for one in changes_of(model, interventions, SPAN[1])] == [HOUR, 3 * HOUR]


def test_an_end_alone_means_from_birth(model: ModelDefinition) -> None:
    """The model is at rest with it until it is taken away."""
    interventions = acted(model, {"name": "translation_blocker", "amount": 1, "until": "0 hour"})
    assert with_interventions(model, interventions, -math.inf)["translation.T_prot"] == 0
    (change,) = changes_of(model, interventions, SPAN[1])
    assert (change.time, change.model["translation.T_prot"]) == (0, 1)


def test_one_may_follow_the_other(model: ModelDefinition) -> None:
    """Acts of one value that only touch do not meet: at the common time the second one holds."""
    interventions = acted(
        model, {"name": "eEF2K_inhibitor", "amount": 1, "from": "0 hour", "until": "1 hour"},
        {"name": "eEF2K_inhibitor", "amount": 0.5, "from": "1 hour"},
    )  # fmt: skip
    assert [one.model["eef2k.activity"] for one in changes_of(model, interventions, SPAN[1])] == [0, 0.5]


def test_what_follows_a_value_follows_it_in_time(model: ModelDefinition) -> None:
    """The background of miniatures has the rate of the release that a manipulation changes."""
    part = Part((), "", {"resting_release.rate_mini": "pv.resting_rate"}, {})
    own = replace(model, manipulations={"many": Manipulation("many", "treatment", "", True, "", (part,), "test")})
    later = with_interventions(own, acted(own, {"name": "many", "from": "1 hour"}), HOUR)
    assert later["spontaneous_pyramidal.rate"] == model["pv.resting_rate"] != model["spontaneous_pyramidal.rate"]


def test_a_pulse_leaves_a_share_once(model: ModelDefinition) -> None:
    """Of half the amount, half of what it takes is taken; it has no second time, and no place at rest."""
    part = Part((), "", {}, {"mecp2_loop.X": "translation.beta_a"})
    own = replace(model, manipulations={"cut": Manipulation("cut", "treatment", "", True, "", (part,), "test")})
    own = own.with_value("translation.beta_a", 0.2)
    (change,) = changes_of(own, acted(own, {"name": "cut", "amount": 0.5, "from": "1 hour"}), SPAN[1])
    assert change.pulses == {"mecp2_loop.X": pytest.approx(0.6)} and change.model is own
    with pytest.raises(DefinitionError, match="acts at an instant: wants 'from'"):
        acted(own, "cut")
    with pytest.raises(DefinitionError, match="acts at an instant: wants no 'until'"):
        acted(own, {"name": "cut", "from": "1 hour", "until": "2 hour"})
    with pytest.raises(DefinitionError, match="one change of 'mecp2_loop.X' at a time"):
        acted(own, {"name": "cut", "from": "1 hour"}, {"name": "cut", "from": "1 hour"})


def test_every_shipped_manipulation_can_be_done(model: ModelDefinition) -> None:
    """Whole, from birth; what acts at an instant, then."""
    for one in model.manipulations.values():
        if any(part.pulses for part in one.parts):
            continue
        changed = manipulated(model, one.kind, one.name)
        moved = [path for part in one.parts for path in part.changes if changed[path] != model[path]]
        assert len(moved) == sum(len(part.changes) for part in one.parts)
