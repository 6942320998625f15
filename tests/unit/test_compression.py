"""Compressed time: the slow scale runs faster by the factor, and nothing else moves."""

from __future__ import annotations

import numpy as np
import pytest
from smooth_network import SmoothNetwork

from msim.base.units import Quantity, amp, dimensions_of, farad, kilogram, mmolar, mole, second, siemens, volt
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.time_scaling import compressed, compressed_doses, time_power
from msim.multiscale import simulate as engine
from msim.multiscale.slow.scale import slow_scale
from msim.pharmacology.regimen import Dose

FACTOR = 128.0


@pytest.mark.parametrize(
    ("unit", "power"),
    [
        (second, 1), (1 / second, -1), (mmolar / second, -1), (1 / (mmolar * second), -1), (mmolar, 0), (kilogram, 0),
        (kilogram / mole, 0), (volt, 0), (siemens, 0), (amp, 0), (farad, 1), (siemens / farad, -1), (1.0, 0),
    ],
)  # fmt: skip
def test_only_what_a_clock_measures_goes_with_it(unit: Quantity, power: float) -> None:
    """A capacitance is a conductance times a time; a potential is no time whatever SI makes of it."""
    assert time_power(dimensions_of(unit)) == power


def test_the_slow_scale_runs_faster_by_the_factor_and_is_otherwise_the_same(model: ModelDefinition) -> None:
    """dy/dt of every slow state under drug is multiplied, at rest and away from it; so are drug curves.

    Whatever slow parameter is missed, or scaled with a wrong power, shows in a slope.
    """
    small = model.with_value("column.n_cells", 10)
    quick = compressed(small, FACTOR)
    drug = next(one.name for one in small.on_scale("drug"))
    doses = (Dose(drug, "intravenous", 0.0, 2400.0, 1.5e-4),)
    slopes, curves = [], []
    for one, given, factor in ((small, doses, 1.0), (quick, compressed_doses(doses, FACTOR), FACTOR)):
        curve = engine.drug_curves(one, engine.Protocol(0.0, 1e4, 70.0, given))[drug]
        curves.append([curve(time / factor) for time in (600.0, 2400.0, 9000.0)])
        network = SmoothNetwork(one)
        burst = network.burst(0.0, 1.0, False)

        def drugs(time: float, curve=curve, factor=factor) -> dict[str, float]:  # type: ignore[no-untyped-def]
            return {f"{drug}.{name}": value for name, value in curve(600.0 / factor).items()}

        scale = slow_scale(one, drugs, burst, 0.0)
        random = np.random.default_rng(1)
        slopes.append({
            name: system.derivative(
                system.rest + random.uniform(0, 0.3, system.rest.shape),
                scale.outside(system, 0.0, scale.averages(burst)),
            )
            for name, system in scale.systems.items()
        })  # fmt: skip
    for before, after in zip(*curves, strict=True):
        for name, value in before.items():
            assert after[name] == pytest.approx(value, rel=1e-9, abs=1e-18)
    for name, slope in slopes[0].items():
        np.testing.assert_allclose(slopes[1][name], FACTOR * slope, rtol=1e-12, atol=1e-15)
        assert np.abs(slope).max() > 0


def test_spiking_cells_keep_every_value(model: ModelDefinition) -> None:
    """Also those that a file writes once for both scales."""
    quick = compressed(model, FACTOR)
    for path in model.values:
        owner = model.instances.get(path.split(".")[0])
        if owner is None or owner.mechanism.scale not in ("slow", "drug"):
            assert quick[path] == model[path]


def test_compressing_there_and_back_is_nothing(model: ModelDefinition) -> None:
    """A power of two loses no digit."""
    back = compressed(compressed(model, FACTOR), 1 / FACTOR)
    assert all(back[path] == pytest.approx(model[path], rel=1e-14) for path in model.values)
