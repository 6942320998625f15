"""Laws of the compartment model: mass, linearity, closed forms, and a second solver."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from brian2.equations.equations import Equations
from brian2.parsing.sympytools import str_to_sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from msim.base.quantities import parse_in
from msim.base.settings import with_settings
from msim.definitions.experiments.doses import regimen
from msim.definitions.files.schema import DoseEntry
from msim.pharmacology.compartments import OPTIONAL, THREE_COMPARTMENT, ConcentrationCurve
from msim.pharmacology.regimen import BATH, ROUTES, Dose

MODEL = Path(__file__).parents[2] / "models" / "drugs" / "ketamine.toml"
Body = dict[str, float]  # parameters of the form and a body weight, SI units
STATES = tuple(THREE_COMPARTMENT.rest)
ENTRY = dict(zip(ROUTES, ("A1", "A_peritoneum", "A_nose", "A_gut", "C_bath"), strict=True))
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
LITER_PER_HOUR = 1e-3 / HOUR


def shipped(body_weight: float) -> Body:
    """Ketamine as models/drugs/ketamine.toml has it."""
    table = tomllib.loads(MODEL.read_text())["mechanisms"]["ketamine"]
    units = {one.name: one.unit for one in THREE_COMPARTMENT.parameters if one.name in table}
    values = {name: float(parse_in(table[name]["value"], unit, name)) for name, unit in units.items()}
    return {"body_weight": body_weight, **values}


def without(pk: Body, *lacking: str) -> Body:
    """A drug of which a file does not give these parameters."""
    return {name: value for name, value in pk.items() if name not in lacking}


def with_liver(pk: Body) -> Body:
    """The same drug, cleared in a liver."""
    return without(pk, "CL", "F_oral", "f_nk_oral") | LIVER


def dosed(entry: dict[str, Any], pk: Body) -> ConcentrationCurve:
    """The curve after one declared dose."""
    declared = DoseEntry.model_validate({"drug": "ketamine", "at": "0 * hour", **entry})
    return ConcentrationCurve(pk, regimen([declared], pk["body_weight"], {"ketamine": pk["molar_mass"]}, "test"))


PK = shipped(70.0)
# What a drug that is cleared in a liver has in place of a clearance from plasma, with a second metabolite compartment.
LIVER = {
    "Q_liver": 151 * LITER_PER_HOUR, "V_liver": 0.101, "CL_liver": 392 * LITER_PER_HOUR, "F_portal": 0.64,
    "V_nk2": 0.115, "Q_nk2": 26.1 * LITER_PER_HOUR,
}  # fmt: skip
ALONE = without(PK, "V2", "Q2", "V3", "Q3")
GIVEN = 1e-4
DOSES = (
    Dose("ketamine", "intravenous", 0.0, 40 * MINUTE, GIVEN),
    Dose("ketamine", "intranasal", 10 * MINUTE, 0.0, GIVEN),
    Dose("ketamine", "intraperitoneal", 2 * HOUR, 0.0, GIVEN),
    Dose("ketamine", "intravenous", 3 * HOUR, 0.0, GIVEN),
    Dose("ketamine", "intravenous", 3 * HOUR, 20 * HOUR, GIVEN),
    Dose("ketamine", "oral", 5 * HOUR, 0.0, GIVEN),
    Dose("ketamine", "bath", 6 * HOUR, HOUR, 0.0, bath_mM=1e-3),
)
GRID = np.concatenate([np.linspace(0.0, 4 * HOUR, 41), np.linspace(5 * HOUR, 48 * HOUR, 12)])


def logarithmic(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers of any size between two bounds."""
    return st.floats(np.log(low), np.log(high)).map(lambda exponent: float(np.exp(exponent)))


