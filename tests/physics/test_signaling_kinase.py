"""Laws of resting calcium, eEF2 kinase, translation and CaMKII, from the declared equations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signaling_form import DAY, HOUR, INTEGRATED, Form, of_one, shipped_parameters

from msim.definitions.models.model import ModelDefinition
from msim.signaling.calcium import RESTING_CALCIUM
from msim.signaling.camkii import CAMKII
from msim.signaling.eef2k import EEF2K
from msim.signaling.translation import TRANSLATION

CALCIUM, KINASE, SYNTHESIS, GATE = (Form(one) for one in (RESTING_CALCIUM, EEF2K, TRANSLATION, CAMKII))


@pytest.fixture(scope="module")
def shipped(model: ModelDefinition) -> dict[str, dict[str, float]]:
    """Parameters of the shipped model, by form."""
    return shipped_parameters(model)


# Calcium


def test_calcium_is_one_at_rest_and_nothing_under_full_block(shipped: dict[str, dict[str, float]]) -> None:
    """Two pools share it: full block of one leaves exactly the other's share, a competitive antagonist nothing."""
    own = shipped["resting_calcium"]

    def u(changes: dict[str, float] | None = None, **inputs: float) -> float:
        return CALCIUM.shown("u", {}, own | (changes or {}), inputs)

    assert u() == pytest.approx(1, rel=1e-15)
    assert u(b_resting=1.0, b_evoked=1.0) == u({"NMDAR": 0.0}) == 0
    assert u(b_resting=1.0) == pytest.approx(own["w_evoked"], rel=1e-15)
    assert u(b_evoked=1.0) == pytest.approx(1 - own["w_evoked"], rel=1e-15)


def test_without_stores_their_share_of_resting_calcium_is_missing(shipped: dict[str, dict[str, float]]) -> None:
    """And none of the evoked calcium, which CaMKII goes on seeing."""
    own = shipped["resting_calcium"] | {"stores": 0.0}
    lost = own["w_stores"] * (1 - own["w_evoked"])
    assert CALCIUM.shown("u", {}, own, {}) == pytest.approx(1 - lost, rel=1e-15)
    assert CALCIUM.shown("evoked", {}, own, {}) == 1


# eEF2 kinase


def ketamine_calcium(time: float) -> dict[str, float]:
    """Calcium that falls, recovers and overshoots."""
    return {"u": 1 - 0.6 * np.sin(2 * np.pi * time / (6 * HOUR))}


@pytest.mark.parametrize("missing", ["eEF2K", "activity"])
def test_without_the_kinase_eef2_is_never_phosphorylated(missing: str, shipped: dict[str, dict[str, float]]) -> None:
    """Whatever calcium does: exactly, so no route from calcium to translation is left."""
    own = shipped["eef2k"] | {missing: 0.0}
    states = KINASE.after(2 * DAY, KINASE.rest(own), own, ketamine_calcium)
    assert states == {"K": 0.0, "p_eEF2": 0.0}
    assert KINASE.shown("brake", states, own, {"u": 0.0}) == 0


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    u=st.floats(0.0, 3.0), amount=st.floats(0.01, 3.0), n=st.floats(1.0, 5.0), p_rest=st.floats(0.02, 0.95),
    activity=st.floats(0.0, 1.0),
)  # fmt: skip
def test_phosphorylation_settles_where_kinase_and_phosphatase_balance(
    u: float, amount: float, n: float, p_rest: float, activity: float
) -> None:
    """K = eEF2K activity u^n and p / (1 - p) = K odds: slopes vanish there, to rounding of terms up to 3 3^5 19."""
    own = of_one(EEF2K, eEF2K=amount, activity=activity, n=n, p_rest=p_rest)
    K = amount * activity * u**n
    odds = K * p_rest / (1 - p_rest)
    p = odds / (1 + odds)
    slopes = KINASE.slopes({"K": K, "p_eEF2": p}, own, {"u": u})
    assert all(abs(slope) < 1e-15 * max(1.0, odds) * 4 for slope in slopes.values())


def test_the_steady_state_is_reached(shipped: dict[str, dict[str, float]]) -> None:
    """From rest and from zero alike; what is left after 40 of the longest time is e^-40."""
    own = shipped["eef2k"]
    K = 0.7 ** own["n"]
    odds = K * own["p_rest"] / (1 - own["p_rest"])
    for start in (KINASE.rest(own), dict.fromkeys(KINASE.states, 0.0)):
        states = KINASE.after(40 * max(own["tau_K"], own["tau_P"]), start, own, {"u": 0.7})
        assert states["K"] == pytest.approx(K, rel=INTEGRATED)
        assert states["p_eEF2"] == pytest.approx(odds / (1 + odds), rel=INTEGRATED)


# Translation


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    brake=st.floats(0.0, 3.0), surge=st.floats(0.0, 3.0), beta_d=st.floats(0.0, 5.0), beta_a=st.floats(0.0, 5.0),
    capacity=st.floats(0.0, 2.0),
)  # fmt: skip
def test_relief_and_surge_add_and_synthesis_is_never_negative(
    brake: float, surge: float, beta_d: float, beta_a: float, capacity: float
) -> None:
    """T_prot (1 + beta_d (1 - brake) + beta_a surge), or nothing where the brake takes more than there is."""
    own = of_one(TRANSLATION, T_prot=capacity, beta_d=beta_d, beta_a=beta_a)
    expected = capacity * max(1 + beta_d * (1 - brake) + beta_a * surge, 0.0)
    assert SYNTHESIS.shown("rate", {}, own, {"brake": brake, "surge": surge}) == pytest.approx(expected, abs=1e-14)


def test_synthesis_is_one_at_rest_and_nothing_without_capacity(shipped: dict[str, dict[str, float]]) -> None:
    """Exactly, whatever acts."""
    own = shipped["translation"]
    assert SYNTHESIS.shown("rate", {}, own, {}) == 1
    assert SYNTHESIS.shown("rate", {}, own | {"T_prot": 0.0}, {"brake": 0.0, "surge": 2.0}) == 0


# CaMKII


@settings(max_examples=40, deadline=None, derandomize=True)
@given(low=st.floats(0.0, 3.0), high=st.floats(0.0, 3.0), c_K=st.floats(0.05, 2.0), n_K=st.floats(1.0, 6.0))
def test_camkii_follows_evoked_calcium(low: float, high: float, c_K: float, n_K: float) -> None:
    """Nothing without calcium, one at rest, rising in between and bounded by 1 + c_K^n_K."""
    own = of_one(CAMKII, c_K=c_K, n_K=n_K)

    def activity(evoked: float) -> float:
        return GATE.shown("activity", {}, own, {"evoked": evoked})

    low, high = sorted((low, high))
    assert activity(0.0) == 0 and activity(1.0) == pytest.approx(1, rel=1e-14)
    assert activity(low) <= activity(high) * (1 + 1e-14)
    assert activity(high) <= (1 + c_K**n_K) * (1 + 1e-14)
    assert GATE.shown("activity", {}, own | {"CaMKII": 0.0}, {"evoked": high}) == 0
