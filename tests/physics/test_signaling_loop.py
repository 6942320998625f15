"""Laws of the MeCP2 loop, alone and closed over receptors and spines: it keeps what is there and makes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from signaling_form import DAY, INTEGRATED, Form, of_one, shipped_parameters
from smooth_network import SmoothNetwork

from msim.definitions.models.model import ModelDefinition
from msim.multiscale.slow.scale import slow_scale
from msim.signaling.mecp2 import MECP2_LOOP

LOOP = Form(MECP2_LOOP)


@pytest.fixture(scope="module")
def shipped(model: ModelDefinition) -> dict[str, dict[str, float]]:
    """Parameters of the shipped model, by form."""
    return shipped_parameters(model)


def test_mecp2_that_cannot_be_phosphorylated_keeps_nothing(shipped: dict[str, dict[str, float]]) -> None:
    """S421A: the shift is remembered, but phosphorylation and all behind it stay at 0, exactly."""
    own = shipped["mecp2_loop"] | {"S421": 0.0}
    states = LOOP.after(30 * DAY, LOOP.rest(own), own, {"gain": 1.5, "p_TrkB": 1.0})
    assert states["p_MeCP2"] == states["L"] == states["C"] == 0
    assert states["X"] == pytest.approx(0.5, rel=INTEGRATED)


@pytest.mark.parametrize(
    ("changed", "inputs", "nothing"),
    [
        ({"transcription": 0.0}, {}, ("L",)),
        ({}, {"CaMKII": 0.0}, ("p_MeCP2", "L")),
        ({}, {"excitation": 0.0}, ("X", "p_MeCP2", "L")),
        ({}, {"gain": 0.7}, ("X", "p_MeCP2", "L")),
    ],
    ids=["no transcription", "no CaMKII", "silence", "a gain below rest"],
)
def test_each_step_of_the_chain_is_needed(
    changed: dict[str, float], inputs: dict[str, float], nothing: tuple[str, ...], shipped: dict[str, dict[str, float]]
) -> None:
    """What comes after a missing step stays at 0, exactly."""
    own = shipped["mecp2_loop"] | changed
    states = LOOP.after(5 * DAY, LOOP.rest(own), own, {"gain": 1.5, "p_TrkB": 1.0} | inputs)
    assert all(states[name] == 0 for name in nothing)
    assert LOOP.shown("retention", states, own, inputs) == 0


def test_the_shift_is_forgotten_exponentially(shipped: dict[str, dict[str, float]]) -> None:
    """X = X_0 exp(-t / tau_X) once no excess is left, whatever the rest of the loop does."""
    own = shipped["mecp2_loop"]
    start = {"X": 0.3, "p_MeCP2": 0.5, "L": 0.2, "C": 0.1}
    assert LOOP.after(2 * own["tau_X"], start, own, {})["X"] == pytest.approx(0.3 * np.exp(-2), rel=INTEGRATED)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    gain=st.floats(0.5, 5.0), excitation=st.floats(0.0, 3.0), CaMKII=st.floats(0.0, 1.1), p_TrkB=st.floats(0.0, 1.0),
    C=st.floats(0.0, 1.0), p=st.floats(0.0, 1.0), k_C=st.floats(0.0, 20.0),
)  # fmt: skip
def test_fractions_of_the_loop_stay_fractions(
    gain: float, excitation: float, CaMKII: float, p_TrkB: float, C: float, p: float, k_C: float
) -> None:
    """Slopes point inwards at 0 and 1 for phosphorylation, transcripts and consolidation, whatever drives them."""
    own = of_one(MECP2_LOOP, k_C=k_C)
    inputs = {"gain": gain, "excitation": excitation, "CaMKII": CaMKII, "p_TrkB": p_TrkB}
    states = {"X": max(gain - 1, 0.0), "p_MeCP2": p, "L": p, "C": C}
    for name in ("p_MeCP2", "L", "C"):
        assert LOOP.slopes({**states, name: 0.0}, own, inputs)[name] >= 0
        assert LOOP.slopes({**states, name: 1.0}, own, inputs)[name] <= 0


def gain_after(model: ModelDefinition, days: float, more: float) -> float:
    """Gain above rest some days after a loop was filled to the brim, with `more` times the resting excitation."""
    tiny = model.with_value("column.n_cells", 10)
    baseline = SmoothNetwork(tiny).burst(0.0, 1.0, keep_field=False)
    scale = slow_scale(tiny, lambda time: {"ketamine.C_e": 0.0}, baseline, 0.0)
    system = scale.systems["pyramidal"]
    y = system.rest[:, :1].copy()
    filled = {"ampar_scaling.A": 1 + tiny["ampar_scaling.A_max"], "spines.number": tiny["spines.N_max"],
              "mecp2_loop.X": 1.0, "mecp2_loop.p_MeCP2": 1.0, "mecp2_loop.L": 1.0, "mecp2_loop.C": 1.0}  # fmt: skip
    for name, value in filled.items():
        y[system.states.index(name)] = value
    told = {name: one[:1] for name, one in scale.averages(baseline).items()}
    told["excitation_to_mecp2"] = np.full(1, more)
    outside = scale.outside(system, 0.0, {**told})[:, :1]

    def slope(time: float, flat: np.ndarray) -> np.ndarray:
        return system.derivative(flat[:, None], outside)[:, 0]

    end = solve_ivp(slope, (0.0, days * DAY), y[:, 0], "LSODA", rtol=1e-8, atol=1e-12).y[:, -1]
    return float(end[system.states.index("ampar_scaling.A")] * end[system.states.index("spines.number")] - 1)


@pytest.mark.parametrize("strength", [1.0, 4.0])
def test_the_loop_has_no_second_resting_state(model: ModelDefinition, strength: float) -> None:
    """However strong: loss is slowed at most by 1 + eta (1 + chi) and never stopped, so in the end nothing is left.

    Filled to the brim, with twice the resting excitation, after 40 of the longest time that this allows.
    """
    strong = model.with_value("mecp2_loop.eta", strength * model["mecp2_loop.eta"])
    slowest = 1 + strong["mecp2_loop.eta"] * (1 + strong["mecp2_loop.chi"])
    longest = max(strong["ampar_scaling.tau_off"], strong["spines.tau_N"]) * slowest
    assert abs(gain_after(strong, 40 * longest / DAY, 2.0)) < 1e-9


def test_a_stronger_loop_keeps_longer_and_by_degrees(model: ModelDefinition) -> None:
    """A quarter more or less of eta changes what is left after ten days by less than half: no cliff on either side."""
    own = model["mecp2_loop.eta"]
    left = [gain_after(model.with_value("mecp2_loop.eta", share * own), 10, 1.0) for share in (0.75, 1.0, 1.25)]
    assert 0.5 * left[1] < left[0] < left[1] < left[2] < 1.5 * left[1]
