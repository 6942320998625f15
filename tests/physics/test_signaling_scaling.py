"""Laws of AMPA receptor number, spines and retinoic acid, from the declared equations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signaling_form import INTEGRATED, Form, of_one, shipped_parameters

from msim.definitions.models.model import ModelDefinition
from msim.signaling.retinoic_acid import RETINOIC_ACID
from msim.signaling.scaling import SCALING
from msim.signaling.spines import SPINES

AMPAR, SPINE, RETINOIC = (Form(one) for one in (SCALING, SPINES, RETINOIC_ACID))


@pytest.fixture(scope="module")
def shipped(model: ModelDefinition) -> dict[str, dict[str, float]]:
    """Parameters of the shipped model, by form."""
    return shipped_parameters(model)


# AMPA receptor number


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    p_TrkB=st.floats(0.0, 1.0), CaMKII=st.floats(0.0, 1.1), retinoic=st.floats(0.0, 1.0), A_max=st.floats(0.0, 3.0),
    retention=st.floats(0.0, 20.0), tau_in=st.floats(0.1, 10.0), tau_off=st.floats(0.1, 100.0),
)  # fmt: skip
def test_early_gain_lies_between_rest_and_all_places(
    p_TrkB: float, CaMKII: float, retinoic: float, A_max: float, retention: float, tau_in: float, tau_off: float
) -> None:
    """It settles where insertion into free places and loss balance, and leaves neither end outwards."""
    own = of_one(SCALING, A_max=A_max, tau_in=tau_in, tau_off=tau_off, n_T=3.0, w_K=0.4)
    inputs = {"p_TrkB": p_TrkB, "CaMKII": CaMKII, "retinoic": retinoic, "retention": retention}

    def slope(A: float) -> float:
        return AMPAR.slopes({"A": A}, own, inputs)["A"]

    assert slope(1.0) >= 0 >= slope(1 + A_max)
    places = A_max * AMPAR.shown("insertion", {"A": 1.0}, own, inputs)
    loss = tau_in / (tau_off * (1 + retention))
    assert slope(1 + places / (1 + loss)) == pytest.approx(0, abs=1e-13 * (1 + places / tau_in))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(low=st.floats(0.0, 1.0), high=st.floats(0.0, 1.0), n_T=st.floats(1.0, 6.0), T_50=st.floats(0.1, 1.0))
def test_a_stronger_signal_makes_more_places(low: float, high: float, n_T: float, T_50: float) -> None:
    """A graded response: a Hill function of TrkB, half filled at T_50."""
    own = of_one(SCALING, n_T=n_T, T_50=T_50)

    def insertion(p_TrkB: float) -> float:
        return AMPAR.shown("insertion", {"A": 1.0}, own, {"p_TrkB": p_TrkB})

    low, high = sorted((low, high))
    assert 0 <= insertion(low) <= insertion(high) <= 1
    assert insertion(0.0) == 0 and insertion(T_50) == pytest.approx(0.5, rel=1e-12)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(p_TrkB=st.floats(0.0, 1.0), retinoic=st.floats(0.0, 1.0))
def test_without_glua2_no_receptor_moves(p_TrkB: float, retinoic: float) -> None:
    """Neither by TrkB nor by retinoic acid: exactly 1 whatever acts."""
    own = of_one(SCALING, GluA2=0.0)
    inputs = {"p_TrkB": p_TrkB, "retinoic": retinoic, "retention": 3.0}
    assert AMPAR.slopes({"A": 1.0}, own, inputs)["A"] == 0
    assert AMPAR.shown("AMPAR_scale", {"A": 1.0}, own, inputs) == 1


@pytest.mark.parametrize("retention", [0.0, 4.0])
def test_early_gain_is_lost_exponentially_and_slower_where_retained(
    retention: float, shipped: dict[str, dict[str, float]]
) -> None:
    """Without TrkB: A - 1 = (A_0 - 1) exp(-t / (tau_off (1 + retention)))."""
    own = shipped["ampar_scaling"]
    left = AMPAR.after(3 * own["tau_off"], {"A": 1.4}, own, {"retention": retention})["A"] - 1
    assert left == pytest.approx(0.4 * np.exp(-3 / (1 + retention)), rel=INTEGRATED)


def test_camkii_keeps_its_share_of_insertion_and_no_more(shipped: dict[str, dict[str, float]]) -> None:
    """A silent cell, whose CaMKII sees nothing, scales by the rest of it."""
    own = shipped["ampar_scaling"]

    def insertion(CaMKII: float) -> float:
        return AMPAR.shown("insertion", {"A": 1.0}, own, {"p_TrkB": 0.6, "CaMKII": CaMKII})

    assert insertion(0.0) == pytest.approx((1 - own["w_K"]) * insertion(1.0), rel=1e-12)


def test_spines_multiply_what_each_of_them_holds() -> None:
    """Number times receptors of one."""
    assert AMPAR.shown("AMPAR_scale", {"A": 1.3}, of_one(SCALING), {"spines": 0.8}) == pytest.approx(1.04, rel=1e-15)


# Retinoic acid


@settings(max_examples=30, deadline=None, derandomize=True)
@given(ligand=st.floats(0.0, 100.0))
def test_retinoic_acid_acts_by_its_receptor_and_by_synthesis(ligand: float) -> None:
    """The receptor's occupancy; nothing under an antagonist, without synthesis or without the acid."""
    own = of_one(RETINOIC_ACID, ligand=ligand)
    assert RETINOIC.shown("insertion", {}, own, {}) == pytest.approx(ligand / (1 + ligand), rel=1e-14)
    for name in ("ligand", "RARalpha", "T_prot"):
        assert RETINOIC.shown("insertion", {}, own | {name: 0.0}, {}) == 0


# Spines


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    mTORC1=st.floats(0.0, 1.0), p_TrkB=st.floats(0.0, 1.0), retention=st.floats(0.0, 20.0), k_N=st.floats(0.0, 5.0),
    N_0=st.floats(0.3, 1.2), tau_N=st.floats(0.1, 100.0),
)  # fmt: skip
def test_spines_settle_between_their_rest_and_the_most(
    mTORC1: float, p_TrkB: float, retention: float, k_N: float, N_0: float, tau_N: float
) -> None:
    """Growth k_N mTORC1 p_TrkB (N_max - N) against loss: the weighted mean of N_max and N_0."""
    own = of_one(SPINES, k_N=k_N, N_0=N_0, tau_N=tau_N, N_max=1.3)
    inputs = {"mTORC1": mTORC1, "p_TrkB": p_TrkB, "retention": retention}
    grow, lose = k_N * mTORC1 * p_TrkB, 1 / (tau_N * (1 + retention))
    settled = (grow * 1.3 + lose * N_0) / (grow + lose)
    slope = SPINE.slopes({"number": settled}, own, inputs)["number"]
    assert slope == pytest.approx(0, abs=1e-13 * (1 + grow + 1 / tau_N))


@pytest.mark.parametrize("missing", ["mTORC1", "p_TrkB"])
def test_spines_need_both_mtorc1_and_trkb(missing: str, shipped: dict[str, dict[str, float]]) -> None:
    """Without either no spine grows, healthy or depressed."""
    for N_0 in (1.0, 0.8):
        own = shipped["spines"] | {"N_0": N_0}
        assert SPINE.slopes({"number": N_0}, own, {"mTORC1": 1.0, "p_TrkB": 1.0, missing: 0.0})["number"] == 0
