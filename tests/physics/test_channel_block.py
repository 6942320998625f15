"""Laws of Mg2+ block and of trapping block, read from the declared equations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy
from brian2.equations.equations import Equations
from brian2.parsing.sympytools import str_to_sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from msim.pharmacology.channel_block import MG_BLOCK, SUBUNITS, trapping_block

MG = {"Mg_o": 1.0, "K_Mg": 3.57, "v_Mg": 1 / 62}
RATES = {"IC50_0": 3.3e-4, "k_off": 0.22, "k_esc": 0.0}
DRUG = {"C_drug": 1e-3, "rho": 0.01, "v": -0.066}
ONLY_2A = {"share_2B": 0.0, "share_2D": 0.0, "GluN2A": 1.0, "GluN2B": 1.0, "GluN2D": 1.0, "K_Mg_2D": 23.4}
OTHERS = {"IC50_2B_drug": 1.0, "IC50_2D_drug": 1.0, "b_2B_drug": 0.0, "b_2D_drug": 0.0}


def compiled(text: str, names: list[str]) -> Callable[..., Any]:
    """A function of keywords from an expression in Brian2's notation."""
    function = sympy.lambdify([sympy.Symbol(name, real=True) for name in names], str_to_sympy(text))
    return lambda **values: function(*(values[name] for name in names))


mg_block = compiled(MG_BLOCK, ["v", "Mg_o", "K_Mg", "v_Mg"])


def equations_for(*drugs: str) -> dict[str, Callable[..., Any]]:
    """Slopes and outputs of the pool under some drugs, by name."""
    form = trapping_block(drugs)
    names = [*form.rest, *(one.name for one in (*form.inputs, *form.parameters))]
    substituted = dict(Equations(form.equations).get_substituted_expressions(include_subexpressions=True))
    return {name: compiled(expression.code, names) for name, expression in substituted.items()}


def slope(b: float, IC50_0: float, k_off: float, k_esc: float, **values: float) -> float:
    """db/dt in a pool that is all GluN2A, under one drug."""
    own = {"IC50_2A_drug": IC50_0, "k_off_drug": k_off, "k_esc_drug": k_esc, "b_2A_drug": b}
    return float(ONE_DRUG["b_2A_drug"](**ONLY_2A, **OTHERS, **own, **values))


ONE_DRUG, TWO_DRUGS = equations_for("drug"), equations_for("tight", "leaky")
CLOSED = {**DRUG, "rho": 0.0}
ALL = {**MG, **RATES, **DRUG}


def blocked(start: float, after: float, **changes: float) -> float:
    """Blocked fraction after a time in s; the solver allows 1e-10 a step."""
    values = {**ALL, **changes}
    solution = solve_ivp(
        lambda t, y: [slope(b=y[0], **values)], (0.0, after), [start], "LSODA", rtol=1e-10, atol=1e-13
    )
    return float(solution.y[0, -1])


def steady(**changes: float) -> float:
    """Where the slope vanishes; it falls in a straight line with b, so two points find it."""
    values = {**ALL, **changes}
    at_zero, at_one = slope(b=0.0, **values), slope(b=1.0, **values)
    return float(at_zero / (at_zero - at_one))


def test_without_magnesium_all_of_the_conductance_is_left() -> None:
    """At any voltage, exactly."""
    assert all(mg_block(v=v, **{**MG, "Mg_o": 0.0}) == 1.0 for v in np.linspace(-0.12, 0.06, 19))


def test_strong_depolarisation_removes_magnesium() -> None:
    """What is blocked falls e-fold every v_Mg: below exp(-20) of its value at 0 mV after 20 of them."""
    blocked_at_zero = 1 - mg_block(v=0.0, **MG)
    assert 1 - mg_block(v=20 * MG["v_Mg"], **MG) < blocked_at_zero * np.exp(-20) * 1.3
    assert mg_block(v=60 * MG["v_Mg"], **MG) == 1.0


def test_strong_hyperpolarisation_closes_the_pore() -> None:
    """What is left falls e-fold every v_Mg."""
    assert mg_block(v=-30 * MG["v_Mg"], **MG) / mg_block(v=-31 * MG["v_Mg"], **MG) == pytest.approx(np.e, rel=1e-9)


