"""PK: absorption, three compartments, a metabolite, the effect site, or a bath; exact between dosing events."""

from __future__ import annotations

import bisect
import functools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from msim.base.equations import read_equations, slopes, subexpressions, without
from msim.base.expressions import names_in
from msim.base.mechanism import Mechanism, Parameter, Port, same_dimensions
from msim.base.settings import settings
from msim.base.units import kilogram, meter, mmolar, mole, second
from msim.pharmacology.regimen import BATH, ROUNDING_S, Dose

SINKS = ("not_absorbed", "cleared_otherwise", "metabolite_cleared")
DEPOTS = ("intraperitoneal", "intranasal", "oral")  # routes of doses that wait to be absorbed
# Parameters of what a drug may lack: compartments, a circulating metabolite, routes. All of a group or none is given.
OPTIONAL = (
    ("V2", "Q2"), ("V3", "Q3"), ("CL",), ("Q_liver", "V_liver", "CL_liver"), ("f_nk", "CL_nk", "V_nk", "pot_nk"),
    ("V_nk2", "Q_nk2"), ("F_intraperitoneal", "k_a_intraperitoneal"), ("F_intranasal", "k_a_intranasal"),
    ("k_a_oral",), ("F_oral",), ("f_nk_oral",), ("F_portal",), ("k_bath",),
)  # fmt: skip
# Of each pair exactly one is given: a drug is cleared from plasma, or from a liver that plasma flows through.
ONE_OF = (("CL", "Q_liver"),)
# What a parameter wants to be given with it; one of them is enough.
NEEDS = (
    ("F_intranasal", ("k_a_oral",)), ("k_a_oral", ("F_oral", "F_portal")), ("F_oral", ("k_a_oral",)),
    ("F_oral", ("CL",)), ("F_portal", ("k_a_oral",)), ("F_portal", ("Q_liver",)), ("f_nk_oral", ("F_oral",)),
    ("f_nk_oral", ("V_nk",)), ("V_nk2", ("V_nk",)),
)  # fmt: skip
NG_PER_ML = 1e-6  # in kg/m3

_volume = meter**3
_flow = meter**3 / second

