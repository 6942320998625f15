"""Laws of BDNF synthesis and release, TrkB and mTORC1, from the declared equations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signaling_form import DAY, HOUR, INTEGRATED, Form, of_one, shipped_parameters

from msim.definitions.models.model import ModelDefinition
from msim.signaling.bdnf_release import BDNF_RELEASE
from msim.signaling.bdnf_trkb import BDNF_TRKB
from msim.signaling.mtorc1 import MTORC1

RELEASE, BDNF, MTOR = (Form(one) for one in (BDNF_RELEASE, BDNF_TRKB, MTORC1))


@pytest.fixture(scope="module")
def shipped(model: ModelDefinition) -> dict[str, dict[str, float]]:
    """Parameters of the shipped model, by form."""
    return shipped_parameters(model)


def released(own: dict[str, float], D: float = 1.0) -> float:
    """Share of newly made BDNF that reaches TrkB."""
    return RELEASE.shown("release", {}, own, {"D": D})


# Release


def test_release_is_one_at_rest_and_needs_both_sources(shipped: dict[str, dict[str, float]]) -> None:
    """SG7, in series: without presynaptic BDNF there is none, and an antibody holds back just its share."""
    own = shipped["bdnf_release"]
    assert released(own) == pytest.approx(1, rel=1e-15)
    assert released(own | {"BDNF_pre": 0.0}, D=2.0) == 0
    assert released(own | {"scavenged": 0.75}) == pytest.approx(0.25, rel=1e-14)
    assert released(own | {"scavenged": 1.0}) == 0
    assert released(own | {"TrkB_pre": 0.0}) == pytest.approx(1 - own["w_autocrine"], rel=1e-14)


def test_three_ways_out_of_the_dendrite_add_up(shipped: dict[str, dict[str, float]]) -> None:
    """Silence leaves what is constitutive and what miniatures permit; an antagonist as well only the former."""
    own = shipped["bdnf_release"] | {"w_constitutive": 0.1}
    assert released(own, D=0.0) == pytest.approx(0.1 + own["w_miniature"], rel=1e-14)
    assert released(own | {"AMPAR": 0.0}, D=0.0) == pytest.approx(0.1, rel=1e-14)
    assert released(own | {"regulated": 0.0}) == pytest.approx(0.1 + own["w_miniature"], rel=1e-14)
    assert released(own | {"w_constitutive": 1.0, "w_miniature": 0.0, "AMPAR": 0.0}, D=0.0) == 1


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    low=st.floats(0.0, 5.0), high=st.floats(0.0, 5.0), h=st.floats(1.0, 8.0), D_R=st.floats(0.1, 3.0),
    regulated=st.floats(0.0, 1.0),
)  # fmt: skip
def test_more_activity_permits_more_and_a_mutant_less(
    low: float, high: float, h: float, D_R: float, regulated: float
) -> None:
    """Monotonic in drive and in regulated secretion; permission is bounded by 1 + D_R^h."""
    own = of_one(BDNF_RELEASE, w_constitutive=0.1, w_miniature=0.2, scavenged=0.0, h=h, D_R=D_R)
    low, high = sorted((low, high))
    assert released(own, low) <= released(own, high) * (1 + 1e-14)
    assert released(own | {"regulated": regulated}, high) <= released(own, high) * (1 + 1e-14)
    assert RELEASE.shown("permission", {}, own, {"D": high}) <= (1 + D_R**h) * (1 + 1e-14)


# BDNF and TrkB


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    amount=st.floats(0.0, 50.0), used_to=st.floats(0.0, 5.0), release=st.floats(0.0, 2.0), K_T=st.floats(0.01, 3.0),
    TrkB=st.floats(0.0, 1.0), p=st.floats(0.0, 1.0),
)  # fmt: skip
def test_trkb_activation_stays_a_fraction(
    amount: float, used_to: float, release: float, K_T: float, TrkB: float, p: float
) -> None:
    """Not rising where all is activated, not falling at 0; between, to the closed form of what is new."""
    own = of_one(BDNF_TRKB, K_T=K_T, TrkB=TrkB)

    def slope(activated: float) -> float:
        states = {"mRNA": 1.0, "BDNF": amount, "set_point": used_to, "p_TrkB": activated}
        return BDNF.slopes(states, own, {"release": release})["p_TrkB"]

    new = max(amount - used_to, 0.0) * release
    assert slope(0.0) >= 0 >= slope(TrkB)
    assert slope(p) == pytest.approx(TrkB * new / (new + K_T) - p, rel=1e-12, abs=1e-12)


def test_bdnf_settles_at_its_translation_and_the_cell_gets_used_to_it(shipped: dict[str, dict[str, float]]) -> None:
    """A rise acts at first and not for life: after 40 of the set point's time nothing of it is left."""
    own = shipped["bdnf_trkb"]
    soon = BDNF.after(2 * HOUR, BDNF.rest(own), own, {"translation": 1.5})
    late = BDNF.after(40 * own["tau_set"], BDNF.rest(own), own, {"translation": 1.5})
    assert soon["p_TrkB"] > 0.3
    assert late["BDNF"] == pytest.approx(1.5, rel=INTEGRATED)
    assert late["set_point"] == pytest.approx(1.5, rel=INTEGRATED)
    assert late["p_TrkB"] == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("gene", ["BDNF_gene", "TrkB", "endocytosis", "trafficking", "transcription"])
