"""Laws of calcium, eEF2 kinase, BDNF, TrkB, AMPA receptor number and the MeCP2 loop, from the declared equations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import sympy
from brian2.equations.equations import Equations
from brian2.parsing.sympytools import str_to_sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from smooth_network import SmoothNetwork

from msim.base.mechanism import Mechanism
from msim.definitions.model import ModelDefinition
from msim.engine.ode import evaluated
from msim.engine.slow import SlowScale, slow_scale
from msim.signaling.bdnf_trkb import BDNF_TRKB
from msim.signaling.calcium import RESTING_CALCIUM
from msim.signaling.eef2k import EEF2K
from msim.signaling.mecp2 import MECP2_LOOP
from msim.signaling.scaling import SCALING

FORMS = (RESTING_CALCIUM, EEF2K, BDNF_TRKB, SCALING, MECP2_LOOP)
HOUR, DAY = 3600.0, 86400.0
# What SciPy is asked for; a state may be off by some tens of steps of it.
RTOL, ATOL = 1e-10, 1e-13
INTEGRATED = 1e-8

Numbers = Mapping[str, float]


class Form:
    """The equations of a mechanism as functions of numbers."""

    def __init__(self, form: Mechanism) -> None:
        self.form = form
        self.states = list(form.rest)
        names = [*self.states, *form.declared]
        arguments = [sympy.Symbol(name, real=True) for name in names]
        equations = Equations(form.equations)
        rates = dict(equations.get_substituted_expressions())
        every = dict(equations.get_substituted_expressions(include_subexpressions=True))

        def compiled(name: str, code: str) -> Callable[..., Any]:
            function = sympy.lambdify(arguments, str_to_sympy(code), modules=[{"clip": np.clip}, "numpy"])
            return lambda values: function(*(values[one] for one in names))

        self.rates = {name: compiled(name, rates[name].code) for name in self.states}
        self.algebra = {name: compiled(name, one.code) for name, one in every.items() if name not in self.states}

    def completed(self, parameters: Numbers, inputs: Numbers) -> dict[str, float]:
        """All numbers that the equations read: inputs that are not given are at rest."""
        values = {port.name: port.at_rest for port in self.form.inputs} | dict(parameters)
        values |= {one.name: evaluated(one.expression, values) for one in self.form.derived}
        return values | dict(inputs)

    def rest(self, parameters: Numbers) -> dict[str, float]:
        """The declared resting states."""
        values = self.completed(parameters, {})
        return {name: evaluated(text, values) for name, text in self.form.rest.items()}

    def slopes(self, states: Numbers, parameters: Numbers, inputs: Numbers) -> dict[str, float]:
        """Slope of every state."""
        values = self.completed(parameters, inputs) | dict(states)
        return {name: float(rate(values)) for name, rate in self.rates.items()}

    def shown(self, name: str, states: Numbers, parameters: Numbers, inputs: Numbers) -> float:
        """A subexpression."""
        return float(self.algebra[name](self.completed(parameters, inputs) | dict(states)))

    def after(
        self, seconds: float, states: Numbers, parameters: Numbers, inputs: Callable[[float], Numbers] | Numbers
    ) -> dict[str, float]:
        """States after a time under constant inputs or inputs over time."""

        def slope(time: float, y: np.ndarray) -> list[float]:
            now = inputs(time) if callable(inputs) else inputs
            return list(self.slopes(dict(zip(self.states, y, strict=True)), parameters, now).values())

        found = solve_ivp(slope, (0.0, seconds), [states[name] for name in self.states], "LSODA", rtol=RTOL, atol=ATOL)
        return dict(zip(self.states, map(float, found.y[:, -1]), strict=True))


CALCIUM, KINASE, BDNF, AMPAR, LOOP = (Form(one) for one in FORMS)


@pytest.fixture(scope="module")
def shipped(model: ModelDefinition) -> dict[str, dict[str, float]]:
    """Parameters of the shipped model, by form."""
    return {one.form.name: model.parameters(one.name) for one in model.on_scale("slow")}


# Rest


@pytest.mark.parametrize("form", [KINASE, BDNF, AMPAR, LOOP], ids=lambda one: one.form.name)
def test_the_declared_rest_stands_still(form: Form, shipped: dict[str, dict[str, float]]) -> None:
    """Under resting inputs every slope vanishes to rounding, with the shipped numbers and without each gene."""
    genes = {"eEF2K", "BDNF_gene", "TrkB", "GluA2", "S421"}
    own = shipped[form.form.name]
    for changed in [{}] + [{name: 0.0} for name in genes & own.keys()]:
        parameters = own | changed
        slopes = form.slopes(form.rest(parameters), parameters, {})
        assert all(abs(slope) < 1e-15 for slope in slopes.values())


def test_calcium_is_one_at_rest_and_nothing_under_full_block(shipped: dict[str, dict[str, float]]) -> None:
    """Two pools share it: full block of one leaves exactly the other's share."""
    own = shipped["resting_calcium"]

    def u(**inputs: float) -> float:
        return CALCIUM.shown("u", {}, own, inputs)

    assert u() == pytest.approx(1, rel=1e-15)
    assert u(b_resting=1.0, b_evoked=1.0) == 0
    assert u(b_resting=1.0) == pytest.approx(own["w_evoked"], rel=1e-15)
    assert u(b_evoked=1.0) == pytest.approx(1 - own["w_evoked"], rel=1e-15)