@pytest.mark.parametrize("K_Mg", [1.0, 3.57, 23.4])
def test_half_is_left_where_magnesium_equals_its_constant(K_Mg: float) -> None:
    """At 0 mV with Mg_o = K_Mg, and n v_Mg higher with e^n times as much."""
    assert mg_block(v=0.0, Mg_o=K_Mg, K_Mg=K_Mg, v_Mg=MG["v_Mg"]) == 0.5
    raised = mg_block(v=2 * MG["v_Mg"], Mg_o=K_Mg * np.e**2, K_Mg=K_Mg, v_Mg=MG["v_Mg"])
    assert raised == pytest.approx(0.5, rel=1e-14)


def test_magnesium_raises_the_ic50_by_the_published_factor() -> None:
    """NM4: 1 mM at -66 mV gives a factor 17.8; measured for GluN2A 5.35/0.33 = 16.2."""
    factor = 1 / mg_block(v=-0.066, **MG)
    assert factor == pytest.approx(17.8, rel=0.005)
    assert factor == pytest.approx(5.35 / 0.33, rel=0.1)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(b=st.floats(0.0, 1.0), C_drug=st.floats(0.0, 0.1), v=st.floats(-0.1, 0.03))
def test_a_closed_gate_neither_takes_nor_loses_drug(b: float, C_drug: float, v: float) -> None:
    """Exactly, whatever the concentration, as long as nothing escapes by another way."""
    assert slope(b=b, **{**ALL, "rho": 0.0, "C_drug": C_drug, "v": v}) == 0.0


def test_a_closed_gate_keeps_its_blocker_through_an_integration() -> None:
    """After a day, with and without drug outside."""
    for C_drug in (0.0, 1.0):
        assert blocked(0.4, 86400.0, rho=0.0, C_drug=C_drug) == 0.4


@settings(max_examples=50, deadline=None, derandomize=True)
@given(rho=st.floats(1e-5, 1.0), C_drug=st.floats(0.0, 0.1), Mg_o=st.floats(0.0, 10.0), v=st.floats(-0.1, 0.03))
def test_a_fully_trapped_drug_settles_at_its_binding_curve(rho: float, C_drug: float, Mg_o: float, v: float) -> None:
    """C / (C + IC50) with the IC50 of that Mg2+ and voltage, whatever the share of activated receptors."""
    IC50 = RATES["IC50_0"] * (1 + Mg_o / (MG["K_Mg"] * np.exp(v / MG["v_Mg"])))
    expected = C_drug / (C_drug + IC50)
    assert steady(rho=rho, C_drug=C_drug, Mg_o=Mg_o, v=v) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_half_of_the_receptors_are_blocked_at_the_ic50() -> None:
    """Without Mg2+ that is IC50_0 itself."""
    assert steady(Mg_o=0.0, C_drug=RATES["IC50_0"]) == pytest.approx(0.5, rel=1e-14)


def test_rare_activation_lets_a_leaky_blocker_escape() -> None:
    """With k_esc the steady block is rho k_on C / (rho (k_on C + k_off) + k_esc): it grows with rho to C/(C+IC50)."""
    k_esc, rhos = 1e-3, np.array([1e-4, 1e-3, 1e-2, 0.1, 1.0])
    found = np.array([steady(rho=rho, k_esc=k_esc) for rho in rhos])
    k_off, IC50 = RATES["k_off"], RATES["IC50_0"] / mg_block(v=DRUG["v"], **MG)
    binding = k_off / IC50 * DRUG["C_drug"]
    np.testing.assert_allclose(found, rhos * binding / (rhos * (binding + k_off) + k_esc), rtol=1e-12)
    assert (np.diff(found) > 0).all() and found[-1] < steady() and found[0] < 0.05 * steady()


def test_the_approach_is_exponential_at_the_macroscopic_rate() -> None:
    """At saturating agonist b(t) = b_inf (1 - exp(-(k_on C + k_off) t)), as published rates were measured."""
    C_drug, time = 1e-2, 0.5
    rate = RATES["k_off"] * (1 + C_drug / RATES["IC50_0"])
    expected = C_drug / (C_drug + RATES["IC50_0"]) * -np.expm1(-rate * time)
    assert blocked(0.0, time, rho=1.0, Mg_o=0.0, C_drug=C_drug) == pytest.approx(expected, rel=1e-7)


