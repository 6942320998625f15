"""Drugs as they are shipped: enantiomers make up the racemate, and memantine reaches its published level."""

from __future__ import annotations

import numpy as np
import pytest

from msim.definitions.experiments.doses import regimen
from msim.definitions.files.schema import DoseEntry
from msim.definitions.models.read_model import read_model
from msim.pharmacology.compartments import ConcentrationCurve
from msim.pharmacology.regimen import Dose

MINUTE, DAY = 60.0, 86400.0
GIVEN = 1e-4  # mol
COLUMN = read_model("circuits/cortical_column")


def test_the_therapeutic_infusion_reaches_the_published_plasma_level() -> None:
    """PK1: 130-200 ng/ml at the end of 0.5 mg/kg over 40 min; PK2: 185, to which the volumes were fitted."""
    pk = {"body_weight": 70.0, **COLUMN.parameters("ketamine")}
    dose = Dose("ketamine", "intravenous", 0.0, 40 * MINUTE, 35e-6 / pk["molar_mass"])
    times = np.linspace(0.0, 240 * MINUTE, 241)
    levels = ConcentrationCurve(pk, [dose]).ng_per_ml(times)
    assert times[levels.argmax()] == 40 * MINUTE
    assert levels.max() == pytest.approx(185.0, abs=0.5)
    assert 130 < levels.max() < 200


def test_the_volumes_add_up_to_the_published_one() -> None:
    """PK7: 252 L per 70 kg; four digits are given."""
    assert sum(COLUMN[f"ketamine.{one}"] for one in ("V1", "V2", "V3")) == pytest.approx(0.252, rel=1e-3)


def binding(name: str) -> dict[str, float]:
    """What a shipped drug does at the receptor, SI units."""
    return {key: COLUMN[f"{name}_binding.{key}"] for key in ("IC50_2A", "IC50_2B", "IC50_2D", "k_off", "k_esc")}


@pytest.mark.parametrize("subunit", ["IC50_2A", "IC50_2B", "IC50_2D"])
def test_enantiomers_make_up_the_racemate(subunit: str) -> None:
    """Half of each takes as many pores as the whole; values are written with three digits."""
    halves = 0.5 / binding("S_ketamine")[subunit] + 0.5 / binding("R_ketamine")[subunit]
    assert halves == pytest.approx(1 / binding("ketamine")[subunit], rel=5e-3)


def test_enantiomers_make_up_the_racemate_in_plasma() -> None:
    """Half of each together; clearances are written with three digits, and late tails of both part a little."""
    times = np.linspace(10 * MINUTE, DAY, 49)

    def levels(drug: str, amount: float) -> np.ndarray:
        pk = {"body_weight": 70.0, **COLUMN.parameters(drug)}
        return ConcentrationCurve(pk, [Dose(drug, "intravenous", 0.0, 40 * MINUTE, amount)]).ng_per_ml(times)

    halves = levels("S_ketamine", GIVEN / 2) + levels("R_ketamine", GIVEN / 2)
    np.testing.assert_allclose(halves, levels("ketamine", GIVEN), rtol=5e-3)


def test_memantine_by_mouth_reaches_its_published_level() -> None:
    """PK23: 20 mg of the hydrochloride (16.6 mg of the base) a day settle at 70 to 150 ng/ml; peak after 3 to 8 h."""
    pk = {"body_weight": 70.0, **COLUMN.parameters("memantine")}
    declared = DoseEntry.model_validate(
        {"drug": "memantine", "route": "oral", "mg": 16.6, "at": "0 * hour", "every": "1 * day", "times": 30}
    )
    curve = ConcentrationCurve(pk, regimen([declared], 70.0, {"memantine": pk["molar_mass"]}, "test"))
    last = curve.ng_per_ml(29 * DAY + np.linspace(0, DAY, 97))
    assert 70 < last.min() and last.max() < 150
    first = curve.ng_per_ml(np.linspace(0, DAY, 97))
    assert 3 <= np.argmax(first) / 4 <= 8