@pytest.fixture(scope="module")
def tiny(model: ModelDefinition) -> ModelDefinition:
    """Ten cells whose fast averages come from a smooth response."""
    return model.with_value("column.n_cells", 10)


def at_rest(model: ModelDefinition) -> tuple[SlowScale, dict[str, np.ndarray]]:
    """The slow scale of a model without drug, and the averages of its baseline."""
    baseline = SmoothNetwork(model).burst(0.0, 1.0, keep_field=False)
    scale = slow_scale(model, lambda time: {"ketamine.C_e": 0.0}, baseline, 0.0)
    return scale, scale.averages(baseline)


@pytest.mark.parametrize("manipulation", ["", "eEF2K", "BDNF", "TrkB", "GluA2", "MeCP2_S421A"])
def test_nothing_moves_in_the_linked_model_at_rest(tiny: ModelDefinition, manipulation: str) -> None:
    """Links included, in every declared genotype: slopes vanish to rounding of 1 over the fastest time, minutes."""
    kinds = {one.name: one.kind for one in tiny.manipulations.values()}
    model = tiny.with_manipulation(manipulation, kinds[manipulation], "test") if manipulation else tiny
    scale, averages = at_rest(model)
    for system in scale.systems.values():
        slopes = system.derivative(system.rest, scale.outside(system, 0.0, averages))
        assert np.abs(slopes).max() < 1e-15
    outputs = scale.outputs(scale.rest(), 0.0, averages)
    assert np.all(outputs["ampar_scaling.AMPAR_scale"] == 1)
    assert np.all(outputs["eef2k.relief"] == 0) and np.all(outputs["mecp2_loop.L"] == 0)


# eEF2 kinase


def ketamine_calcium(time: float) -> dict[str, float]:
    """Calcium that falls, recovers and overshoots."""
    return {"u": 1 - 0.6 * np.sin(2 * np.pi * time / (6 * HOUR))}


def test_without_the_kinase_eef2_is_never_phosphorylated(shipped: dict[str, dict[str, float]]) -> None:
    """Nor relieved, whatever calcium does: exactly, so no route from calcium to translation is left."""
    own = shipped["eef2k"] | {"eEF2K": 0.0}
    states = KINASE.after(2 * DAY, KINASE.rest(own), own, ketamine_calcium)
    assert states == {"K": 0.0, "p_eEF2": 0.0, "theta": 0.0}
    assert KINASE.shown("relief", states, own, {"u": 0.0}) == 0


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    u=st.floats(0.0, 3.0), amount=st.floats(0.01, 3.0), n=st.floats(1.0, 5.0), p_rest=st.floats(0.02, 0.95)
)
def test_phosphorylation_settles_where_kinase_and_phosphatase_balance(
    u: float, amount: float, n: float, p_rest: float
) -> None:
    """K = eEF2K u^n and p / (1 - p) = K odds: there all three slopes vanish, to rounding of terms up to 3 3^5 19."""
    own = {"eEF2K": amount, "n": n, "tau_K": 1.0, "tau_P": 1.0, "tau_theta": 1.0, "p_rest": p_rest}
    K = amount * u**n
    odds = K * p_rest / (1 - p_rest)
    p = odds / (1 + odds)
    slopes = KINASE.slopes({"K": K, "p_eEF2": p, "theta": p}, own, {"u": u})
    assert all(abs(slope) < 1e-15 * max(1.0, odds) * 4 for slope in slopes.values())


