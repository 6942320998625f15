"""The declared equations, the rate matrix and the concentration curve say the same."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
import sympy
from brian2 import NeuronGroup
from brian2.equations.equations import Equations
from brian2.parsing.sympytools import str_to_sympy

from msim.backends.brian2_network import brian2_quantity
from msim.base.mechanism import Mechanism
from msim.pharmacology.channel_block import trapping_block
from msim.pharmacology.compartments import (
    ENTRY,
    STATES,
    THREE_COMPARTMENT,
    ConcentrationCurve,
    Pharmacokinetics,
    rate_matrix,
)
from msim.pharmacology.regimen import ROUTES, Dose

# Round SI numbers with nothing in common, so that no two terms can be mistaken for each other.
PK = Pharmacokinetics(
    body_weight=50.0, reference_weight=70.0, clearance_exponent=0.75, molar_mass=0.25, f_u=0.5,
    CL=2.1e-5, V1=0.05, V2=0.13, V3=0.07, Q2=1.3e-4, Q3=5e-6, f_nk=0.7, CL_nk=1.1e-5, V_nk=0.19,
    k_e0=2e-3, k_eff=1.1, pot_nk=0.17, F_intraperitoneal=0.6, k_a_intraperitoneal=3e-3,
    F_intranasal=0.45, k_a_intranasal=8e-4, F_oral=0.2, k_a_oral=7e-4, k_bath=0.01,
)  # fmt: skip
BOLUS = Dose("ketamine", "intravenous", 600.0, 0.0, 1e-4)
INFUSION = Dose("ketamine", "intravenous", 0.0, 2400.0, 1.5e-4)


def test_the_dataclass_holds_the_parameters_of_the_form_and_the_body_weight() -> None:
    """So that `Pharmacokinetics(body_weight=..., **parameters)` always works."""
    declared = {"body_weight"} | {parameter.name for parameter in THREE_COMPARTMENT.parameters}
    assert {field.name for field in fields(Pharmacokinetics)} == declared


@pytest.mark.parametrize("form", [THREE_COMPARTMENT, trapping_block(("one", "other"))], ids=lambda form: form.name)
def test_units_of_the_equations_agree(form: Mechanism) -> None:
    """Brian2's own check, run without simulating."""
    names = {one.name: brian2_quantity(1.0, one.unit) for one in (*form.parameters, *form.inputs)}
    NeuronGroup(1, form.equations, namespace=names).before_run({})


@pytest.mark.parametrize("form", [THREE_COMPARTMENT, trapping_block(("one", "other"))], ids=lambda form: form.name)
def test_every_declared_name_is_used_and_every_used_name_declared(form: Mechanism) -> None:
    """The molar mass alone stands outside: it turns doses and reports into moles."""
    equations = Equations(form.equations)
    used = set(equations.identifiers) - set(equations.names) - {"t", "exp", "clip", "inf"}
    declared = {one.name for one in (*form.parameters, *form.inputs)}
    assert declared - used <= {"molar_mass"} and used <= declared
    assert {port.name for port in form.outputs} <= set(equations.names)
    assert set(form.rest) == set(equations.diff_eq_names)


def test_the_rate_matrix_is_the_jacobian_of_the_declared_equations() -> None:
    """Matrix and text are written apart; equal to the rounding of a few products."""
    expressions = {
        name: str_to_sympy(expression.code)
        for name, expression in Equations(THREE_COMPARTMENT.equations).get_substituted_expressions()
    }
    numbers = {sympy.Symbol(field.name, real=True): getattr(PK, field.name) for field in fields(PK)}
    expected = [
        [float(expressions[to].diff(sympy.Symbol(source, real=True)).subs(numbers)) for source in STATES]
        for to in STATES
    ]
    np.testing.assert_allclose(rate_matrix(PK), expected, rtol=1e-13, atol=0)


def test_each_route_enters_where_the_equations_say() -> None:
    """The input of a route stands in the equation of its state."""
    equations = Equations(THREE_COMPARTMENT.equations)
    substituted = {name: expression.code for name, expression in equations.get_substituted_expressions()}
    for route in ROUTES:
        assert f"dose_{route}" in substituted[ENTRY[route]]


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