@st.composite
def bodies(draw: st.DrawFn) -> Body:
    """Any body from mouse to man with any kinetics that are not absurd; compartments may be absent."""
    flows = {name: draw(logarithmic(1.0, 600.0)) * LITER_PER_HOUR for name in ("CL", "CL_nk")}
    exchange = {name: draw(logarithmic(1.0, 600.0)) * LITER_PER_HOUR for name in ("Q2", "Q3")}
    volumes = {name: draw(logarithmic(5.0, 500.0)) * 1e-3 for name in ("V1", "V2", "V3", "V_nk")}
    absorbing = ("k_e0", "k_a_intraperitoneal", "k_a_intranasal", "k_a_oral", "k_bath")
    rates = {name: draw(logarithmic(1e-5, 1e-2)) for name in absorbing}
    shares = {name: draw(st.floats(0.0, 1.0)) for name in ("f_nk", "F_intraperitoneal", "F_intranasal", "F_oral")}
    shares["f_nk_oral"] = draw(st.floats(0.0, 1.0)) * (1 - shares["F_oral"])
    whole = dict(PK, body_weight=draw(logarithmic(0.02, 120.0)), **flows, **exchange, **volumes, **rates, **shares)
    if draw(st.booleans()):
        whole = with_liver(whole)
    return without(whole, *draw(st.sampled_from([(), ("V2", "Q2"), ("V3", "Q3"), ("V2", "Q2", "V3", "Q3")])))


@st.composite
def regimens(draw: st.DrawFn) -> tuple[Dose, ...]:
    """Up to four doses by any route within a day."""
    doses = []
    for _ in range(draw(st.integers(1, 4))):
        start, amount = draw(st.floats(0.0, DAY)), draw(logarithmic(1e-9, 1e-3))
        route = draw(st.sampled_from(ROUTES))
        duration = draw(st.just(0.0) | st.floats(60.0, DAY)) if route == "intravenous" else 0.0
        if route == BATH:
            doses.append(Dose("ketamine", route, start, DAY, 0.0, bath_mM=amount))
        else:
            doses.append(Dose("ketamine", route, start, duration, amount))
    return tuple(doses)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(pk=bodies(), doses=regimens(), time=st.floats(-HOUR, 14 * DAY))
def test_drug_is_neither_made_nor_lost(pk: Body, doses: tuple[Dose, ...], time: float) -> None:
    """What was given is in the body or has left by one way out, at any time and by any route.

    Each amount is integrated by itself. Squaring in the matrix exponential multiplies rounding by the largest
    rate times the time, here up to 1e5.
    """
    balance = ConcentrationCurve(pk, doses).mass_balance(time)
    total = sum(balance.in_body.values()) + sum(balance.eliminated.values())
    assert total == pytest.approx(balance.given, rel=1e-10, abs=1e-25)
    assert min(*balance.in_body.values(), *balance.eliminated.values()) >= -1e-12 * balance.given


def test_what_was_given_follows_the_protocol() -> None:
    """Half of an infusion at half its time; all of everything at the end."""
    curve = ConcentrationCurve(PK, DOSES)
    assert curve.mass_balance(5 * MINUTE).given == pytest.approx(GIVEN / 8, rel=1e-14)
    assert curve.mass_balance(20 * MINUTE).given == pytest.approx(1.5 * GIVEN, rel=1e-14)
    assert curve.mass_balance(2 * DAY).given == pytest.approx(6 * GIVEN, rel=1e-14)


def test_in_the_end_all_drug_has_left_by_the_declared_ways() -> None:
    """What neither nose nor gut passes on is lost; f_nk of the rest leaves as norketamine. After 60 half-lives."""
    pk = PK
    balance = ConcentrationCurve(pk, DOSES).mass_balance(60 * 10 * HOUR)
    swallowed = GIVEN * (2 - pk["F_intranasal"])
    lost = GIVEN * (1 - pk["F_intraperitoneal"]) + swallowed * (1 - pk["F_oral"] - pk["f_nk_oral"])
    absorbed = 6 * GIVEN - lost - pk["f_nk_oral"] * swallowed
    assert sum(balance.in_body.values()) < 1e-10 * GIVEN
    assert balance.eliminated == pytest.approx(
        {
            "not_absorbed": lost,
            "cleared_otherwise": (1 - pk["f_nk"]) * absorbed,
            "metabolite_cleared": pk["f_nk"] * absorbed + pk["f_nk_oral"] * swallowed,
        },
        rel=1e-9,
    )