def test_the_steady_state_is_reached(shipped: dict[str, dict[str, float]]) -> None:
    """From rest and from zero alike; what is left after 40 of the longest time is e^-40."""
    own = shipped["eef2k"] | {"tau_theta": 600.0}
    K = 0.7 ** own["n"]
    odds = K * own["p_rest"] / (1 - own["p_rest"])
    for start in (KINASE.rest(own), dict.fromkeys(KINASE.states, 0.0)):
        states = KINASE.after(40 * 600.0, start, own, {"u": 0.7})
        assert states["K"] == pytest.approx(K, rel=INTEGRATED)
        assert states["p_eEF2"] == pytest.approx(odds / (1 + odds), rel=INTEGRATED)
        assert states["theta"] == pytest.approx(odds / (1 + odds), rel=INTEGRATED)


def test_relief_is_a_fall_that_the_cell_has_not_adapted_to(shipped: dict[str, dict[str, float]]) -> None:
    """It is all of the fall at first, none after it has lasted, and never comes from a rise."""
    own = shipped["eef2k"]
    soon = KINASE.after(2 * HOUR, KINASE.rest(own), own, {"u": 0.5})
    late = KINASE.after(50 * own["tau_theta"], soon, own, {"u": 0.5})
    risen = KINASE.after(2 * HOUR, KINASE.rest(own), own, {"u": 1.5})
    fall = 1 - soon["p_eEF2"] / own["p_rest"]
    adapted = -np.expm1(-2 * HOUR / own["tau_theta"])
    assert (1 - adapted) * fall <= KINASE.shown("relief", soon, own, {"u": 0.5}) <= fall
    assert KINASE.shown("relief", late, own, {"u": 0.5}) == pytest.approx(0, abs=1e-6)
    assert risen["p_eEF2"] > own["p_rest"] and KINASE.shown("relief", risen, own, {"u": 1.5}) == 0


# BDNF and TrkB


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    relief=st.floats(0.0, 1.0), G=st.floats(0.0, 3.0), beta_d=st.floats(0.0, 5.0), beta_a=st.floats(0.0, 5.0),
    g_0=st.floats(0.0, 1.0), gene=st.floats(0.0, 1.0), capacity=st.floats(0.0, 1.0),
)  # fmt: skip
def test_bdnf_settles_at_its_translation(
    relief: float, G: float, beta_d: float, beta_a: float, g_0: float, gene: float, capacity: float
) -> None:
    """T_prot (1 + beta_d relief + beta_a (G - 1 - g_0)+) times the gene: relief and surge add."""
    own = bdnf_parameters(beta_d=beta_d, beta_a=beta_a, g_0=g_0, BDNF_gene=gene, T_prot=capacity)
    expected = gene * capacity * (1 + beta_d * relief + beta_a * max(G - 1 - g_0, 0.0))
    inputs = {"relief": relief, "G": G}
    for away in (-0.5, 0.0, 0.5):
        slope = BDNF.slopes({"BDNF": expected + away, "p_TrkB": 0.0}, own, inputs)["BDNF"]
        assert slope == pytest.approx(-away, abs=1e-14 * max(1.0, expected))


def bdnf_parameters(**changes: float) -> dict[str, float]:
    """One second for every time, one for everything else."""
    return {one.name: 1.0 for one in BDNF_TRKB.parameters} | changes


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    amount=st.floats(0.0, 50.0), D=st.floats(0.0, 5.0), h=st.floats(1.0, 8.0), D_R=st.floats(0.1, 3.0),
    K_T=st.floats(0.01, 3.0), TrkB=st.floats(0.0, 1.0), p=st.floats(0.0, 1.0),
)  # fmt: skip
def test_trkb_activation_stays_a_fraction(
    amount: float, D: float, h: float, D_R: float, K_T: float, TrkB: float, p: float
) -> None:
    """Not rising where all is activated, not falling at 0, whatever BDNF and drive; between, to the closed form."""
    own = bdnf_parameters(h=h, D_R=D_R, K_T=K_T, TrkB=TrkB)

    def slope(activated: float) -> float:
        return BDNF.slopes({"BDNF": amount, "p_TrkB": activated}, own, {"D": D})["p_TrkB"]

    released = max(amount - 1, 0.0) * D**h * (1 + D_R**h) / (D_R**h + D**h)
    assert slope(0.0) >= 0 >= slope(TrkB)
    assert slope(p) == pytest.approx(TrkB * released / (released + K_T) - p, rel=1e-12, abs=1e-12)