THREE_COMPARTMENT = Mechanism(
    name="three_compartment_pk",
    meaning="up to three compartments with depots, one metabolite and an effect site; or a bath, for slices",
    scale="drug",
    # Amounts, not concentrations, so that what leaves one line enters another. A depot holds the whole dose. Of
    # a spray, what the nose does not take up is swallowed. What leaves the gut meets its wall and the liver
    # before the rest of the body: a part arrives unchanged (F_oral), a part as norketamine (f_nk_oral), the rest
    # is lost; or the liver is a compartment, fed by plasma and by the share of the gut that passes its wall
    # (F_portal), in which all clearance takes place. The effect site is the usual link model: it follows plasma
    # and takes no drug from it. Volumes scale with body weight, flows with a power of it; absorption and k_e0
    # hold for the species that they were measured in. A bath knows no body: what flows in replaces what is
    # there, and tissue sees it unbound and unmetabolised.
    equations="""
        weight_ratio = body_weight / reference_weight : 1
        flow_ratio = weight_ratio ** clearance_exponent : 1
        V_plasma = weight_ratio * V1 : meter**3
        V_metabolite = weight_ratio * V_nk : meter**3
        C_plasma = A1 / V_plasma : mmolar
        C_unbound = f_u * C_plasma : mmolar
        C_norketamine = A_nk / V_metabolite : mmolar
        from_peritoneum = k_a_intraperitoneal * A_peritoneum : mole/second
        from_nose = k_a_intranasal * A_nose : mole/second
        from_gut = k_a_oral * A_gut : mole/second
        swallowed = (1 - F_intranasal) * from_nose : mole/second
        absorbed = F_intraperitoneal * from_peritoneum + F_intranasal * from_nose + F_oral * from_gut : mole/second
        leaving = flow_ratio * (CL + Q2 + Q3 + Q_liver) / V_plasma * A1 : mole/second
        to_A2 = flow_ratio * Q2 / V_plasma * A1 : mole/second
        to_A3 = flow_ratio * Q3 / V_plasma * A1 : mole/second
        from_A2 = flow_ratio * Q2 / (weight_ratio * V2) * A2 : mole/second
        from_A3 = flow_ratio * Q3 / (weight_ratio * V3) * A3 : mole/second
        to_liver = flow_ratio * Q_liver / V_plasma * A1 + F_portal * from_gut : mole/second
        from_liver = flow_ratio * Q_liver / (weight_ratio * V_liver) * A_liver : mole/second
        cleared_in_liver = flow_ratio * CL_liver / (weight_ratio * V_liver) * A_liver : mole/second
        metabolised = f_nk * flow_ratio * CL / V_plasma * A1 + f_nk * cleared_in_liver : mole/second
        to_A_nk2 = flow_ratio * Q_nk2 / V_metabolite * A_nk : mole/second
        from_A_nk2 = flow_ratio * Q_nk2 / (weight_ratio * V_nk2) * A_nk2 : mole/second
        to_effect_site = k_e0 * k_eff / V_plasma * A1 + k_e0 * k_eff * pot_nk / V_metabolite * A_nk : mmolar/second
        lost_in_peritoneum = (1 - F_intraperitoneal) * from_peritoneum : mole/second
        lost_in_gut = (1 - F_oral - f_nk_oral - F_portal) * from_gut : mole/second
        not_absorbed = lost_in_peritoneum + lost_in_gut : mole/second
        cleared_otherwise = (1 - f_nk) * flow_ratio * CL / V_plasma * A1 + (1 - f_nk) * cleared_in_liver : mole/second
        metabolite_cleared = flow_ratio * CL_nk / V_metabolite * A_nk : mole/second
        dA_peritoneum/dt = dose_intraperitoneal - from_peritoneum : mole
        dA_nose/dt = dose_intranasal - from_nose : mole
        dA_gut/dt = dose_oral + swallowed - from_gut : mole
        dA1/dt = dose_intravenous + absorbed + from_A2 + from_A3 + from_liver - leaving : mole
        dA2/dt = to_A2 - from_A2 : mole
        dA3/dt = to_A3 - from_A3 : mole
        dA_liver/dt = to_liver - from_liver - cleared_in_liver : mole
        dA_nk/dt = metabolised + f_nk_oral * from_gut + from_A_nk2 - to_A_nk2 - metabolite_cleared : mole
        dA_nk2/dt = to_A_nk2 - from_A_nk2 : mole
        dC_body/dt = to_effect_site - k_e0 * C_body : mmolar
        dC_bath/dt = k_bath * (dose_bath - C_bath) : mmolar
        C_e = C_body + C_bath : mmolar
    """,
    inputs=(
        Port("body_weight", kilogram, "weight of the animal or person"),
        Port("dose_intravenous", mole / second, "rate of infusion into the central compartment"),
        Port("dose_intraperitoneal", mole / second, "rate of injection into the peritoneum"),
        Port("dose_intranasal", mole / second, "rate of spraying into the nose"),
        Port("dose_oral", mole / second, "rate of swallowing"),
        Port("dose_bath", mmolar, "concentration in what flows into the bath of a slice"),
    ),
    parameters=(
        Parameter("reference_weight", kilogram, "body weight that flows and volumes are given for", 0, None, False),
        Parameter("clearance_exponent", 1, "power of body weight that flows scale with", 0),
        Parameter("molar_mass", kilogram / mole, "of the base, which doses are given as", 0, None, False),
        Parameter("f_u", 1, "unbound fraction in plasma", 0, 1, False),
        Parameter("CL", _flow, "clearance from plasma", 0, None, False),
        Parameter("V1", _volume, "central volume", 0, None, False),
        Parameter("V2", _volume, "volume of the fast peripheral compartment", 0, None, False),
        Parameter("V3", _volume, "volume of the slow peripheral compartment", 0, None, False),
        Parameter("Q2", _flow, "exchange with the fast peripheral compartment", 0, None, False),
        Parameter("Q3", _flow, "exchange with the slow peripheral compartment", 0, None, False),
        Parameter("Q_liver", _flow, "blood flow through the liver", 0, None, False),
        Parameter("V_liver", _volume, "volume of the liver with the vessels of the gut", 0, None, False),
        Parameter("CL_liver", _flow, "intrinsic clearance, from the liver's own concentration", 0, None, False),
        Parameter("f_nk", 1, "fraction of what is cleared that circulates as norketamine", 0, 1, False),
        Parameter("CL_nk", _flow, "clearance of norketamine", 0, None, False),
        Parameter("V_nk", _volume, "volume of norketamine, or of its central compartment", 0, None, False),
        Parameter("V_nk2", _volume, "volume of norketamine's peripheral compartment", 0, None, False),
        Parameter("Q_nk2", _flow, "exchange with norketamine's peripheral compartment", 0, None, False),
        Parameter("k_e0", 1 / second, "equilibration of the effect site", 0, None, False),
        Parameter("k_eff", 1, "free drug at the receptor over total drug in plasma, at equilibrium", 0, None, False),
        Parameter("pot_nk", 1, "potency of norketamine at the receptor relative to ketamine", 0),
        Parameter("F_intraperitoneal", 1, "fraction of an intraperitoneal dose that reaches plasma", 0, 1, False),
        Parameter("k_a_intraperitoneal", 1 / second, "absorption from the peritoneum", 0, None, False),
        Parameter("F_intranasal", 1, "fraction of a nasal dose that the nose takes up; the rest is swallowed", 0, 1,
                  False),
        Parameter("k_a_intranasal", 1 / second, "uptake by the nose, and clearance into the throat", 0, None, False),
        Parameter("F_oral", 1, "fraction of a swallowed dose that reaches plasma unchanged", 0, 1, False),
        Parameter("f_nk_oral", 1, "fraction of a swallowed dose that reaches plasma as norketamine", 0, 1, False),
        Parameter("F_portal", 1, "fraction of a swallowed dose that passes the gut's wall unchanged", 0, 1, False),
        Parameter("k_a_oral", 1 / second, "absorption from the gut", 0, None, False),
        Parameter("k_bath", 1 / second, "exchange of the bath of a slice, with diffusion into it", 0, None, False),
    ),
    outputs=(
        Port("C_plasma", mmolar, "total drug in plasma"),
        Port("C_unbound", mmolar, "unbound drug in plasma"),
        Port("C_norketamine", mmolar, "total metabolite in plasma"),
        Port("C_e", mmolar, "free drug at the receptor, its metabolite counted by potency"),
    ),
    rest=dict.fromkeys(
        ("A_peritoneum", "A_nose", "A_gut", "A1", "A2", "A3", "A_liver", "A_nk", "A_nk2", "C_body", "C_bath"), "0"
    ),
    reference="kamp2020",
    shares=(("F_oral", "f_nk_oral"),),
)


