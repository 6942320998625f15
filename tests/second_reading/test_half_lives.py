"""Half-lives that notes state are those that follow from clearance, volumes and body weight, drug by drug and body."""

from __future__ import annotations

import re

import numpy as np
import pytest

from msim.definitions.models.model import ModelDefinition, Value
from msim.definitions.models.preparations import prepared
from msim.definitions.models.read_model import read_model
from msim.pharmacology.compartments import ConcentrationCurve
from msim.pharmacology.regimen import Dose

SECONDS = {"min": 60.0, "h": 3600.0}
# 'half-life 2 h', 'half-life 60-100 h, here 80 h', '..., from 20 to 60 min after an injection'.
STATED = re.compile(r"half-life (?:below )?([\d.]+)(?:-[\d.]+)? (min|h)(?: \(\w+\))?(?:, here ([\d.]+) (min|h))?"
                    r"(?:, from (\d+) to (\d+) (min|h))?")  # fmt: skip
ROUNDED = 0.08  # a half-life of 13 min is one of 12.5 to 13.5, and clearance is rounded too
COLUMN = read_model("circuits/cortical_column")
# Of those that are cleared from plasma; a clearance in a liver gives no half-life by itself.
DRUGS = [one.name for one in COLUMN.on_scale("drug") if f"{one.name}.CL" in COLUMN.values]
BODIES = [name for name, one in COLUMN.preparations.items() if one.body_weight]


def clearance(body: str, drug: str) -> Value:
    """The clearance that holds in a body: its own, or that of the drug."""
    own = COLUMN.preparations[body].changes.get(f"{drug}.CL")
    return COLUMN.resolved(own or f"{drug}.CL")


def stated(drug: str, value: Value) -> list[tuple[float, float, float]]:
    """Half-life that a note states, and from when to when, s; from 6 to 8 of its own where it does not say."""
    found = []
    for number, unit, here, its, start, stop, of in STATED.findall(value.note):
        half = float(here or number) * SECONDS[its or unit]
        span = (float(start) * SECONDS[of], float(stop) * SECONDS[of]) if start else (6 * half, 8 * half)
        found.append((half, *span))
    return found


def half_life(model: ModelDefinition, body: str, drug: str, span: tuple[float, float]) -> float:
    """By which plasma falls from one time to another after an injection into the peritoneum, s."""
    pk = {"body_weight": model[f"preparations.{body}.body_weight"], **model.parameters(drug)}
    plasma = ConcentrationCurve(pk, [Dose(drug, "intraperitoneal", 0.0, 0.0, 1e-6)]).at(np.array(span))["C_plasma"]
    return float(np.log(2) * (span[1] - span[0]) / np.log(plasma[0] / plasma[1]))


CASES = [
    pytest.param(body, drug, *one, id=f"{drug} in a {body}")
    for body in BODIES for drug in DRUGS
    for one in (stated(drug, clearance(body, drug)) if body == "human" or "preparations" in clearance(body, drug).path
                else [])
]  # fmt: skip


def test_statements_are_found() -> None:
    """Of every drug whose clearance was set by its half-life."""
    assert {(body, drug) for body, drug, *_ in (one.values for one in CASES)} >= {
        ("mouse", "ketamine"), ("mouse", "memantine"), ("rat", "memantine"), ("mouse", "MK801"), ("rat", "MK801"),
        ("human", "memantine"),
    }  # fmt: skip


@pytest.mark.parametrize(("body", "drug", "half", "start", "stop"), CASES)
def test_a_half_life_is_what_its_note_says(body: str, drug: str, half: float, start: float, stop: float) -> None:
    model = prepared(COLUMN, "preparations", body, "test")
    assert half_life(model, body, drug, (start, stop)) == pytest.approx(half, rel=ROUNDED)


def test_ketamine_in_a_rat_has_the_half_life_that_allometry_gives() -> None:
    """Stated with the weight of a rat, of which no clearance is set."""
    note = COLUMN.resolved("preparations.rat.body_weight").note
    model = prepared(COLUMN, "preparations", "rat", "test")
    assert "ketamine by allometry alone: half-life 25 min" in note
    assert half_life(model, "rat", "ketamine", (20 * 60.0, 60 * 60.0)) == pytest.approx(25 * 60.0, rel=ROUNDED)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("drug", DRUGS)
def test_a_clearance_of_a_body_says_what_it_goes_by(body: str, drug: str) -> None:
    """A half-life, or so many times the human value; a factor is held against both."""
    own = COLUMN.preparations[body].changes.get(f"{drug}.CL")
    if own is None:
        return
    value, factor = COLUMN.resolved(own), re.search(r"([\d.]+) times the human value", COLUMN.resolved(own).note)
    assert factor is not None or stated(drug, value)
    if factor is not None:
        assert value.si / COLUMN[f"{drug}.CL"] == pytest.approx(float(factor[1]), rel=0.01)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("drug", DRUGS)
def test_no_drug_stays_longer_in_a_smaller_body(body: str, drug: str) -> None:
    """Allometry: time goes with the fourth root of weight, and clearances of animals here are no lower than that."""
    found = {}
    for one in {body, "human"}:
        pk = prepared(COLUMN, "preparations", one, "test").parameters(drug)
        ratio = COLUMN[f"preparations.{one}.body_weight"] / pk["reference_weight"]
        volume = pk["V1"] + pk.get("V2", 0.0) + pk.get("V3", 0.0)
        found[one] = volume * ratio ** (1 - pk["clearance_exponent"]) / pk["CL"]
    assert found[body] <= found["human"] * (1 + 1e-9)
