"""What is recorded at the very time of an event is what was before it: any quantity, drug, target, kind of event."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from msim.backends.context import Context
from msim.backends.registry import BACKENDS
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.models.addresses import outputs
from msim.definitions.models.interventions import ModelChange
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.values import with_changes
from msim.multiscale import simulate as engine
from msim.pharmacology.compartments import ConcentrationCurve
from msim.pharmacology.regimen import Dose
from msim.recording.probe import Recording
from msim.recording.recorder import MemoryRecorder
from tests.smooth_network import SmoothNetwork

HOUR = 3600.0
# A bolus of each of two drugs, an infusion's begin and end, a bath's, a treatment's, a pulse; the first at the begin.
BEGIN, BOLUS, INFUSED, STOPPED, BATH, OUT, ON, OFF, CUT = (one * 600.0 for one in range(9))
END = CUT + 600.0
EVENTS = (BEGIN, BOLUS, INFUSED, STOPPED, BATH, OUT, ON, OFF, CUT)
DOSES = (
    Dose("ketamine", "intravenous", BEGIN, 0.0, 1e-4),
    Dose("ketamine", "intravenous", BOLUS, 0.0, 2e-4),
    Dose("memantine", "intravenous", BOLUS, 0.0, 1e-4),
    Dose("ketamine", "intravenous", INFUSED, STOPPED - INFUSED, 2e-4),
    Dose("memantine", "bath", BATH, OUT - BATH, 0.0, 5e-3),
)
NEAR = 1e-5  # s; what is continuous moves by less than a ten-thousandth of its size in it
ROUNDING = 4e-7  # s by which the same time may be written differently
QUICK = Schedule(settle=0.02, baseline=0.08, burst=0.02, burn_in=0.0, probe=0.02, tolerance=1e9, longest_leap=1800.0)
VALUES = {
    "eef2k.eEF2K": 0.5, "translation.T_prot": 0.7, "camkii.CaMKII": 0.5, "retinoic_acid.ligand": 0.4,
    "resting_release.rate_mini": "0.03 Hz", "bdnf_release.scavenged": 0.5, "nmda.free": 0.5,
}  # fmt: skip
CUTS = {"spines.number": 0.5, "eef2k.K": 0.5, "ampar_scaling.A": 0.9}


@pytest.fixture(scope="module")
def column() -> ModelDefinition:
    """30 cells, with the drugs that are given."""
    from msim.definitions.models.read_model import read_model

    return read_model("circuits/cortical_column").with_value("column.n_cells", 30)


def slowly(model: ModelDefinition) -> tuple[str, ...]:
    """All that samples can hold, of drugs that are given."""
    return tuple(
        name for name, one in outputs(model).items()
        if one.kind == "slow" or (one.kind == "drug" and one.owner in ("ketamine", "memantine"))
    )  # fmt: skip


def recorded(model: ModelDefinition, target: str, samples: tuple[float, ...]) -> MemoryRecorder:
    """A trial with all events; probes at all of them."""
    names, record = slowly(model), MemoryRecorder()
    changed = with_changes(model, VALUES, "test")
    interventions = (
        ModelChange(BEGIN, changed, {}), ModelChange(BOLUS, model, {}), ModelChange(ON, changed, {}),
        ModelChange(OFF, model, {}), ModelChange(CUT, model, CUTS),
    )  # fmt: skip
    probes = EVENTS if target == "smooth" else ()
    engine.simulate(
        model,
        engine.Protocol(BEGIN, END, 70.0, DOSES, interventions),
        Recording(samples, probes, names, names),
        record,
        1,
        Context(target="cpp" if target in ("smooth", "emulator") else target, schedule=QUICK),
    )
    return record


def tables(record: MemoryRecorder, model: ModelDefinition, samples: tuple[float, ...]) -> Mapping[str, np.ndarray]:
    """Means over cells by name, one value per sample."""
    times = np.concatenate(record.times)
    np.testing.assert_allclose(times, samples, rtol=0, atol=1e-6)
    return {name: np.concatenate(record.means[name]) for name in slowly(model)}


class Willing(SmoothNetwork):
    """A network to which other values make no difference."""

    def update_parameters(self, model: ModelDefinition) -> None:
        pass


class Alike(Willing):
    """A network of one cell for all, as an emulator's is."""

    alike = True

    def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
        self.inputs[population, receptor, name] = np.full(self.model.cells(population), np.mean(values))


