"""Which regions a disorder holds in, and that each region of a person gets its own state."""

from __future__ import annotations

import numpy as np
import pytest

from msim.base.errors import InputError
from msim.brain.connectome import Connectome, read_connectome
from msim.definitions.brains.brain import read_brain
from msim.definitions.experiments.experiment import read_experiment
from msim.definitions.studies.participants import Population, read_participants
from msim.definitions.studies.schema import Group, Visit
from msim.meg import session as meg_session
from msim.studies.cohort import VisitState, held_regions, regions_of
from msim.studies.participants import participant


@pytest.fixture(scope="module")
def population() -> Population:
    return read_participants("participants/adults")


@pytest.fixture(scope="module")
def connectome() -> Connectome:
    brain = read_brain("brains/brain19")
    return read_connectome(brain.connectome, brain.weights)


def test_depression_holds_in_dmn_and_limbic_regions_and_not_in_the_control(
    population: Population, connectome: Connectome
) -> None:
    held = dict(zip(connectome.names, held_regions(population, "depressed", connectome), strict=True))
    assert {name for name, one in held.items() if one} == {
        "sgACC", "mPFC", "PCC", "ANG", "LTC", "HIP", "AMY", "THA", "NAC"
    }  # fmt: skip
    assert held_regions(population, "healthy", connectome).all()


def test_a_name_is_a_system_or_a_region(connectome: Connectome) -> None:
    assert regions_of(connectome, "Visual", "x").tolist() == regions_of(connectome, "VIS", "x").tolist()
    with pytest.raises(InputError, match="x: the brain has no system or region 'DMM'; nearest known: 'DMN'"):
        regions_of(connectome, "DMM", "x")


def test_every_region_has_the_state_of_its_kind(population: Population) -> None:
    person = participant(population, Group(name="patients", health="depressed", n=3), 1, 1)
    states = {"spared": {"gain": 1.0}, "affected": {"gain": 0.8}}
    visit = Visit.model_validate({"name": "pre", "group": "patients", "at": "-1 s"})
    seen = VisitState(person, visit, states, {}, 0.0, 20.0, 0.0)
    regional = seen.regional(np.array([True, False, True]))
    assert [one["gain"] for one in regional] == [0.8, 1.0, 0.8]


def test_times_of_an_arm_have_to_increase() -> None:
    with pytest.raises(InputError, match="increasing"):
        meg_session.states_of(read_experiment("ketamine_rapid_and_sustained").arm("ketamine"), (10.0, 10.0), 1)
