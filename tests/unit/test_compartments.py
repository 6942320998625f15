"""The declared equations, the matrices read off them and the concentration curve say the same, whatever a drug has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy
from brian2 import NeuronGroup
from brian2.equations.equations import Equations
from brian2.parsing.sympytools import str_to_sympy

from msim.backends.brian2_network import brian2_quantity
from msim.base.equations import read_equations
from msim.base.mechanism import Mechanism
from msim.pharmacology.channel_block import trapping_block
from msim.pharmacology.compartments import (
    NEEDS,
    OPTIONAL,
    THREE_COMPARTMENT,
    ConcentrationCurve,
    disposition,
    linear_equations,
)
from msim.pharmacology.regimen import ROUTES, Dose

# Round SI numbers with nothing in common, so that no two terms can be mistaken for each other.
PK = dict(
    body_weight=50.0, reference_weight=70.0, clearance_exponent=0.75, molar_mass=0.25, f_u=0.5,
    CL=2.1e-5, V1=0.05, V2=0.13, V3=0.07, Q2=1.3e-4, Q3=5e-6, f_nk=0.7, CL_nk=1.1e-5, V_nk=0.19,
    k_e0=2e-3, k_eff=1.1, pot_nk=0.17, F_intraperitoneal=0.6, k_a_intraperitoneal=3e-3,
    F_intranasal=0.45, k_a_intranasal=8e-4, F_oral=0.2, k_a_oral=7e-4, k_bath=0.01, f_nk_oral=0.3, F_portal=0.35,
    Q_liver=4.3e-5, V_liver=0.11, CL_liver=9e-5, V_nk2=0.23, Q_nk2=6e-6,
)  # fmt: skip
BOLUS = Dose("ketamine", "intravenous", 600.0, 0.0, 1e-4)
INFUSION = Dose("ketamine", "intravenous", 0.0, 2400.0, 1.5e-4)
TIMES = np.linspace(0.0, 1e4, 23)


def lacking(*groups: tuple[str, ...]) -> dict[str, float]:
    """PK of a drug of which a file gives nothing of these groups, nor what may not stand without them."""
    gone = {name for group in groups for name in group}
    left = {name: value for name, value in PK.items() if name not in gone}
    for name, others in NEEDS:
        if name in left and not set(others) & set(left):
            return lacking(*groups, next(group for group in OPTIONAL if name in group))
    return left


FORMS = [
    THREE_COMPARTMENT, disposition(lacking(*OPTIONAL)), *(disposition(lacking(group)) for group in OPTIONAL),
    trapping_block(("one", "other")),
]  # fmt: skip
IDS = ["all", "nothing optional", *(f"no {group[-1]}" for group in OPTIONAL), "trapping block"]


def test_the_form_has_the_parameters_of_the_drug_and_no_others() -> None:
    """Those of the body besides, whatever it lacks; the whole form where it lacks nothing."""
    assert list(read_equations(disposition(PK).equations)) == list(read_equations(THREE_COMPARTMENT.equations))
    for groups in ([], *([group] for group in OPTIONAL), OPTIONAL):
        given = lacking(*groups)
        assert {one.name for one in disposition(given).parameters} | {"body_weight"} == set(given)


@pytest.mark.parametrize("form", FORMS, ids=IDS)
def test_units_of_the_equations_agree(form: Mechanism) -> None:
    """Brian2's own check, run without simulating."""
    names = {one.name: brian2_quantity(1.0, one.unit) for one in (*form.parameters, *form.inputs)}
    NeuronGroup(1, form.equations, namespace=names).before_run({})


@pytest.mark.parametrize("form", FORMS, ids=IDS)
def test_every_declared_name_is_used_and_every_used_name_declared(form: Mechanism) -> None:
    """The molar mass alone stands outside: it turns doses and reports into moles."""
    equations = Equations(form.equations)
    used = set(equations.identifiers) - set(equations.names) - {"t", "exp", "clip", "inf"}
    declared = {one.name for one in (*form.parameters, *form.inputs)}
    assert declared - used <= {"molar_mass"} and used <= declared
    assert {port.name for port in form.outputs} <= set(equations.names)
    assert set(form.rest) == set(equations.diff_eq_names)


@pytest.mark.parametrize("groups", [(), *((group,) for group in OPTIONAL), OPTIONAL])
def test_rates_are_the_derivatives_of_the_declared_equations(groups: tuple[tuple[str, ...], ...]) -> None:
    """By SymPy of the whole text, in which what a drug lacks is 0; equal to the rounding of a few products."""
    pk = lacking(*groups)
    found = linear_equations(disposition(pk), pk)
    text = dict(Equations(THREE_COMPARTMENT.equations).get_substituted_expressions(include_subexpressions=True))
    absent = dict.fromkeys(PK, 0.0) | dict.fromkeys(("V2", "V3", "V_nk", "V_nk2", "V_liver"), 1.0)
    numbers = {sympy.Symbol(name, real=True): value for name, value in (absent | pk).items()}

    def derivative(of: str, by: str) -> float:
        return float(str_to_sympy(text[of].code).diff(sympy.Symbol(by, real=True)).subs(numbers))

    rows, width = (*found.states, *found.sinks), len(found.states)
    expected = [[derivative(to, source) for source in found.states] for to in rows]
    np.testing.assert_allclose(found.rates[:, :width], expected, rtol=1e-13, atol=0)
    assert not found.rates[:, width:].any()
    names = [port.name for port in disposition(pk).outputs]
    shown = [[derivative(name, source) for source in found.states] for name in names]
    np.testing.assert_allclose(found.outputs, shown, rtol=1e-13, atol=0)
    for route, entry in found.entry.items():
        np.testing.assert_allclose(entry, [derivative(to, f"dose_{route}") for to in rows], rtol=1e-13, atol=0)
    assert set(found.entry) == {one for one in ROUTES if one == "intravenous" or {f"k_a_{one}", f"k_{one}"} & set(pk)}