@pytest.mark.parametrize("duration", [0.0, 40 * MINUTE])
def test_one_compartment_has_its_closed_form(duration: float) -> None:
    """Without exchange, plasma is C = R/CL (1 - exp(-kt)) during an infusion and decays by k after it.

    The modes of this matrix are conditioned better than 1e3, so 13 digits stay.
    """
    pk = ALONE
    curve = ConcentrationCurve(pk, [Dose("ketamine", "intravenous", 0.0, duration, GIVEN)])
    k, times = pk["CL"] / pk["V1"], np.linspace(0.0, 6 * HOUR, 25)
    if duration:
        rate = GIVEN / duration
        plateau = rate / pk["CL"] * -np.expm1(-k * np.minimum(times, duration))
        expected = plateau * np.exp(-k * np.maximum(times - duration, 0.0))
    else:
        expected = GIVEN / pk["V1"] * np.exp(-k * times)
    np.testing.assert_allclose(curve.at(times)["C_plasma"], expected, rtol=1e-12, atol=1e-13 * expected.max())


def test_first_order_absorption_has_its_closed_form() -> None:
    """Bateman's function, without exchange between compartments."""
    pk = ALONE
    curve = ConcentrationCurve(pk, [Dose("ketamine", "intraperitoneal", 0.0, 0.0, GIVEN)])
    k, k_a, times = pk["CL"] / pk["V1"], pk["k_a_intraperitoneal"], np.linspace(0.0, 6 * HOUR, 25)
    there = pk["F_intraperitoneal"] * GIVEN / pk["V1"]
    expected = there * k_a / (k_a - k) * (np.exp(-k * times) - np.exp(-k_a * times))
    np.testing.assert_allclose(curve.at(times)["C_plasma"], expected, rtol=1e-12, atol=1e-13 * expected.max())


def test_doses_superpose() -> None:
    """Together they give the sum of what each gives alone, to rounding of the largest."""
    together = ConcentrationCurve(PK, DOSES).at(GRID)
    alone = [ConcentrationCurve(PK, [dose]).at(GRID) for dose in DOSES]
    for name, values in together.items():
        np.testing.assert_allclose(values, sum(one[name] for one in alone), rtol=0, atol=1e-12 * values.max())


def test_twice_the_dose_gives_twice_the_concentration() -> None:
    """At any time, in each output."""
    single = ConcentrationCurve(PK, DOSES).at(GRID)
    double = ConcentrationCurve(PK, [replace(dose, amount_mol=2 * dose.amount_mol) for dose in DOSES]).at(GRID)
    for name, values in double.items():
        np.testing.assert_allclose(values, 2 * single[name], rtol=0, atol=1e-12 * values.max())


def test_a_later_dose_gives_the_same_curve_later() -> None:
    """Nothing in the equations depends on the clock; times near 1e6 s carry 1e-10 s of rounding."""
    later = [replace(dose, start_s=dose.start_s + 7 * DAY) for dose in DOSES]
    first, second = ConcentrationCurve(PK, DOSES).at(GRID), ConcentrationCurve(PK, later).at(GRID + 7 * DAY)
    for name, values in first.items():
        np.testing.assert_allclose(second[name], values, rtol=0, atol=1e-11 * values.max())


