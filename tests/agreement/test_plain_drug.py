"""A drug of one compartment, without metabolite and given by one route, from its file to what a run stores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import msim
from msim.base.errors import DefinitionError
from msim.cli import app

MODEL = """
include = ["circuits/cortical_column"]

[mechanisms.plain]
form = "three_compartment_pk"
"""
BINDING = '\n[mechanisms.plain_binding]\nform = "channel_blocker"\non = "plain"\n'
PLAIN = {
    "reference_weight": "70 kg", "clearance_exponent": 0.75, "molar_mass": "200 g / mol", "f_u": 0.3,
    "CL": "60 L / hour", "V1": "40 L", "k_e0": "0.2 / minute", "k_eff": 0.5,
}  # fmt: skip
EXPERIMENT = """
title      = "A plain drug"
hypothesis = "Plasma follows one exponential."
source     = "assumed"
notes      = "A test."
model      = "plain"
seeds      = [1]
begin      = "-10 minute"
duration   = "1 hour"
preparation = "human"

[[arms]]
name  = "given"
doses = [{ drug = "plain", route = "ROUTE", mg_per_kg = 0.5, at = "0 minute" }]

"""
RECORDED = ("plain.C_plasma", "plain.C_unbound", "plain.C_e", "block_evoked.b")


def written(folder: Path, values: dict[str, Any], route: str = "intravenous") -> Path:
    """An experiment with the drug, beside a model that includes the shipped column."""
    (folder / "plain.toml").write_text(MODEL + entries(values) + BINDING + entries({
        "IC50_2A": "1 uM", "IC50_2B": "1 uM", "IC50_2D": "1 uM", "k_off": "0.3 / second", "k_esc": "0 / second",
    }))  # fmt: skip
    path = folder / "given.toml"
    records = "".join(f'[[record]]\nquantity = "{one}"\nevery = "2 minute"\n' for one in RECORDED)
    path.write_text(EXPERIMENT.replace("ROUTE", route) + records)
    return path


def entries(values: dict[str, Any]) -> str:
    """Values as a file has them."""
    return "".join(
        f'{name} = {{ value = {value!r}, source = "assumed", note = "a test" }}\n' for name, value in values.items()
    )


def test_a_plain_drug_is_checked_run_and_followed_by_its_closed_form(tmp_path: Path) -> None:
    """A bolus of D in V1 leaves by k = CL / V1; the receptor lags behind by k_e0."""
    path = written(tmp_path, PLAIN)
    checked = CliRunner().invoke(app, ["check", str(path)])
    assert checked.exit_code == 0, checked.output
    followed = msim.course(path)
    run = msim.simulate(path, tmp_path / "run", target="emulator", workers=1)
    stored = run.samples.sel(arm="given", seed=1, drop=True)
    t = followed["time"].values[followed["time"].values > 0]  # at 0 is what was there before
    k, k_e0, start = 60 / 40 / 3600, 0.2 / 60, 0.5 * 70e-6 / 0.2 / 0.04
    plasma = start * np.exp(-k * t)
    lag = 0.5 * start * k_e0 / (k_e0 - k) * (np.exp(-k * t) - np.exp(-k_e0 * t))
    expected = {"plain.C_plasma": plasma, "plain.C_unbound": 0.3 * plasma, "plain.C_e": lag}
    for name, values in expected.items():
        for found in (followed, stored):
            np.testing.assert_allclose(found[name].sel(time=t), values, rtol=1e-9, atol=1e-12)
    assert followed["block_evoked.b"].max() > 0.05
    assert not [name for name in followed.data_vars if "norketamine" in str(name)]


@pytest.mark.parametrize(
    ("more", "route", "said"),
    [
        ({"V2": "10 L"}, "intravenous", "plain.Q2: missing value of 'Q2' .*'V2' would have no effect"),
        ({"Q2": "0 L / hour", "V2": "10 L"}, "intravenous", "plain.Q2.*more than 0"),
        ({"pot_nk": 0.2, "CL_nk": "1 L / hour"}, "intravenous", "plain.f_nk: .*'CL_nk' and 'pot_nk' would have no"),
        ({"F_oral": 0.4}, "intravenous", "plain.F_oral: wants 'k_a_oral' beside 'F_oral'"),
        ({"F_oral": 0, "k_a_oral": "1 / hour"}, "oral", "plain.F_oral.*more than 0"),
        ({"F_oral": 0.7, "k_a_oral": "1 / hour", "f_nk_oral": 0.4, "f_nk": 0.5, "CL_nk": "1 L / hour", "V_nk": "1 L",
          "pot_nk": 0.1}, "oral", "F_oral and f_nk_oral that add up to at most 1"),
        ({"F_intranasal": 0.4, "k_a_intranasal": "1 / hour"}, "intranasal", "wants 'k_a_oral' beside 'F_intranasal'"),
        ({"Q_liver": "1 L / hour", "V_liver": "1 L", "CL_liver": "1 L / hour"}, "intravenous",
         "exactly one of CL, Q_liver, got CL and Q_liver"),
        ({}, "oral", r"arms.0.doses.0.route: wants a route that 'plain' has parameters of \(intravenous\), got 'oral'"),
    ],
)  # fmt: skip
def test_what_would_have_no_effect_is_refused(more: dict[str, Any], route: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=said):
        msim.read_experiment(written(tmp_path, PLAIN | more, route))


def test_what_a_drug_lacks_is_no_quantity_of_it(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN)
    path.write_text(path.read_text().replace("plain.C_unbound", "plain.C_norketamine"))
    with pytest.raises(DefinitionError, match="plain.C_norketamine"):
        msim.read_experiment(path)