@pytest.mark.parametrize("group", OPTIONAL, ids=lambda group: group[-1])
def test_what_a_drug_lacks_is_what_has_no_effect(group: tuple[str, ...]) -> None:
    """Where next to nothing goes into a compartment, a metabolite or a depot, it may as well not be there."""
    gone = set(PK) - set(lacking(group))
    little = {name: 1e-13 * PK[name] for name in gone if name[0] in "QfF" or name == "CL"}
    whole, less = (ConcentrationCurve(one, [BOLUS, INFUSION]).at(TIMES) for one in (PK | little, lacking(group)))
    assert set(whole) - set(less) == ({"C_norketamine"} if "V_nk" in gone else set())
    for name, values in less.items():
        np.testing.assert_allclose(values, whole[name], rtol=1e-9, atol=1e-15)


def test_one_compartment_by_one_route_has_its_closed_form() -> None:
    """Without metabolite: C = D/V exp(-k t) in plasma, and what lags behind it by k_e0 at the receptor."""
    pk = lacking(*OPTIONAL) | {"CL": PK["CL"]}
    curve = ConcentrationCurve(pk, [BOLUS])
    assert (curve.linear.states, tuple(curve.linear.entry)) == (("A1", "C_body"), ("intravenous",))
    ratio = pk["body_weight"] / pk["reference_weight"]
    k, k_e0, t = ratio ** (pk["clearance_exponent"] - 1) * pk["CL"] / pk["V1"], pk["k_e0"], TIMES[TIMES >= 600] - 600
    start = 1e-4 / (ratio * pk["V1"])
    found = curve.at(TIMES[TIMES >= 600])
    np.testing.assert_allclose(found["C_plasma"], start * np.exp(-k * t), rtol=1e-12)
    lag = k_e0 / (k_e0 - k) * (np.exp(-k * t) - np.exp(-k_e0 * t))
    np.testing.assert_allclose(found["C_e"], pk["k_eff"] * start * lag, rtol=1e-11, atol=1e-17)
    assert curve.mass_balance(4e3).eliminated == {"cleared_otherwise": pytest.approx(1e-4 * -np.expm1(-k * 3400))}


def test_without_doses_there_is_no_drug() -> None:
    """At any time, negative ones included."""
    curve = ConcentrationCurve(PK, ())
    assert curve.breakpoints == ()
    for values in (*curve.at(np.array([-1.0, 0.0, 1e6])).values(), curve.ng_per_ml(np.array([5.0]))):
        assert not values.any()
    balance = curve.mass_balance(100.0)
    assert balance.given == 0 and not any(balance.in_body.values()) and not any(balance.eliminated.values())


def test_a_bolus_counts_from_its_own_instant() -> None:
    """Nothing just before, dose over central volume at the instant."""
    curve = ConcentrationCurve(PK, [BOLUS])
    assert not any(curve(np.nextafter(600.0, 0.0)).values())
    assert curve(600.0)["C_plasma"] == pytest.approx(1e-4 / (0.05 * 50 / 70), rel=1e-13)
    assert curve(600.0)["C_e"] == pytest.approx(0.0, abs=1e-18)


def test_breakpoints_are_the_starts_and_ends_of_doses() -> None:
    """Once each, sorted."""
    again = replace(INFUSION, start_s=2400.0)
    assert ConcentrationCurve(PK, [again, BOLUS, INFUSION]).breakpoints == (0.0, 600.0, 2400.0, 4800.0)


def test_the_order_of_doses_does_not_matter() -> None:
    """Equal to rounding; the peak is near 3e-3."""
    times = np.linspace(0.0, 1e4, 23)
    one, other = (ConcentrationCurve(PK, doses).at(times) for doses in ([INFUSION, BOLUS], [BOLUS, INFUSION]))
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-12, atol=1e-17)


def test_many_times_give_what_single_times_give_in_the_same_shape() -> None:
    """One table of outputs, named as the form declares them."""
    curve, times = ConcentrationCurve(PK, [BOLUS]), np.array([[0.0, 700.0], [900.0, 5000.0]])
    values = curve.at(times)
    assert list(values) == [port.name for port in THREE_COMPARTMENT.outputs]
    for name, array in values.items():
        assert array.shape == times.shape and array[1, 0] == curve(900.0)[name]


def test_laboratory_units_are_moles_times_molar_mass() -> None:
    """1 mM of 250 g/mol is 0.25 g/L, which is 250,000 ng/ml."""
    curve = ConcentrationCurve(PK, [BOLUS])
    times = np.array([1000.0])
    np.testing.assert_allclose(curve.ng_per_ml(times), curve.at(times)["C_plasma"] * 250e3, rtol=1e-14)


def test_unbound_drug_is_a_fixed_share_of_total_drug() -> None:
    """f_u, at any time."""
    values = ConcentrationCurve(PK, [BOLUS]).at(np.linspace(0.0, 1e4, 7))
    np.testing.assert_array_equal(values["C_unbound"], 0.5 * values["C_plasma"])