def test_ten_times_fewer_activated_receptors_take_ten_times_as_long() -> None:
    """rho multiplies time and nothing else, when nothing escapes."""
    fast, slow = blocked(0.1, 20.0, rho=0.5), blocked(0.1, 200.0, rho=0.05)
    assert slow == pytest.approx(fast, rel=1e-7)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    start=st.floats(0.0, 1.0),
    rho=st.floats(0.0, 1.0),
    C_drug=st.floats(0.0, 1.0),
    k_esc=st.floats(0.0, 1.0),
    Mg_o=st.floats(0.0, 2.0),
)
def test_block_stays_a_fraction(start: float, rho: float, C_drug: float, k_esc: float, Mg_o: float) -> None:
    """At 0 it cannot fall and at 1 it cannot rise, so no solution leaves the interval but by the solver's error."""
    values = {"rho": rho, "C_drug": C_drug, "k_esc": k_esc, "Mg_o": Mg_o}
    assert slope(b=0.0, **{**ALL, **values}) >= 0 >= slope(b=1.0, **{**ALL, **values})
    assert -1e-9 <= blocked(start, 60.0, **values) <= 1 + 1e-9


def test_more_drug_blocks_more_and_more_magnesium_less() -> None:
    """In the steady state and on the way there."""
    assert blocked(0.0, 100.0, C_drug=2e-3) > blocked(0.0, 100.0, C_drug=1e-3)
    assert steady(Mg_o=2.0) < steady(Mg_o=1.0) < steady(Mg_o=0.0)
    assert steady(v=-0.08) < steady(v=-0.05)


def test_magnesium_slows_binding_but_not_unbinding() -> None:
    """Mg2+ sits in IC50 alone: with no drug outside, the block decays by rho k_off whatever Mg2+ does."""
    expected = 0.6 * np.exp(-DRUG["rho"] * RATES["k_off"] * 300.0)
    for Mg_o in (0.0, 1.0, 5.0):
        assert blocked(0.6, 300.0, C_drug=0.0, Mg_o=Mg_o) == pytest.approx(expected, rel=1e-7)


def test_no_drug_is_rest() -> None:
    """The declared resting state stands still at any activation and voltage."""
    assert set(trapping_block(("drug",)).rest.values()) == {"0"}
    assert all(slope(b=0.0, **{**ALL, "C_drug": 0.0, "rho": rho}) == 0.0 for rho in (0.0, 0.01, 1.0))


POOL = {"GluN2A": 1.0, "GluN2B": 1.0, "GluN2D": 1.0, "share_2B": 0.2, "share_2D": 0.5, "K_Mg_2D": 23.4, **MG}
TIGHT = {"C_tight": 1e-3, "k_off_tight": 0.22, "k_esc_tight": 0.0}
LEAKY = {"C_leaky": 3e-3, "k_off_leaky": 0.53, "k_esc_leaky": 0.0}
AFFINITIES = {
    "IC50_2A_tight": 7.1e-4, "IC50_2B_tight": 6.7e-4, "IC50_2D_tight": 8.3e-4,
    "IC50_2A_leaky": 8e-4, "IC50_2B_leaky": 5.7e-4, "IC50_2D_leaky": 5.4e-4,
}  # fmt: skip
BOTH = {**POOL, **TIGHT, **LEAKY, **AFFINITIES, "rho": 0.01, "v": -0.06}
STATES = [f"b_{subunit}_{drug}" for drug in ("tight", "leaky") for subunit in SUBUNITS]


def pool_after(seconds: float, start: dict[str, float] | None = None, **changes: float) -> dict[str, float]:
    """States and outputs of a pool under two drugs, after a time."""
    values = {**BOTH, **changes}

    def slopes(_: float, y: np.ndarray) -> list[float]:
        return [TWO_DRUGS[name](**values, **dict(zip(STATES, y, strict=True))) for name in STATES]

    first = [(start or {}).get(name, 0.0) for name in STATES]
    end = solve_ivp(slopes, (0.0, seconds), first, "LSODA", rtol=1e-10, atol=1e-13).y[:, -1]
    states = {name: float(value) for name, value in zip(STATES, end, strict=True)}
    outputs = ("b", "lost", *(f"block_{one}" for one in SUBUNITS))
    return {**states, **{name: float(TWO_DRUGS[name](**values, **states)) for name in outputs}}


LONG = 1e5  # s: thousands of times the slowest approach


def left_by_magnesium(subunit: str, v: float) -> float:
    """The share of a subunit's conductance that magnesium leaves."""
    return float(mg_block(v=v, **{**MG, "K_Mg": POOL["K_Mg_2D"] if subunit == "2D" else MG["K_Mg"]}))