def test_release_is_permitted_in_full_at_resting_drive_only_and_never_without_drive() -> None:
    """(1 + D_R^h) makes the permission 1 at D = 1; with D = 0 nothing is released however much there is."""
    own = bdnf_parameters(h=4.0, D_R=0.7)
    states = {"BDNF": 3.0, "p_TrkB": 0.0}
    assert BDNF.shown("permission", states, own, {"D": 1.0}) == pytest.approx(1, rel=1e-15)
    assert BDNF.shown("released", states, own, {"D": 0.0}) == 0
    assert BDNF.slopes(states, own, {"D": 0.0})["p_TrkB"] == 0


@pytest.mark.parametrize(("gene", "inputs"), [("BDNF_gene", {"relief": 1.0}), ("TrkB", {"relief": 1.0, "G": 2.0})])
def test_without_bdnf_or_trkb_nothing_is_activated(
    gene: str, inputs: dict[str, float], shipped: dict[str, dict[str, float]]
) -> None:
    """Exactly: no drug effect can pass either knock-out."""
    own = shipped["bdnf_trkb"] | {gene: 0.0}
    assert BDNF.after(DAY, BDNF.rest(own), own, inputs)["p_TrkB"] == 0


# AMPA receptor number


def scaling_parameters(**changes: float) -> dict[str, float]:
    """One for everything, so that times count in seconds."""
    return {one.name: 1.0 for one in SCALING.parameters} | changes


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    p_TrkB=st.floats(0.0, 1.0), evoked=st.floats(0.0, 3.0), p_MeCP2=st.floats(0.0, 1.0), A_max=st.floats(0.0, 3.0),
    eta=st.floats(0.0, 3.0), tau_in=st.floats(0.1, 10.0), tau_off=st.floats(0.1, 100.0), n_T=st.floats(1.0, 6.0),
)  # fmt: skip
def test_early_gain_lies_between_rest_and_full_insertion(
    p_TrkB: float, evoked: float, p_MeCP2: float, A_max: float, eta: float, tau_in: float, tau_off: float, n_T: float
) -> None:
    """At 1 it cannot fall, at 1 + A_max not rise; it settles where rates of insertion and loss balance."""
    own = scaling_parameters(A_max=A_max, eta=eta, tau_in=tau_in, tau_off=tau_off, n_T=n_T)
    inputs = {"p_TrkB": p_TrkB, "evoked": evoked, "p_MeCP2": p_MeCP2}

    def slope(A: float) -> float:
        return AMPAR.slopes({"A": A}, own, inputs)["A"]

    assert slope(1.0) >= 0 >= slope(1 + A_max)
    enter = AMPAR.shown("insertion", {"A": 1.0}, own, inputs) * (1 + eta * p_MeCP2) / tau_in
    settled = 1 + A_max * enter / (enter + 1 / tau_off)
    assert slope(settled) == pytest.approx(0, abs=1e-13 * (1 + enter * A_max))
    assert 0 <= enter * tau_in <= 1 + eta


@settings(max_examples=30, deadline=None, derandomize=True)
@given(p_TrkB=st.floats(0.0, 1.0), evoked=st.floats(0.0, 3.0), late=st.floats(0.0, 2.0))
def test_without_glua2_no_receptor_moves(p_TrkB: float, evoked: float, late: float) -> None:
    """Neither early nor late gain: exactly 1 whatever acts."""
    own = scaling_parameters(GluA2=0.0)
    inputs = {"p_TrkB": p_TrkB, "evoked": evoked, "p_MeCP2": 1.0, "late": late}
    assert AMPAR.slopes({"A": 1.0}, own, inputs)["A"] == 0
    assert AMPAR.shown("AMPAR_scale", {"A": 1.0}, own, inputs) == 1


