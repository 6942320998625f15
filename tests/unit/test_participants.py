"""Who takes part hangs on the study's seed and the person alone, and people differ as the file says."""

from __future__ import annotations


import numpy as np
import pytest

from msim.definitions.studies.participants import Population, read_participants
from msim.definitions.studies.schema import Group
from msim.studies.participants import FARTHEST, model_of, participant, recruited

PATIENTS = Group(name="patients", health="depressed", n=40)
CONTROLS = Group(name="controls", health="healthy", n=40)
VARIES = "ketamine.CL"


@pytest.fixture(scope="module")
def population() -> Population:
    return read_participants("participants/adults")


def test_a_person_is_the_same_whoever_else_takes_part(population: Population) -> None:
    alone = participant(population, PATIENTS, 7, seed=3)
    fewer = PATIENTS.model_copy(update={"n": 9})
    assert alone == recruited(population, PATIENTS, 3)[6] == recruited(population, fewer, 3)[6]
    assert alone != participant(population, PATIENTS, 7, seed=4)
    assert alone.spared[VARIES] != participant(population, PATIENTS, 8, seed=3).spared[VARIES]


def test_values_vary_by_the_spread_that_the_file_states(population: Population) -> None:
    """Logarithms have the SD and the middle of the file, and no one lies beyond the cut."""
    many = recruited(population, CONTROLS.model_copy(update={"n": 600}), 1)
    for path, sd in population.spread.items():
        z = np.log([one.spared[path] / population.model[path] for one in many]) / sd
        high = population.model.values[path].high
        if high is None or high > population.model[path] * np.exp(FARTHEST * sd):
            assert abs(z.mean()) < 4 / np.sqrt(600) and 0.87 < z.std() < 1.07, path
        assert np.abs(z).max() <= FARTHEST + 1e-9


def test_a_healthy_person_is_alike_everywhere_and_a_patient_is_not(population: Population) -> None:
    assert all(one.affected == one.spared for one in recruited(population, CONTROLS, 1))
    health = population.health["depressed"]
    for one in recruited(population, PATIENTS, 1):
        differs = {path for path in one.affected if one.affected[path] != one.spared.get(path)}
        assert differs == set(health.changes) >= {"spines.N_0", "background_sst.rate"}
    deficit = np.mean([one.affected["spines.N_0"] for one in recruited(population, PATIENTS, 1)])
    assert deficit == pytest.approx(health.changes["spines.N_0"], rel=0.05)


def test_subgroups_have_their_share_and_their_values(population: Population) -> None:
    (carriers,) = population.subgroups
    many = recruited(population, PATIENTS.model_copy(update={"n": 800}), 2)
    with_it = [one for one in many if carriers.name in one.subgroups]
    assert len(with_it) / len(many) == pytest.approx(carriers.share, abs=0.06)
    for one in many:
        changed = all(one.spared.get(path) == value for path, value in carriers.changes.items())
        assert changed == (one in with_it)


def test_a_person_s_model_has_the_person_s_values(population: Population) -> None:
    person = participant(population, PATIENTS, 1, 1)
    model = model_of(population, person.affected)
    assert {path: model[path] for path in person.affected} == person.affected
    assert population.model["spines.N_0"] == 1
