"""The shipped numbers of the readouts of glutamate reach their functions, in units and with sources."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from msim.definitions.files.read import find
from msim.definitions.models.read_model import read_model, read_part
from msim.measures.energy_use import energy_use
from msim.measures.glutamate_cycle import UMOL_PER_G_MIN, glutamate_cycle
from msim.measures.receptor_pet import mglur5_binding, scan_change
from msim.measures.synapse_pet import sv2a_binding, sv2a_change
from msim.studies.analyses.glutamate.readouts import read_glutamate_readouts


def test_the_shipped_numbers_are_read_in_si_units() -> None:
    """Each as its file has it, converted by hand."""
    found = read_glutamate_readouts()
    assert found.cycle["quantum"] * 6.02214076e23 == pytest.approx(3640, rel=1e-12)
    assert found.cycle["tissue"] == pytest.approx(1036, rel=1e-12)
    assert found.energy["ATP_NMDA"] * 6.02214076e23 == pytest.approx(70000, rel=1e-12)
    assert found.energy["housekeeping"] * 6e4 == pytest.approx(2.3, rel=1e-12)
    assert found.mglur5["k_in"] == pytest.approx(1 / 3600, rel=1e-12)
    assert found.mglur5["k_out"] == pytest.approx(3 / 3600, rel=1e-12)
    assert found.sv2a["terminals_lost"] == 1


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
    assert read_glutamate_readouts().cycle["local"] == pytest.approx(local / every, abs=5e-4)


def test_the_page_says_what_the_shipped_numbers_give() -> None:
    """Every number of docs/GLUTAMATE.md that the functions make, to the digits printed there."""
    page = (Path(__file__).parents[2] / "docs" / "GLUTAMATE.md").read_text(encoding="utf-8")
    found = read_glutamate_readouts()
    rest, fewer = (glutamate_cycle(found.cycle, 2.5, 2.221, 0.0127, spines) for spines in (1.0, 0.8))
    silent = glutamate_cycle(found.cycle, 0, 0, 0.0127)
    whole, less = (energy_use(found.energy, one, 1.0, 0.0) for one in (rest, fewer))
    per_minute = {name: UMOL_PER_G_MIN * one for name, one in (found.energy | whole).items()}
    assert f"| V_cycle | {UMOL_PER_G_MIN * rest['V_cycle']:.2f} umol/g/min" in page
    assert f"| {UMOL_PER_G_MIN * silent['V_cycle']:.4f} umol/g/min | |" in page
    assert f"| neuronal V_TCA | {per_minute['V_TCA']:.2f} umol/g/min" in page
    assert f"| ATP | {per_minute['ATP']:.1f} umol/g/min" in page
    assert f"| 0 % | {100 * (less['V_TCA'] / whole['V_TCA'] - 1):.1f} % |" in page
    causes = [per_minute[one] for one in ("housekeeping", "spikes", "vesicles", "AMPA", "NMDA")]
    assert f"| {', '.join(f'{one:.1f}' for one in causes)} | |" in page
    times = np.arange(0.0, 30 * 3600, 60.0)
    for level, digits in ((1.05, 1), (1.13, 1), (1.3, 1), (2, 0)):
        binding = mglur5_binding(times, np.where(times < 3600, level, 1.0), found.mglur5)
        first, later = (scan_change(times, binding, start, 3600.0) for start in (0.0, 24 * 3600.0))
        assert f"| {level} | {first:.{digits}f} % | {later:.{digits}f} % |" in page
    assert f"SV2A: {sv2a_binding(0.8, found.sv2a):.2f} of a healthy brain" in page
    assert f"+{sv2a_change(0.9, 0.8, found.sv2a):.1f} %" in page