def test_early_gain_is_lost_exponentially(shipped: dict[str, dict[str, float]]) -> None:
    """Without TrkB: A - 1 = (A_0 - 1) exp(-t / tau_off), to what SciPy integrates."""
    own = shipped["ampar_scaling"]
    left = AMPAR.after(3 * own["tau_off"], {"A": 1.4}, own, {"p_TrkB": 0.0})["A"] - 1
    assert left == pytest.approx(0.4 * np.exp(-3), rel=INTEGRATED)


def test_no_evoked_calcium_keeps_no_receptor(shipped: dict[str, dict[str, float]]) -> None:
    """CaMKII has to see calcium: under full block TrkB inserts nothing, at resting calcium its gate is open."""
    own = shipped["ampar_scaling"]
    assert AMPAR.slopes({"A": 1.0}, own, {"p_TrkB": 1.0, "evoked": 0.0})["A"] == 0
    assert AMPAR.shown("gate", {"A": 1.0}, own, {"evoked": 1.0}) == pytest.approx(1, rel=1e-15)


# The MeCP2 loop


def test_mecp2_that_cannot_be_phosphorylated_keeps_nothing(shipped: dict[str, dict[str, float]]) -> None:
    """S421A: the shift is remembered, but phosphorylation, late gain and consolidation stay at 0, exactly."""
    own = shipped["mecp2_loop"] | {"S421": 0.0}
    states = LOOP.after(30 * DAY, LOOP.rest(own), own, {"excess": 0.5, "p_TrkB": 1.0})
    assert states["p_MeCP2"] == states["L"] == states["C"] == 0
    assert states["X"] == pytest.approx(0.5, rel=INTEGRATED)


def test_the_shift_is_forgotten_exponentially(shipped: dict[str, dict[str, float]]) -> None:
    """X = X_0 exp(-t / tau_X) once no excess is left, whatever the rest of the loop does."""
    own = shipped["mecp2_loop"]
    start = {"X": 0.3, "p_MeCP2": 0.5, "L": 0.2, "C": 0.1, "F": 0.05}
    assert LOOP.after(2 * own["tau_X"], start, own, {})["X"] == pytest.approx(0.3 * np.exp(-2), rel=INTEGRATED)


def test_less_than_rest_phosphorylates_nothing(shipped: dict[str, dict[str, float]]) -> None:
    """A gain below rest makes a negative excess, which is no shift: not a number of a fractional power either."""
    own = shipped["mecp2_loop"]
    states = LOOP.after(5 * DAY, LOOP.rest(own), own, {"excess": -0.3})
    assert states["p_MeCP2"] == states["L"] == states["F"] == 0


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    excess=st.floats(0.0, 5.0), p_TrkB=st.floats(0.0, 1.0), C=st.floats(0.0, 1.0), p=st.floats(0.0, 1.0),
    k_C=st.floats(0.0, 20.0),
)  # fmt: skip
def test_fractions_of_the_loop_stay_fractions(excess: float, p_TrkB: float, C: float, p: float, k_C: float) -> None:
    """Slopes point inwards at 0 and 1 for phosphorylation and consolidation, whatever drives them."""
    own = {one.name: 1.0 for one in MECP2_LOOP.parameters} | {"k_C": k_C}
    inputs = {"excess": excess, "p_TrkB": p_TrkB}
    states = {"X": excess, "p_MeCP2": p, "L": 0.1, "C": C, "F": 0.1}
    for name in ("p_MeCP2", "C"):
        assert LOOP.slopes({**states, name: 0.0}, own, inputs)[name] >= 0
        assert LOOP.slopes({**states, name: 1.0}, own, inputs)[name] <= 0


def local_share(model: ModelDefinition) -> float:
    """Share of local contacts in the resting AMPA conductance of a pyramidal cell.

    The mean of shot noise is rate times peak times decay (Campbell); the decay is the same for both pools.
    """
    local = model["pyramidal_to_pyramidal.in_degree"] * model["pyramidal.resting_rate"]
    quanta = model["spontaneous_pyramidal.contacts"] * model["spontaneous_pyramidal.rate"]
    distant = model["background_pyramidal.contacts"] * model["background_pyramidal.rate"]
    conductance = (local + quanta) * model["pyramidal_to_pyramidal.peak.ampa"]
    return conductance / (conductance + distant * model["background_pyramidal.peak.ampa_background"])


def excess_of(model: ModelDefinition, gain: float, rate: float) -> float:
    """AMPA conductance that a gain above rest adds where pyramidal cells fire `rate` times as much as at rest."""
    local = local_share(model)
    return gain * (local * rate + (1 - local) * model["gain_on_long_range.share"])