def disposition(given: Collection[str]) -> Mechanism:
    """Return THREE_COMPARTMENT without what a drug lacks.

    given: names of parameters; of each group in OPTIONAL all or none
    """
    lacking = {one for group in OPTIONAL if not set(group) & set(given) for one in group}
    return _without(frozenset(lacking | {f"dose_{route}" for route in DEPOTS if f"k_a_{route}" in lacking}))


@functools.cache
def _without(lacking: frozenset[str]) -> Mechanism:
    text = without(THREE_COMPARTMENT.equations, lacking)
    left = read_equations(text)
    read = {name for one in left.values() for name in names_in(one.expression)}
    return replace(
        THREE_COMPARTMENT, equations=text,
        inputs=tuple(one for one in THREE_COMPARTMENT.inputs if one.name in read),
        parameters=tuple(one for one in THREE_COMPARTMENT.parameters if one.name not in lacking),
        outputs=tuple(one for one in THREE_COMPARTMENT.outputs if one.name in left),
        rest={name: text for name, text in THREE_COMPARTMENT.rest.items() if name in left},
        shares=tuple(one for one in THREE_COMPARTMENT.shares if not lacking & set(one)),
    )  # fmt: skip


@dataclass(frozen=True)
class LinearEquations:
    """Matrices of the equations of a drug in a body, in SI units, read off their text.

    rates: of states and sinks by states and sinks, row to, column from; what a sink has collected moves nothing
    entry: rates of states and sinks by the rate of a dose, or by the concentration of a bath, by route
    outputs: by states, shape (outputs, states)
    """

    states: tuple[str, ...]
    sinks: tuple[str, ...]
    rates: np.ndarray
    entry: Mapping[str, np.ndarray]
    outputs: np.ndarray