def integrated(pk: Body, doses: Sequence[Dose], times: np.ndarray) -> dict[str, np.ndarray]:
    """The declared equations, read as text and stepped by SciPy from one dosing event to the next."""
    text = THREE_COMPARTMENT.equations
    equations = dict(Equations(text).get_substituted_expressions(include_subexpressions=True))
    # What a drug lacks is 0; a volume of it is none that anything is divided by.
    volumes = dict.fromkeys(("V2", "V3", "V_nk", "V_nk2", "V_liver"), 1.0)
    pk = dict.fromkeys((one for group in OPTIONAL for one in group), 0.0) | volumes | pk
    inputs = [f"dose_{route}" for route in ROUTES]
    symbols = [sympy.Symbol(name, real=True) for name in (*STATES, *inputs)]
    numbers = {sympy.Symbol(name, real=True): value for name, value in pk.items()}

    def compiled(names: Sequence[str]) -> Any:
        return sympy.lambdify([symbols], [str_to_sympy(equations[name].code).subs(numbers) for name in names])

    names = [port.name for port in THREE_COMPARTMENT.outputs]
    slopes, outputs = compiled(STATES), compiled(names)
    edges = sorted({edge for dose in doses for edge in (dose.start_s, dose.end_s)} | {float(times[-1])})
    state, found = np.zeros(len(STATES)), {}
    for start, end in itertools.pairwise(edges):
        for dose in doses:
            if dose.duration_s == 0 and dose.start_s == start:
                state[STATES.index(ENTRY[dose.route])] += dose.amount_mol
        running = [
            sum(
                one.bath_mM if route == BATH else one.rate_mol_per_s
                for one in doses if one.route == route and one.start_s <= start < one.end_s
            )
            for route in ROUTES
        ]
        solution = solve_ivp(
            lambda t, y: slopes([*y, *running]), (start, end), state, "Radau", rtol=1e-10, atol=1e-18, dense_output=True
        )
        inside = times[(times >= start) & ((times < end) | (end == edges[-1]))]
        found.update({time: solution.sol(time) for time in inside})
        state = solution.y[:, -1]
    states = np.array([found[time] for time in times])
    rows = np.array([outputs([*row, *(0.0 for _ in ROUTES)]) for row in states])
    return dict(zip(names, rows.T))


@pytest.mark.parametrize(
    "pk",
    [
        pytest.param(PK, id="man"),
        pytest.param(shipped(0.025), id="mouse"),
        pytest.param(with_liver(PK), id="a liver"),
        # Equal rates have no modes of their own, and round numbers from a file make them equal easily.
        pytest.param(dict(PK, k_e0=PK["k_a_intranasal"]), id="equal rates"),
        pytest.param(dict(ALONE, k_a_intranasal=PK["CL"] / PK["V1"]), id="equal rates, one compartment"),
    ],
)
def test_the_curve_agrees_with_stepping_the_declared_equations(pk: Body) -> None:
    """A second solver and a second reading of the text; it steps with 1e-10 a step, some hundred steps."""
    curve, stepped = ConcentrationCurve(pk, DOSES).at(GRID), integrated(pk, DOSES, GRID)
    for name, values in curve.items():
        np.testing.assert_allclose(values, stepped[name], rtol=0, atol=1e-7 * values.max())


@settings(max_examples=30, deadline=None, derandomize=True)
@given(pk=bodies(), doses=regimens())
def test_modes_agree_with_the_matrix_exponential(pk: Body, doses: tuple[Dose, ...]) -> None:
    """Wherever modes are used their condition is below 1e6, which leaves ten of sixteen digits of the peak."""
    times = np.linspace(0.0, 3 * DAY, 9)
    fast = ConcentrationCurve(pk, doses).at(times)
    with with_settings(largest_condition=0.0):
        slow = ConcentrationCurve(pk, doses)
        assert slow._modes is None
    volume = min(pk["V1"], pk["V_nk"]) * pk["body_weight"] / pk["reference_weight"]
    scale = sum(dose.amount_mol / volume + dose.bath_mM for dose in doses)
    for name, values in slow.at(times).items():
        np.testing.assert_allclose(fast[name], values, rtol=0, atol=1e-9 * scale)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(pk=bodies(), doses=regimens(), time=st.floats(-HOUR, 14 * DAY))