def steepest(n: float, half: float) -> float:
    """Largest x^(n-1) / (half^n + x^n): the steepest line from 0 to a Hill function, touching at (n-1)^(1/n) half."""
    return float((n - 1) ** ((n - 1) / n) / (n * half))


def test_the_steepest_line_touches_the_hill_function() -> None:
    """Against a fine grid; at its maximum an error of 1e-3 in x costs 1e-6."""
    x = np.exp(np.linspace(np.log(1e-3), np.log(10), 20_001))
    for n, half in ((1.6, 0.1), (2.0, 0.3), (4.0, 1.0)):
        assert np.max(x ** (n - 1) / (half**n + x**n)) == pytest.approx(steepest(n, half), rel=1e-5)


# A column whose late gain is largest fires a fifth more (tests/physics/test_column.py measures it); with this
# much more the loop is still below one.
LARGEST_RATE = 1.4


def loop_gain(model: ModelDefinition) -> float:
    """How much late gain a little late gain makes, at most: below one it always makes less than itself.

    L -> L_max X^n / (X_50^n + X^n) with X = excess(L). Without consolidation (C = 0) and loop breaker
    (F = 0), both of which are near 0 after one dose.
    """
    L_max, X_50, n_X = (model[f"mecp2_loop.{name}"] for name in ("L_max", "X_50", "n_X"))
    return L_max * excess_of(model, 1.0, LARGEST_RATE) * steepest(n_X, X_50)


def test_the_shipped_loop_amplifies_less_than_it_loses(model: ModelDefinition) -> None:
    """The condition under which the effect of one dose ends (ME9), at the largest excess that late gain makes."""
    assert loop_gain(model) < 1


def late_gain_after(model: ModelDefinition, days: float, start: float) -> float:
    """Late gain from a start at which all of the loop is filled, with the excess that the gain itself makes."""
    scale, averages = at_rest(model)
    system = scale.systems["pyramidal"]
    y = system.rest.copy()
    L = system.states.index("mecp2_loop.L")
    filled = {"ampar_scaling.A": 1 + model["ampar_scaling.A_max"], "mecp2_loop.L": start, "mecp2_loop.p_MeCP2": 1.0,
              "mecp2_loop.X": 0.5}  # fmt: skip
    for name, value in filled.items():
        y[system.states.index(name)] = value

    def slope(time: float, flat: np.ndarray) -> np.ndarray:
        states = flat.reshape(y.shape)
        gain = states[system.states.index("ampar_scaling.A")] - 1 + states[L]
        told = {**averages, "excitation_shift_to_mecp2": excess_of(model, 1.0, LARGEST_RATE) * gain}
        return system.derivative(states, scale.outside(system, time, told)).ravel()

    found = solve_ivp(slope, (0.0, days * DAY), y.ravel(), "LSODA", rtol=1e-6, atol=1e-9)
    return float(found.y[:, -1].reshape(y.shape)[L].mean())


def test_late_gain_ends_below_a_loop_gain_of_one_and_lasts_above(tiny: ModelDefinition) -> None:
    """From a loop filled to the brim: with the shipped numbers it ends; with a gain of 1.2 it never does.

    Near a gain of one the end is slow: half a year for less than a hundredth. The loop breaker is off, so
    that nothing but the gain decides.
    """
    free = tiny.with_value("mecp2_loop.phi", 0)
    L_max = free["mecp2_loop.L_max"]
    assert loop_gain(free) < 1
    assert late_gain_after(free, 180, L_max) < 0.01 * L_max
    strong = free.with_value("mecp2_loop.L_max", 1.2 / loop_gain(free) * L_max)
    assert late_gain_after(strong, 180, L_max) > 0.1 * L_max


def test_the_loop_breaker_shortens_what_would_last(tiny: ModelDefinition) -> None:
    """F raises the threshold while the shift lasts: late gain after a month is lower with it than without."""
    strong = tiny.with_value("mecp2_loop.L_max", 1.2 / loop_gain(tiny) * tiny["mecp2_loop.L_max"])
    without = strong.with_value("mecp2_loop.phi", 0)
    assert late_gain_after(strong, 60, 0.3) < 0.9 * late_gain_after(without, 60, 0.3)
