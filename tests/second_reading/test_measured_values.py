"""Measured values typed a second time from the statements of their sources, not from models/."""

from __future__ import annotations

import pytest

from msim.base.quantities import parse_quantity
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_model

# Path, value as the source states it, relative tolerance of the source's own rounding, source.
MEASURED = (
    ("ketamine.CL", "79 L / hour", 1e-9, "kamp2020: clearance 79 L/h, 69-90"),
    ("ketamine.molar_mass", "237.7 g / mol", 1e-3, "base"),
    ("ketamine.f_u", 0.53, 1e-9, "dayton1983: 47 % bound"),
    ("ketamine_binding.IC50_2A", "0.71 uM", 1e-9, "gilling2009: human GluN1/2A, no magnesium, -70 mV"),
    ("ketamine_binding.k_off", "0.22 / second", 1e-9, "gilling2009"),
    ("nmda.K_Mg", "3.57 mM", 1e-9, "jahr1990: 1 / (1 + [Mg] / 3.57 mM exp(-0.062 v / mV))"),
    ("nmda.v_Mg", "16.129032 mV", 1e-4, "jahr1990: 1 / 0.062 mV"),
    ("resting_release.rate_mini", "0.76 / minute", 0.01, "leitz2014, quoted in reese2015: 0.76 per minute and synapse"),
    ("resting_release.EC50", "2.3 uM", 1e-9, "patneau1990"),
)


@pytest.fixture(scope="module")
def column() -> ModelDefinition:
    return read_model("circuits/cortical_column")


@pytest.mark.parametrize(("path", "text", "rounding", "source"), MEASURED)
def test_value_is_what_the_source_says(
    column: ModelDefinition, path: str, text: str | float, rounding: float, source: str
) -> None:
    assert column[path] == pytest.approx(float(parse_quantity(text, source)), rel=rounding)


def test_volumes_add_up_to_the_published_steady_state_volume(column: ModelDefinition) -> None:
    """kamp2020: volume of distribution 252 L per 70 kg."""
    total = sum(column[f"ketamine.V{k}"] for k in (1, 2, 3))
    assert total == pytest.approx(float(parse_quantity("252 L", "kamp2020")), rel=1e-9)


def test_magnesium_leaves_the_published_share_at_rest(column: ModelDefinition) -> None:
    """jahr1990's formula at -70 mV and 1 mM leaves 4.4 % of the conductance."""
    import math

    share = 1 / (1 + column["nmda.Mg_o"] / column["nmda.K_Mg"] * math.exp(0.070 / column["nmda.v_Mg"]))
    assert share == pytest.approx(1 / (1 + 1 / 3.57 * math.exp(0.062 * 70)), rel=1e-3)
