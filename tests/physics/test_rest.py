"""Where a linked model rests: laws of the settled states, and of the baseline that is taken with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from smooth_network import SmoothNetwork

from msim.base.errors import SimulationError
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.models.model import ModelDefinition
from msim.multiscale.baseline import piece_count
from msim.multiscale.simulate import resting_scale
from msim.multiscale.slow.ode import slow_system
from msim.multiscale.slow.scale import SlowScale, slow_scale
from msim.multiscale.slow.steady_state import STANDS_STILL, steady_states

YEAR = 365 * 86400.0


def no_drug(time: float) -> dict[str, float]:
    """A body without drug."""
    return {"ketamine.C_e": 0.0}


@pytest.fixture(scope="module")
def tiny(model: ModelDefinition) -> ModelDefinition:
    """Ten cells whose fast averages come from a smooth response."""
    return model.with_value("column.n_cells", 10)


def scale_of(model: ModelDefinition) -> tuple[SlowScale, np.ndarray]:
    """The slow scale of a model, and what its pyramidal cells read at rest."""
    baseline = SmoothNetwork(model).burst(0.0, 1.0, keep_field=False)
    scale = slow_scale(model, no_drug, baseline, 0.0)
    return scale, scale.outside(scale.systems["pyramidal"], 0.0, scale.averages(baseline))


def test_where_forms_rest_together_nothing_is_moved(tiny: ModelDefinition) -> None:
    """The shipped rest is left as declared, to the last bit."""
    scale, _ = scale_of(tiny)
    assert np.all(scale.systems["pyramidal"].rest[:, 0] == declared_rest(tiny))


def declared_rest(model: ModelDefinition) -> np.ndarray:
    """Resting states as the forms give them, of one cell."""
    return slow_system(model, "pyramidal").rest[:, 0]


@pytest.mark.parametrize(("path", "value"), [("translation.T_prot", 2.0), ("translation.T_prot", 0.5)])
def test_the_settled_rest_is_where_time_leads(tiny: ModelDefinition, path: str, value: float) -> None:
    """Against twenty years of SciPy from the declared rest: the same states, and they stand still.

    SciPy's steps end within some tens of rtol of what they lead to.
    """
    scale, outside = scale_of(tiny.with_value(path, value))
    system = scale.systems["pyramidal"]
    assert np.abs(system.derivative(system.rest, outside)).max() < STANDS_STILL
    start = declared_rest(scale.model)

    def slope(time: float, y: np.ndarray) -> np.ndarray:
        return system.derivative(y[:, None], outside[:, :1])[:, 0]

    found = solve_ivp(slope, (0.0, 20 * YEAR), start, "LSODA", rtol=1e-9, atol=1e-11).y[:, -1]
    np.testing.assert_allclose(system.rest[:, 0], found, rtol=1e-6, atol=1e-7)


def test_what_never_rests_is_refused(tiny: ModelDefinition) -> None:
    """A slope without a zero: the state that runs away is named."""
    scale, outside = scale_of(tiny)
    system = scale.systems["pyramidal"]
    running = replace(
        system,
        derivative=lambda y, outside: np.ones_like(y),
        jacobian=lambda y, outside: np.zeros((len(system.elimination.entries), y.shape[1])),
    )
    with pytest.raises(SimulationError, match="find no rest"):
        steady_states(running, outside)


def test_the_baseline_is_taken_with_the_gains_of_the_rest(tiny: ModelDefinition) -> None:
    """Once where nothing is handed down; again where a resting gain moves what the cells do."""
    for N_0, bursts in ((1.0, 1), (0.8, 1 + piece_count(Schedule()))):
        model = tiny.with_value("spines.N_0", N_0)
        network = SmoothNetwork(model)
        first = network.burst(0.0, 1.0, keep_field=False)
        resting_scale(model, no_drug, network, [first, first], 0.0, Schedule())
        assert network.bursts == bursts
        scale = slow_scale(model, no_drug, first, 0.0)
        gain = scale.outputs(scale.rest(), 0.0, scale.averages(first))["ampar_scaling.AMPAR_scale"]
        np.testing.assert_allclose(network.inputs["pyramidal", "ampa", "gain"], gain, rtol=1e-9)