def test_without_bdnf_or_trkb_nothing_is_activated(gene: str, shipped: dict[str, dict[str, float]]) -> None:
    """Exactly: no drug effect can pass either knock-out."""
    own = shipped["bdnf_trkb"] | {gene: 0.0}
    assert BDNF.after(DAY, BDNF.rest(own), own, {"translation": 3.0, "release": 2.0})["p_TrkB"] == 0


def test_a_stop_of_transcription_is_felt_as_the_mrna_goes(shipped: dict[str, dict[str, float]]) -> None:
    """SG3: mRNA falls as exp(-t / tau_mRNA), so hours take little of what translation has to work with."""
    own = shipped["bdnf_trkb"]
    stopped = own | {"transcription": 0.0}
    left = BDNF.after(3 * HOUR, BDNF.rest(own), stopped, {})["mRNA"]
    assert left == pytest.approx(np.exp(-3 * HOUR / own["tau_mRNA"]), rel=INTEGRATED)


# mTORC1


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    G=st.floats(0.0, 5.0), p=st.floats(0.0, 1.0), g_0=st.floats(0.0, 1.0), a_T=st.floats(0.0, 5.0),
    a_G=st.floats(0.0, 5.0),
)  # fmt: skip
def test_mtorc1_is_a_fraction_that_trkb_and_the_surge_fill(
    G: float, p: float, g_0: float, a_T: float, a_G: float
) -> None:
    """drive / (1 + drive); nothing at rest, nothing under an inhibitor, and a fall of glutamate is no surge."""
    own = of_one(MTORC1, g_0=g_0, a_T=a_T, a_G=a_G)
    usual = {"usual": 1.0}
    surge = max(G - 1 - g_0, 0.0)
    drive = a_T * p + a_G * surge
    inputs = {"G": G, "p_TrkB": p}
    assert MTOR.shown("activity", usual, own, inputs) == pytest.approx(drive / (1 + drive), rel=1e-12, abs=1e-15)
    assert MTOR.shown("surge", usual, own, inputs) == pytest.approx(surge, rel=1e-12, abs=1e-15)
    assert MTOR.shown("activity", usual, own, {}) == MTOR.shown("surge", usual, own, {}) == 0
    for name in ("activity", "surge"):
        for held in ("mTOR", "mTOR_local"):
            assert MTOR.shown(name, usual, own | {held: 0.0}, inputs) == 0


def test_a_surge_that_lasts_is_no_surge(shipped: dict[str, dict[str, float]]) -> None:
    """mTORC1 gets used to glutamate: of a step to 1.5 what is left after t is 0.5 exp(-t / tau_G) - g_0."""
    own = shipped["mtorc1"]
    states = MTOR.after(own["tau_G"], MTOR.rest(own), own, {"G": 1.5})
    left = MTOR.shown("surge", states, own, {"G": 1.5})
    assert left == pytest.approx(0.5 * np.exp(-1) - own["g_0"], rel=1e-7)