def linear_equations(form: Mechanism, pk: Mapping[str, float]) -> LinearEquations:
    """Evaluate the text of a form that `disposition` has built at states and doses of 1, each of them alone.

    pk: parameters of the form and the body weight, SI units
    """
    doses = {one.name: one.name.removeprefix("dose_") for one in form.inputs if one.name.startswith("dose_")}
    alone = dict(zip((*form.rest, *doses), np.eye(len(form.rest) + len(doses)), strict=True))
    known = {**pk, **alone}
    found = subexpressions(form.equations, known) | slopes(form.equations, known)
    sinks = tuple(one for one in SINKS if one in found)
    rows = np.stack([found[one] for one in (*form.rest, *sinks)])
    n_states = len(form.rest)
    rates = np.zeros((len(rows), len(rows)))
    rates[:, :n_states] = rows[:, :n_states]
    entry = dict(zip(doses.values(), rows[:, n_states:].T, strict=True))
    outputs = np.stack([found[port.name][:n_states] for port in form.outputs])
    return LinearEquations(tuple(form.rest), sinks, rates, entry, outputs)


@dataclass(frozen=True)
class MassBalance:
    """Amounts of drug and metabolite at one time, in mol: given, in each compartment, and eliminated by each path."""

    given: float
    in_body: dict[str, float]
    eliminated: dict[str, float]


class ConcentrationCurve:
    """Concentrations after a regimen, exact at any time; where they jump, from that instant on, or just before it."""

    def __init__(self, pk: Mapping[str, float], doses: Sequence[Dose]) -> None:
        """Build the curve of one drug.

        pk: parameters that the drug has of THREE_COMPARTMENT, and the body weight, SI units
        doses: of one drug, by its routes, in any order; none at all gives zeros
        """
        assert len({dose.drug for dose in doses}) <= 1, "a curve is of one drug"
        self.pk = pk
        self.doses = tuple(doses)
        self.breakpoints = tuple(sorted({time for dose in doses for time in (dose.start_s, dose.end_s)}))
        self.form = disposition(pk)
        self.linear = linear_equations(self.form, pk)
        inputs = [_infusion(self.linear, doses, time) for time in self.breakpoints]
        self._inputs = np.array(inputs).reshape(-1, len(self.linear.rates))
        self._states = self._follow()
        self._modes = _modes(self.form, pk["V1"], self.linear, self._states, self._inputs)
        self._names = [port.name for port in self.form.outputs]

    def __call__(self, time: float) -> dict[str, float]:
        """Return the outputs in mM from a time in s on, fast enough for the inner loop of an integrator."""
        return self._within(bisect.bisect_right(self.breakpoints, time) - 1, time)

    def before(self, time: float) -> dict[str, float]:
        """Return the outputs in mM just before a time in s, without doses given then."""
        return self._within(bisect.bisect_left(self.breakpoints, time - ROUNDING_S) - 1, time)

    def _within(self, segment: int, time: float) -> dict[str, float]:
        """Return the outputs from doses given up to the start of a segment between breakpoints; 0 before the first."""
        if segment < 0:
            return dict.fromkeys(self._names, 0.0)
        elapsed = time - self.breakpoints[segment]
        if self._modes is None:
            values = self.linear.outputs @ self._state(segment, elapsed)[: len(self.linear.states)]
        else:
            values = self._modes.at(segment, elapsed)
        # Round-off may leave -1e-17 of the peak, of which a Hill function would take a root.
        return dict(zip(self._names, (max(value, 0.0) for value in values.tolist()), strict=True))

    def at(self, times: np.ndarray) -> dict[str, np.ndarray]:
        """Return outputs in mM at many times in s, each of the shape of times."""
        rows = [self(time) for time in np.ravel(times).tolist()]
        return {name: np.array([row[name] for row in rows]).reshape(np.shape(times)) for name in self._names}

    def ng_per_ml(self, times: np.ndarray) -> np.ndarray:
        """Return total drug in plasma in ng/ml, as laboratories report it."""
        return self.at(times)["C_plasma"] * self.pk["molar_mass"] / NG_PER_ML

    def mass_balance(self, time: float) -> MassBalance:
        """Return the amounts given, in each compartment, and eliminated by each path, each integrated independently."""
        segment = bisect.bisect_right(self.breakpoints, time) - 1
        state = np.zeros(len(self.linear.rates))
        if segment >= 0:
            state = self._state(segment, time - self.breakpoints[segment])
        states, sinks = self.linear.states, self.linear.sinks
        amounts = dict(zip(states + sinks, state.tolist(), strict=True))
        held = [name for name in states if not _is_concentration(self.form, name)]
        return MassBalance(
            given=math.fsum(_given(dose, time) for dose in self.doses),
            in_body={name: amounts[name] for name in held},
            eliminated={name: amounts[name] for name in sinks},
        )

    def _follow(self) -> np.ndarray:
        """Return states with sinks just after each breakpoint, shape (breakpoints, states)."""
        states = np.zeros_like(self._inputs)
        for segment, time in enumerate(self.breakpoints):
            if segment > 0:
                before = segment - 1
                elapsed = time - self.breakpoints[before]
                states[segment] = _advance(self.linear.rates, states[before], self._inputs[before], elapsed)
            for dose in self.doses:
                if dose.duration_s == 0 and dose.start_s == time:
                    states[segment] += self.linear.entry[dose.route] * dose.amount_mol
        return states

    def _state(self, segment: int, elapsed: float) -> np.ndarray:
        return _advance(self.linear.rates, self._states[segment], self._inputs[segment], elapsed)