@pytest.mark.parametrize("subunit", SUBUNITS)
def test_drugs_compete_for_the_same_pores(subunit: str) -> None:
    """At equilibrium b_i = c_i / (1 + sum of c), with c = C B_Mg / IC50: Gaddum's law, subunit by subunit."""
    end, left = pool_after(LONG), left_by_magnesium(subunit, BOTH["v"])
    ratio = {drug: BOTH[f"C_{drug}"] * left / BOTH[f"IC50_{subunit}_{drug}"] for drug in ("tight", "leaky")}
    for drug in ratio:
        assert end[f"b_{subunit}_{drug}"] == pytest.approx(ratio[drug] / (1 + sum(ratio.values())), rel=1e-7)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.floats(0.0, 1.0), min_size=6, max_size=6), st.floats(0.0, 1.0), st.floats(-0.1, 0.03))
def test_all_drugs_together_block_no_more_than_there_is(parts: list[float], rho: float, v: float) -> None:
    """Where a subunit is full the sum of its slopes is not above 0; where a drug is absent its own is not below 0."""
    for index, subunit in enumerate(SUBUNITS):
        tight = parts[2 * index]
        full = {f"b_{subunit}_tight": tight, f"b_{subunit}_leaky": 1 - tight}
        states = {**dict.fromkeys(STATES, 0.0), **full}
        values = {**BOTH, "rho": rho, "v": v, **states}
        assert sum(TWO_DRUGS[name](**values) for name in full) <= 1e-15
        for name in full:
            assert TWO_DRUGS[name](**{**values, name: 0.0}) >= 0


def test_two_halves_of_a_drug_are_the_drug() -> None:
    """One drug under two names, half of it each, blocks as all of it under one: at any time, not only at the end."""
    same = {f"IC50_{one}_leaky": AFFINITIES[f"IC50_{one}_tight"] for one in SUBUNITS} | {"k_off_leaky": 0.22}
    halves = pool_after(300.0, **same, C_tight=5e-4, C_leaky=5e-4)
    whole = pool_after(300.0, C_tight=1e-3, C_leaky=0.0)
    assert halves["b"] == pytest.approx(whole["b"], rel=1e-8)


def test_a_drug_in_the_pore_keeps_another_out_until_it_leaves() -> None:
    """A full pool takes up nothing while the gate is shut, and hands over once it opens."""
    held = {f"b_{one}_tight": 1.0 for one in SUBUNITS}
    assert pool_after(3600.0, held, rho=0.0)["b_2A_leaky"] == 0.0
    assert pool_after(LONG, held, C_tight=0.0)["b_2A_tight"] == pytest.approx(0.0, abs=1e-9)


def test_block_of_a_pool_is_the_mean_of_its_subunits_weighted_by_current() -> None:
    """Shares without magnesium times what magnesium leaves of each."""
    end, shares = pool_after(LONG), {"2A": 0.3, "2B": 0.2, "2D": 0.5}
    current = {one: share * left_by_magnesium(one, BOTH["v"]) for one, share in shares.items()}
    mean = sum(current[one] * end[f"block_{one}"] for one in SUBUNITS) / sum(current.values())
    assert end["b"] == pytest.approx(mean, rel=1e-12)
    # Nothing is missing, so what the cell loses is what drugs take.
    assert end["lost"] == pytest.approx(end["b"], rel=1e-12)


@pytest.mark.parametrize("Mg_o", [0.0, 1.0])
def test_preference_for_glun2d_comes_from_magnesium(Mg_o: float) -> None:
    """One affinity for all subunits: without magnesium all are blocked alike, with it GluN2D is blocked more."""
    alike = {name: 7e-4 for name in AFFINITIES}
    end = pool_after(LONG, **alike, Mg_o=Mg_o)
    if Mg_o == 0.0:
        assert end["block_2D"] == pytest.approx(end["block_2A"], rel=1e-9)
    else:
        assert end["block_2D"] > 2 * end["block_2A"]


def test_a_missing_subunit_takes_its_share_of_the_current_with_it() -> None:
    """Without drug: lost = share times what magnesium leaves of it, over the whole; drugs take nothing."""
    end, v = pool_after(1.0, C_tight=0.0, C_leaky=0.0, GluN2D=0.0), BOTH["v"]
    strong, weak = 0.5 * left_by_magnesium("2A", v), 0.5 * left_by_magnesium("2D", v)
    assert end["lost"] == pytest.approx(weak / (strong + weak), rel=1e-12) and end["b"] == 0.0
    gone = pool_after(1.0, GluN2A=0.0, GluN2B=0.0, GluN2D=0.0)
    assert gone["lost"] == 1.0 and gone["b"] == 0.0
