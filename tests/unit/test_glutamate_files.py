"""The shipped numbers of the readouts of glutamate reach their functions, in units and with sources."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from msim.definitions.files.read import find
from msim.definitions.models.read_model import read_model, read_part
from msim.measures.energy_use import ENERGY_USE, EnergyUse, energy_budget, tca_rate
from msim.measures.glutamate_cycle import GLUTAMATE_CYCLE, Activity, GlutamateCycle, glutamate_cycling
from msim.measures.receptor_pet import MGLUR5_PET, ReceptorPet, mglur5_binding, scan_change
from msim.measures.synapse_pet import SV2A_PET, SynapsePet, sv2a_binding, sv2a_change
from msim.studies.analyses.glutamate.readouts import read_glutamate_readouts

PAIRS = [
    (GLUTAMATE_CYCLE, GlutamateCycle), (ENERGY_USE, EnergyUse), (MGLUR5_PET, ReceptorPet), (SV2A_PET, SynapsePet),
]  # fmt: skip


@pytest.mark.parametrize(("form", "values"), PAIRS, ids=[form.name for form, _ in PAIRS])
def test_a_form_and_its_values_have_the_same_names(form, values) -> None:
    assert [one.name for one in form.parameters] == [one.name for one in dataclasses.fields(values)]


def test_the_shipped_numbers_are_read_in_si_units() -> None:
    """Each as its file has it, converted by hand."""
    found = read_glutamate_readouts()
    assert found.cycle.quantum * 6.02214076e23 == pytest.approx(3640, rel=1e-12)
    assert found.cycle.tissue == pytest.approx(1036, rel=1e-12)
    assert found.energy.ATP_NMDA * 6.02214076e23 == pytest.approx(70000, rel=1e-12)
    assert found.energy.housekeeping * 6e4 == pytest.approx(2.3, rel=1e-12)
    assert found.mglur5.k_in == pytest.approx(1 / 3600, rel=1e-12)
    assert found.mglur5.k_out == pytest.approx(3 / 3600, rel=1e-12)
    assert found.sv2a.terminals_lost == 1


def test_what_is_assumed_and_what_is_published_is_told_apart() -> None:
    """Everything about mGluR5 is assumed, and nothing anywhere is fitted."""
    sources = {
        path: value.source
        for name in ("imaging/mrs", "imaging/pet")
        for path, value in read_part(find(name, "models")).values.items()
    }
    assert "fitted" not in sources.values()
    assert {source for path, source in sources.items() if path.startswith("mglur5.")} == {"assumed"}
    assert sources["cycle.quantum"] == "riveros1986" and sources["cycle.boutons_lost"] == "assumed"


def test_the_share_of_local_contacts_is_that_of_the_column() -> None:
    column = read_model("circuits/cortical_column")
    local = column["pyramidal_to_pyramidal.in_degree"]
    every = local + column["background_pyramidal.contacts"]
    assert read_glutamate_readouts().cycle.local == pytest.approx(local / every, abs=5e-4)


def test_the_page_says_what_the_shipped_numbers_give() -> None:
    """Every number of docs/GLUTAMATE.md that the functions make, to the digits printed there."""
    page = (Path(__file__).parents[2] / "docs" / "GLUTAMATE.md").read_text(encoding="utf-8")
    found = read_glutamate_readouts()
    rest, fewer = (Activity(2.5, 2.221, 0.0127, spines) for spines in (1.0, 0.8))
    whole, less = (energy_budget(one, 1.0, 0.0, found.cycle, found.energy) for one in (rest, fewer))
    V_TCA = tca_rate(whole, found.energy)
    assert f"| V_cycle | {glutamate_cycling(rest, found.cycle):.2f} umol/g/min" in page
    assert f"| {glutamate_cycling(Activity(0, 0, 0.0127), found.cycle):.4f} umol/g/min | |" in page
    assert f"| neuronal V_TCA | {V_TCA:.2f} umol/g/min" in page
    assert f"| ATP | {whole.total:.1f} umol/g/min" in page
    assert f"| 0 % | {100 * (tca_rate(less, found.energy) / V_TCA - 1):.1f} % |" in page
    causes = [getattr(whole, one.name) for one in dataclasses.fields(whole)]
    assert f"| {', '.join(f'{one:.1f}' for one in causes)} | |" in page
    times = np.arange(0.0, 30 * 3600, 60.0)
    for level, digits in ((1.05, 1), (1.13, 1), (1.3, 1), (2, 0)):
        binding = mglur5_binding(times, np.where(times < 3600, level, 1.0), found.mglur5)
        first, later = (scan_change(times, binding, start, 3600.0) for start in (0.0, 24 * 3600.0))
        assert f"| {level} | {first:.{digits}f} % | {later:.{digits}f} % |" in page
    assert f"SV2A: {sv2a_binding(0.8, found.sv2a):.2f} of a healthy brain" in page
    assert f"+{sv2a_change(0.9, 0.8, found.sv2a):.1f} %" in page