SAMPLES = tuple(sorted({
    one + late for one in EVENTS for late in (-NEAR, -ROUNDING, 0.0, ROUNDING, NEAR) if one + late >= 0
} - {ROUNDING}))  # fmt: skip


@pytest.mark.parametrize("target", ["smooth", *(one for one in BACKENDS if one != "runtime")])
def test_a_record_at_an_event_is_what_was_before_it(
    column: ModelDefinition, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sample at an event is its neighbor before, however the time is written; after it something has jumped.

    Targets runtime and numpy are one class, which differs in its compiler; an emulator's cells are alike.
    """
    if target == "smooth":
        monkeypatch.setattr(engine, "build_network", lambda model, seed, context: Willing(model))
    if target == "emulator":
        one = engine.one_of_each(column)
        monkeypatch.setattr(engine, "build_network", lambda model, seed, context: Alike(one))
    record = recorded(column, target, SAMPLES)
    found, times, moved = tables(record, column, SAMPLES), np.array(SAMPLES), set()
    for name, values in found.items():
        size = np.abs(values).max() or 1.0
        for event in EVENTS[1:]:
            before, *at, after = values[np.abs(times - event) < 2 * NEAR]
            assert len(at) == 3
            np.testing.assert_allclose(at, before, rtol=0, atol=1e-4 * size, err_msg=f"{name} at {event:g} s")
            moved |= {(event, name)} if abs(after - before) > 1e-3 * size else set()
    # Without a jump the test would say nothing: of both drugs, of values and of states.
    assert {(BOLUS, "ketamine.C_plasma"), (BOLUS, "memantine.C_unbound"), (ON, "translation.rate"),
            (OFF, "camkii.activity"), (CUT, "spines.number"), (CUT, "ampar_scaling.A")} <= moved  # fmt: skip
    assert found["ketamine.C_plasma"][0] == 0 and found["eef2k.K"][0] == pytest.approx(1)
    assert found["translation.rate"][0] == pytest.approx(1) and found["translation.rate"][1] < 0.9
    for probe in record.probes:
        nearest = int(np.argmin(np.abs(times - probe.time)))
        for name in slowly(column):
            assert np.mean(probe.cells[name]) == pytest.approx(found[name][nearest], rel=1e-9, abs=1e-12), name


ROUTES = (
    ("intravenous", 0.0), ("intravenous", 300.0), ("intraperitoneal", 0.0), ("intranasal", 0.0), ("oral", 0.0),
    ("bath", 300.0),
)  # fmt: skip


@pytest.mark.parametrize(("route", "lasts"), ROUTES)
def test_levels_before_a_time_are_the_limit_from_before(column: ModelDefinition, route: str, lasts: float) -> None:
    """By every route, at the start and the end of what is given twice; between events both are the same."""
    pk = {"body_weight": 70.0, **column.parameters("ketamine")}
    amount = {"amount_mol": 0.0, "bath_mM": 1e-3} if route == "bath" else {"amount_mol": 1e-4}
    curve = ConcentrationCurve(pk, [Dose("ketamine", route, start, lasts, **amount) for start in (0.0, 900.0)])
    for time in (0.0, lasts, 900.0, 900.0 + lasts):
        for written in (time - ROUNDING, time, time + ROUNDING):
            before, limit = curve.before(written), curve(time - 2e-6)
            for name in limit:
                assert before[name] == pytest.approx(limit[name], rel=1e-5, abs=1e-12), (time, name)
    assert curve.before(450.0) == curve(450.0)
    assert curve.before(0.0) == dict.fromkeys(curve(0.0), 0.0)
