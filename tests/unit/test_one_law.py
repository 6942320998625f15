"""Laws that several parts of msim apply are those of one function, or agree with it."""

from __future__ import annotations

import numpy as np
import pytest

from msim.base.intervals import mean_and_reach, standardized
from msim.base.quantities import parse_quantity
from msim.definitions.experiments.doses import regimen
from msim.definitions.files.schema import DoseEntry
from msim.definitions.models.model import ModelDefinition
from msim.emulator.sampling import BIN, synchrony_of
from msim.imaging.group import against_zero
from msim.measures.spikes import fano_factor
from msim.meg.fields import read_sensors
from msim.studies.analyses.go_nogo.figure import _interval
from msim.trials.volley import during_volley, read_volley
from msim.verdicts.verdict import paired_interval, standardized_effect


@pytest.mark.parametrize("n", [3, 4, 10, 60])
def test_intervals_of_a_mean_agree_wherever_they_are_drawn_or_printed(n: int) -> None:
    """Verdicts, sweeps, figures of studies, and SciPy's test behind tables of participants."""
    values = np.random.default_rng(n).normal(0.3, 2.0, n)
    effect, (low, high) = paired_interval(values)
    mean, reach = mean_and_reach(values)
    row = against_zero("x", values)
    for found in ((low, high), (mean - reach, mean + reach), (effect - _interval(values), effect + _interval(values))):
        assert found == pytest.approx((row.low, row.high), rel=1e-9)
    assert standardized_effect(values) == standardized(values) == pytest.approx(row.effect, rel=1e-12)


def test_a_seed_without_a_value_is_not_passed_over_by_a_verdict() -> None:
    """A sweep draws what is done; a claim is about all seeds."""
    values = np.array([1.0, 1.1, np.nan])
    assert np.isnan(paired_interval(values)[1]).all()
    assert np.isfinite(mean_and_reach(values)[1])


@pytest.mark.parametrize("seed", range(3))
def test_synchrony_of_a_emulator_is_the_fano_factor(seed: int) -> None:
    """Spikes lie on steps of 0.1 ms, often on the edge of a bin."""
    random = np.random.default_rng(seed)
    times = np.sort(random.integers(0, 10_000, 500)) * 1e-4
    counts = np.bincount(np.round(times / 1e-4).astype(int) // round(BIN / 1e-4), minlength=200)
    assert synchrony_of(times, 1.0) == fano_factor(times, 0.0, 1.0, BIN) == pytest.approx(counts.var() / counts.mean())
    assert synchrony_of(np.empty(0), 1.0) == 1.0


def test_a_volley_is_that_of_a_touch(small_model: ModelDefinition) -> None:
    """One pair of numbers, and one way to make afferents louder: coloured drives and what follows them."""
    sensors, sent = read_sensors(), read_volley()
    assert (sent.factor, sent.duration) == (sensors.factor, sensors.duration)
    louder = during_volley(small_model, 3.0)
    for one in small_model.drives.values():
        times = 3.0 if one.colour else 1.0
        assert louder[f"{one.name}.rate"] == pytest.approx(times * small_model[f"{one.name}.rate"], rel=1e-5)


@pytest.mark.parametrize(("given", "milligrams"), [
    ({"mg_per_kg": 0.5}, 35.0), ({"mg": 35.0}, 35.0), ({"mg_per_kg_per_hour": 0.75, "duration": "40 minute"}, 35.0),
])  # fmt: skip
def test_amounts_of_doses_are_one_unit_apart(given: dict[str, object], milligrams: float) -> None:
    """0.5 mg/kg for 70 kg, however it is said, in moles by the molar mass."""
    declared = DoseEntry.model_validate({"drug": "ketamine", "route": "intravenous", "at": "0 s", **given})
    mass = float(parse_quantity("237.7 g / mol", "test"))
    dose = regimen([declared], 70.0, {"ketamine": mass}, "test")[0]
    assert dose.amount_mol * mass * 1e6 == pytest.approx(milligrams, rel=1e-12)