def test_concentrations_are_never_negative(pk: Body, doses: tuple[Dose, ...], time: float) -> None:
    """Whatever rounding does."""
    assert min(ConcentrationCurve(pk, doses)(time).values()) >= 0


@pytest.mark.parametrize(
    ("route", "direct", "swallowed"),
    [("intravenous", 1.0, 0.0), ("intraperitoneal", PK["F_intraperitoneal"], 0.0),
     ("intranasal", PK["F_intranasal"], 1 - PK["F_intranasal"]), ("oral", 0.0, 1.0)],
)
@pytest.mark.parametrize("body_weight", [70.0, 0.025])
def test_exposure_is_dose_over_clearance(route: str, direct: float, swallowed: float, body_weight: float) -> None:
    """AUC = F D / CL, also for the metabolite and the effect site; quadrature asks for 1e-10 and gets 1e-8."""
    pk = dict(PK, body_weight=body_weight)
    flow = (body_weight / pk["reference_weight"]) ** pk["clearance_exponent"]
    curve = ConcentrationCurve(pk, [Dose("ketamine", route, 0.0, 0.0, GIVEN)])
    share = direct + swallowed * pk["F_oral"]
    parent = share * GIVEN / (flow * pk["CL"])
    metabolite = (pk["f_nk"] * share + pk["f_nk_oral"] * swallowed) * GIVEN / (flow * pk["CL_nk"])
    expected = {
        "C_plasma": parent,
        "C_unbound": pk["f_u"] * parent,
        "C_norketamine": metabolite,
        "C_e": pk["k_eff"] * (parent + pk["pot_nk"] * metabolite),
    }
    edges = [0.0, 600.0, HOUR, 4 * HOUR, DAY, 4 * DAY, 20 * DAY]
    for name, area in expected.items():
        pieces = [quad(lambda t: curve(t)[name], *ends, epsrel=1e-10)[0] for ends in itertools.pairwise(edges)]
        assert sum(pieces) == pytest.approx(area, rel=1e-8)


def test_a_liver_takes_its_part_of_what_flows_through_it() -> None:
    """Well stirred: it extracts E = CL_liver / (Q + CL_liver): CL = Q E in plasma, and 1 - E of what is swallowed."""
    pk = with_liver(PK)
    extracted = pk["CL_liver"] / (pk["Q_liver"] + pk["CL_liver"])
    for route, share in (("intravenous", 1.0), ("oral", pk["F_portal"] * (1 - extracted))):
        curve = ConcentrationCurve(pk, [Dose("ketamine", route, 0.0, 0.0, GIVEN)])
        edges = [0.0, 600.0, HOUR, 4 * HOUR, DAY, 4 * DAY, 20 * DAY]
        area = sum(quad(lambda t: curve(t)["C_plasma"], *ends, epsrel=1e-10)[0] for ends in itertools.pairwise(edges))
        assert area == pytest.approx(share * GIVEN / (pk["Q_liver"] * extracted), rel=1e-8)


def test_a_long_infusion_settles_at_rate_over_clearance() -> None:
    """Ten days are 60 half-lives of the slowest mode at most; what is left is below 1e-9."""
    duration = 10 * DAY
    curve = ConcentrationCurve(PK, [Dose("ketamine", "intravenous", 0.0, duration, GIVEN)])
    values, rate = curve(np.nextafter(duration, 0.0)), GIVEN / duration
    assert values["C_plasma"] == pytest.approx(rate / PK["CL"], rel=1e-9)
    assert values["C_norketamine"] == pytest.approx(PK["f_nk"] * rate / PK["CL_nk"], rel=1e-9)