def _infusion(linear: LinearEquations, doses: Sequence[Dose], time: float) -> np.ndarray:
    """Return the rates that flow into each state from a time on, in mol/s; into the bath in mM/s."""
    rates = np.zeros(len(linear.rates))
    for dose in doses:
        if dose.start_s <= time < dose.end_s:
            rates += linear.entry[dose.route] * (dose.bath_mM if dose.route == BATH else dose.rate_mol_per_s)
    return rates


def _is_concentration(form: Mechanism, state: str) -> bool:
    return same_dimensions(read_equations(form.equations)[state].unit, mmolar)


def _given(dose: Dose, time: float) -> float:
    if time < dose.start_s:
        return 0.0
    if time >= dose.end_s:
        return dose.amount_mol
    return dose.rate_mol_per_s * (time - dose.start_s)


def _advance(matrix: np.ndarray, state: np.ndarray, rates: np.ndarray, elapsed: float) -> np.ndarray:
    """Return the state after a stretch of constant input, which is treated as one more state that stays at 1."""
    from scipy.linalg import expm

    n = len(matrix)
    augmented = np.zeros((n + 1, n + 1))
    augmented[:n, :n], augmented[:n, n] = matrix, rates
    return (expm(augmented * elapsed) @ np.append(state, 1.0))[:n]


@dataclass(frozen=True)
class _Modes:
    """Outputs as sums of exponentials, one set of weights for each stretch between breakpoints.

    rates: (modes,), in 1/s
    from_state, from_input: weights of exp(rate t) and of exp(rate t) - 1, (stretches, outputs, modes)
    """

    rates: np.ndarray
    from_state: np.ndarray
    from_input: np.ndarray
    infused: tuple[bool, ...]

    def at(self, segment: int, elapsed: float) -> np.ndarray:
        """Return OUTPUTS at a time since the start of the stretch."""
        exponents = self.rates * elapsed
        values = self.from_state[segment] @ np.exp(exponents)
        if self.infused[segment]:
            values += self.from_input[segment] @ np.expm1(exponents)
        return values


def _modes(
    form: Mechanism, volume: float, linear: LinearEquations, states: np.ndarray, inputs: np.ndarray
) -> _Modes | None:
    """Return the modes of the rate matrix, or None where two rates are too alike to tell their modes apart.

    volume: that turns an amount into a concentration of a like size, m3
    """
    n, n_stretches = len(linear.states), len(states)
    # A concentration among amounts would spoil the condition number.
    scale = np.array([1 / volume if _is_concentration(form, name) else 1.0 for name in linear.states])
    rates, vectors = np.linalg.eig(linear.rates[:n, :n] * scale / scale[:, None])
    # Rates of compartments are real; rounding makes a pair complex only where the two are too alike.
    if np.any(np.imag(rates)) or np.linalg.cond(vectors) > settings().largest_condition:
        return None
    rates, vectors = np.real(rates), np.real(vectors)  # newer NumPy calls real modes complex too
    outputs = (linear.outputs * scale) @ vectors
    columns = np.concatenate([states[:, :n], inputs[:, :n]]).T / scale[:, None]
    weights = np.linalg.solve(vectors, columns).T[:, None, :] * outputs
    return _Modes(
        rates=rates,
        from_state=weights[:n_stretches],
        from_input=weights[n_stretches:] / rates,
        infused=tuple(bool(row.any()) for row in inputs),
    )