def test_a_titrated_infusion_is_higher_at_each_step() -> None:
    """0.15 to 0.6 mg/kg/h over 96 h: within each step plasma tends to rate over clearance."""
    rates, ends = (0.15, 0.3, 0.45, 0.6), (24, 48, 72, 96)
    steps = [
        {"mg_per_kg_per_hour": rate, "at": f"{end - 24} * hour", "until": f"{end} * hour"}
        for rate, end in zip(rates, ends)
    ]
    declared = DoseEntry.model_validate({"drug": "ketamine", "route": "intravenous", "steps": steps})
    curve = ConcentrationCurve(PK, regimen([declared], 70.0, {"ketamine": PK["molar_mass"]}, "test"))
    reached = curve.at(np.array(ends) * HOUR)["C_plasma"]
    settled = np.array(rates) * 70e-6 / HOUR / PK["molar_mass"] / PK["CL"]
    # The slowest mode has a half-life of 4 h, so each step misses its plateau by less than 2**-6 of its rise.
    np.testing.assert_allclose(reached, settled, rtol=2.0**-6)


def test_the_same_dose_per_weight_gives_the_same_curve_where_all_flows_scale_with_weight() -> None:
    """With exponent 1 a mouse is a small man."""
    entry = {"route": "intravenous", "mg_per_kg": 0.5, "duration": "40 minute"}
    man, mouse = (dict(PK, body_weight=weight, clearance_exponent=1.0) for weight in (70.0, 0.025))
    for name, values in dosed(entry, man).at(GRID).items():
        np.testing.assert_allclose(dosed(entry, mouse).at(GRID)[name], values, rtol=0, atol=1e-12 * values.max())


def test_a_fast_effect_site_follows_plasma() -> None:
    """The lag is one time constant, so the error is below the slope times 1/k_e0 and falls with it."""
    times = np.linspace(HOUR, 6 * HOUR, 21)
    errors = []
    for k_e0 in (0.1, 1.0):
        values = dosed({"route": "intravenous", "mg": 35}, dict(PK, k_e0=k_e0)).at(times)
        instant = PK["k_eff"] * (values["C_plasma"] + PK["pot_nk"] * values["C_norketamine"])
        errors.append(np.abs(values["C_e"] - instant).max())
    assert errors[0] / errors[1] == pytest.approx(10.0, rel=0.02)


def test_a_bath_comes_and_goes_with_its_exchange_and_knows_no_body() -> None:
    """c (1 - exp(-k t)) at the receptor while it flows in, exp(-k t) after; nothing in plasma, nothing to clear."""
    entry = {"drug": "ketamine", "route": "bath", "uM": 20.0, "at": "0 * hour", "duration": "1 * hour"}
    doses = regimen([DoseEntry.model_validate(entry)], 70.0, {"ketamine": 0.2377}, "test")
    for weight in (70.0, 0.025):
        curve = ConcentrationCurve(dict(PK, body_weight=weight), doses)
        times = np.array([0.0, MINUTE, 5 * MINUTE, HOUR, HOUR + 2 * MINUTE])
        inflow = -np.expm1(-PK["k_bath"] * np.minimum(times, HOUR))
        outflow = np.exp(-PK["k_bath"] * np.maximum(times - HOUR, 0))
        found = curve.at(times)
        np.testing.assert_allclose(found["C_e"], 20e-3 * inflow * outflow, rtol=1e-9, atol=1e-15)
        assert not found["C_plasma"].any() and curve.mass_balance(HOUR).given == 0


def test_a_bath_without_an_end_stays() -> None:
    """To the end of the experiment, and repeats need an end."""
    declared = DoseEntry.model_validate({"drug": "ketamine", "route": "bath", "uM": 1.0, "at": "1 * hour"})
    dose, = regimen([declared], 70.0, {"ketamine": 0.2377}, "test", before=5 * HOUR)
    assert (dose.start_s, dose.end_s, dose.bath_mM) == (HOUR, 5 * HOUR, 1e-3)
