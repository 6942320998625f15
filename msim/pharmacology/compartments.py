"""PK: absorption, three compartments, a metabolite, the effect site, or a bath; exact between dosing events."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.settings import settings
from msim.base.units import kilogram, meter, mmolar, mole, second
from msim.pharmacology.regimen import BATH, ROUNDING_S, ROUTES, Dose

STATES = ("A_peritoneum", "A_nose", "A_gut", "A1", "A2", "A3", "A_nk", "C_body", "C_bath")
CONCENTRATIONS = ("C_body", "C_bath")
SINKS = ("not_absorbed", "ketamine_cleared_otherwise", "norketamine_cleared")
OUTPUTS = ("C_plasma", "C_norketamine", "C_e")
ENTRY = dict(zip(ROUTES, ("A1", "A_peritoneum", "A_nose", "A_gut", "C_bath"), strict=True))
NG_PER_ML = 1e-6  # in kg/m3

_volume = meter**3
_flow = meter**3 / second

THREE_COMPARTMENT = Mechanism(
    name="three_compartment_pk",
    meaning="three compartments with depots, one metabolite and an effect site; or a bath, for slices",
    scale="drug",
    # Amounts, not concentrations, so that what leaves one line enters another. A depot holds the whole dose;
    # the share 1 - F of what leaves it never reaches plasma. The effect site is the usual link model: it
    # follows plasma and takes no drug from it. Volumes scale with body weight, flows with a power of it;
    # absorption and k_e0 hold for the species that they were measured in. A bath knows no body: what flows in
    # replaces what is there, and tissue sees it unbound and unmetabolised.
    equations="""
        weight_ratio = body_weight / reference_weight : 1
        flow_ratio = weight_ratio ** clearance_exponent : 1
        C_plasma = A1 / (weight_ratio * V1) : mmolar
        C_norketamine = A_nk / (weight_ratio * V_nk) : mmolar
        C_unbound = f_u * C_plasma : mmolar
        cleared = flow_ratio * CL * C_plasma : mole/second
        to_A2 = flow_ratio * Q2 * (C_plasma - A2 / (weight_ratio * V2)) : mole/second
        to_A3 = flow_ratio * Q3 * (C_plasma - A3 / (weight_ratio * V3)) : mole/second
        from_peritoneum = k_a_intraperitoneal * A_peritoneum : mole/second
        from_nose = k_a_intranasal * A_nose : mole/second
        from_gut = k_a_oral * A_gut : mole/second
        absorbed = F_intraperitoneal * from_peritoneum + F_intranasal * from_nose + F_oral * from_gut : mole/second
        dA_peritoneum/dt = dose_intraperitoneal - from_peritoneum : mole
        dA_nose/dt = dose_intranasal - from_nose : mole
        dA_gut/dt = dose_oral - from_gut : mole
        dA1/dt = dose_intravenous + absorbed - cleared - to_A2 - to_A3 : mole
        dA2/dt = to_A2 : mole
        dA3/dt = to_A3 : mole
        dA_nk/dt = f_nk * cleared - flow_ratio * CL_nk * C_norketamine : mole
        dC_body/dt = k_e0 * (k_eff * (C_plasma + pot_nk * C_norketamine) - C_body) : mmolar
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
        Parameter("Q2", _flow, "exchange with the fast peripheral compartment", 0),
        Parameter("Q3", _flow, "exchange with the slow peripheral compartment", 0),
        Parameter("f_nk", 1, "fraction of what is cleared that circulates as norketamine", 0, 1),
        Parameter("CL_nk", _flow, "clearance of norketamine", 0, None, False),
        Parameter("V_nk", _volume, "volume of distribution of norketamine", 0, None, False),
        Parameter("k_e0", 1 / second, "equilibration of the effect site", 0, None, False),
        Parameter("k_eff", 1, "free drug at the receptor over total drug in plasma, at equilibrium", 0, None, False),
        Parameter("pot_nk", 1, "potency of norketamine at the receptor relative to ketamine", 0),
        Parameter("F_intraperitoneal", 1, "fraction of an intraperitoneal dose that reaches plasma", 0, 1),
        Parameter("k_a_intraperitoneal", 1 / second, "absorption from the peritoneum", 0, None, False),
        Parameter("F_intranasal", 1, "fraction of an intranasal dose that reaches plasma", 0, 1),
        Parameter("k_a_intranasal", 1 / second, "absorption from the nose", 0, None, False),
        Parameter("F_oral", 1, "fraction of a swallowed dose that reaches plasma", 0, 1),
        Parameter("k_a_oral", 1 / second, "absorption from the gut", 0, None, False),
        Parameter("k_bath", 1 / second, "exchange of the bath of a slice, with diffusion into it", 0, None, False),
    ),
    outputs=(
        Port("C_plasma", mmolar, "total drug in plasma"),
        Port("C_unbound", mmolar, "unbound drug in plasma"),
        Port("C_norketamine", mmolar, "total metabolite in plasma"),
        Port("C_e", mmolar, "free drug at the receptor, its metabolite counted by potency"),
    ),
    rest={name: "0" for name in STATES},
    reference="kamp2020",
)


@dataclass(frozen=True)
class Pharmacokinetics:
    """The parameters of THREE_COMPARTMENT and the body they are used for, in SI units."""

    body_weight: float
    reference_weight: float
    clearance_exponent: float
    molar_mass: float
    f_u: float
    CL: float
    V1: float
    V2: float
    V3: float
    Q2: float
    Q3: float
    f_nk: float
    CL_nk: float
    V_nk: float
    k_e0: float
    k_eff: float
    pot_nk: float
    F_intraperitoneal: float
    k_a_intraperitoneal: float
    F_intranasal: float
    k_a_intranasal: float
    F_oral: float
    k_a_oral: float
    k_bath: float


@dataclass(frozen=True)
class MassBalance:
    """Amounts of drug at one time, in mol, norketamine counted as drug: given, in each compartment, and eliminated."""

    given: float
    in_body: dict[str, float]
    eliminated: dict[str, float]


class ConcentrationCurve:
    """Concentrations after a regimen, exact at any time; where they jump, from that instant on, or just before it."""

    def __init__(self, pk: Pharmacokinetics, doses: Sequence[Dose]) -> None:
        """Build the curve of one drug.

        doses: of one drug, in any order; none at all gives zeros
        """
        assert len({dose.drug for dose in doses}) <= 1, "a curve is of one drug"
        self.pk = pk
        self.doses = tuple(doses)
        self.breakpoints = tuple(sorted({time for dose in doses for time in (dose.start_s, dose.end_s)}))
        self._matrix = _with_sinks(pk)
        inputs = [_infusion(pk, doses, time) for time in self.breakpoints]
        self._inputs = np.array(inputs).reshape(-1, len(self._matrix))
        self._states = self._follow()
        self._modes = _modes(pk, self._states, self._inputs)

    def __call__(self, time: float) -> dict[str, float]:
        """Return the outputs in mM from a time in s on, fast enough for the inner loop of an integrator."""
        return self._within(bisect.bisect_right(self.breakpoints, time) - 1, time)

    def before(self, time: float) -> dict[str, float]:
        """Return the outputs in mM just before a time in s, without doses given then."""
        return self._within(bisect.bisect_left(self.breakpoints, time - ROUNDING_S) - 1, time)

    def _within(self, segment: int, time: float) -> dict[str, float]:
        """Return the outputs from doses given up to the start of a segment between breakpoints; 0 before the first."""
        if segment < 0:
            return {"C_plasma": 0.0, "C_unbound": 0.0, "C_norketamine": 0.0, "C_e": 0.0}
        elapsed = time - self.breakpoints[segment]
        if self._modes is None:
            values = _output_matrix(self.pk) @ self._state(segment, elapsed)[: len(STATES)]
        else:
            values = self._modes.at(segment, elapsed)
        # Round-off may leave -1e-17 of the peak, of which a Hill function would take a root.
        plasma, norketamine, effect = (max(value, 0.0) for value in values.tolist())
        return {"C_plasma": plasma, "C_unbound": self.pk.f_u * plasma, "C_norketamine": norketamine, "C_e": effect}

    def at(self, times: np.ndarray) -> dict[str, np.ndarray]:
        """Return outputs in mM at many times in s, each of the shape of times."""
        rows = [self(time) for time in np.ravel(times).tolist()]
        names = [port.name for port in THREE_COMPARTMENT.outputs]
        return {name: np.array([row[name] for row in rows]).reshape(np.shape(times)) for name in names}

    def ng_per_ml(self, times: np.ndarray) -> np.ndarray:
        """Return total ketamine in plasma in ng/ml, as laboratories report it."""
        return self.at(times)["C_plasma"] * self.pk.molar_mass / NG_PER_ML

    def mass_balance(self, time: float) -> MassBalance:
        """Return the amounts given, in each compartment, and eliminated by each path, each integrated independently."""
        segment = bisect.bisect_right(self.breakpoints, time) - 1
        state = np.zeros(len(self._matrix))
        if segment >= 0:
            state = self._state(segment, time - self.breakpoints[segment])
        amounts = dict(zip(STATES + SINKS, state.tolist()))
        return MassBalance(
            given=math.fsum(_given(dose, time) for dose in self.doses),
            in_body={name: amounts[name] for name in STATES if name not in CONCENTRATIONS},
            eliminated={name: amounts[name] for name in SINKS},
        )

    def _follow(self) -> np.ndarray:
        """Return states with sinks just after each breakpoint, shape (breakpoints, states)."""
        states = np.zeros_like(self._inputs)
        for segment, time in enumerate(self.breakpoints):
            if segment > 0:
                states[segment] = _advance(
                    self._matrix, states[segment - 1], self._inputs[segment - 1], time - self.breakpoints[segment - 1]
                )
            for dose in self.doses:
                if dose.duration_s == 0 and dose.start_s == time:
                    states[segment, STATES.index(ENTRY[dose.route])] += dose.amount_mol
        return states

    def _state(self, segment: int, elapsed: float) -> np.ndarray:
        return _advance(self._matrix, self._states[segment], self._inputs[segment], elapsed)


def rate_matrix(pk: Pharmacokinetics) -> np.ndarray:
    """Return the matrix of the right-hand side of THREE_COMPARTMENT without dosing, in SI units.

    returns: shape (states, states), row to, column from
    """
    ratio = pk.body_weight / pk.reference_weight
    flow = ratio**pk.clearance_exponent
    V1, V2, V3, V_nk = (ratio * volume for volume in (pk.V1, pk.V2, pk.V3, pk.V_nk))
    rates = {
        ("A_peritoneum", "A_peritoneum"): -pk.k_a_intraperitoneal,
        ("A_nose", "A_nose"): -pk.k_a_intranasal,
        ("A_gut", "A_gut"): -pk.k_a_oral,
        ("A1", "A_peritoneum"): pk.F_intraperitoneal * pk.k_a_intraperitoneal,
        ("A1", "A_nose"): pk.F_intranasal * pk.k_a_intranasal,
        ("A1", "A_gut"): pk.F_oral * pk.k_a_oral,
        ("A1", "A1"): -flow * (pk.CL + pk.Q2 + pk.Q3) / V1,
        ("A1", "A2"): flow * pk.Q2 / V2,
        ("A1", "A3"): flow * pk.Q3 / V3,
        ("A2", "A1"): flow * pk.Q2 / V1,
        ("A2", "A2"): -flow * pk.Q2 / V2,
        ("A3", "A1"): flow * pk.Q3 / V1,
        ("A3", "A3"): -flow * pk.Q3 / V3,
        ("A_nk", "A1"): pk.f_nk * flow * pk.CL / V1,
        ("A_nk", "A_nk"): -flow * pk.CL_nk / V_nk,
        ("C_body", "A1"): pk.k_e0 * pk.k_eff / V1,
        ("C_body", "A_nk"): pk.k_e0 * pk.k_eff * pk.pot_nk / V_nk,
        ("C_body", "C_body"): -pk.k_e0,
        ("C_bath", "C_bath"): -pk.k_bath,
    }
    matrix = np.zeros((len(STATES), len(STATES)))
    for (to, source), rate in rates.items():
        matrix[STATES.index(to), STATES.index(source)] = rate
    return matrix


def _with_sinks(pk: Pharmacokinetics) -> np.ndarray:
    """Return the rate matrix with one more row for each path of elimination, which only collects drug."""
    ratio = pk.body_weight / pk.reference_weight
    flow = ratio**pk.clearance_exponent
    n_states, n_all = len(STATES), len(STATES + SINKS)
    matrix = np.zeros((n_all, n_all))
    matrix[:n_states, :n_states] = rate_matrix(pk)
    not_absorbed, otherwise, norketamine = range(n_states, n_all)
    matrix[not_absorbed, STATES.index("A_peritoneum")] = (1 - pk.F_intraperitoneal) * pk.k_a_intraperitoneal
    matrix[not_absorbed, STATES.index("A_nose")] = (1 - pk.F_intranasal) * pk.k_a_intranasal
    matrix[not_absorbed, STATES.index("A_gut")] = (1 - pk.F_oral) * pk.k_a_oral
    matrix[otherwise, STATES.index("A1")] = (1 - pk.f_nk) * flow * pk.CL / (ratio * pk.V1)
    matrix[norketamine, STATES.index("A_nk")] = flow * pk.CL_nk / (ratio * pk.V_nk)
    return matrix


def _output_matrix(pk: Pharmacokinetics) -> np.ndarray:
    """Return the matrix that turns states into OUTPUTS, shape (outputs, states)."""
    ratio = pk.body_weight / pk.reference_weight
    matrix = np.zeros((len(OUTPUTS), len(STATES)))
    matrix[0, STATES.index("A1")] = 1 / (ratio * pk.V1)
    matrix[1, STATES.index("A_nk")] = 1 / (ratio * pk.V_nk)
    matrix[2, [STATES.index(one) for one in CONCENTRATIONS]] = 1
    return matrix


def _infusion(pk: Pharmacokinetics, doses: Sequence[Dose], time: float) -> np.ndarray:
    """Return the rates that flow into each state from a time on, in mol/s; into the bath in mM/s."""
    rates = np.zeros(len(STATES + SINKS))
    for dose in doses:
        if dose.start_s <= time < dose.end_s:
            rate = pk.k_bath * dose.bath_mM if dose.route == BATH else dose.rate_mol_per_s
            rates[STATES.index(ENTRY[dose.route])] += rate
    return rates


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


def _modes(pk: Pharmacokinetics, states: np.ndarray, inputs: np.ndarray) -> _Modes | None:
    """Return the modes of the rate matrix, or None where two rates are too alike to tell their modes apart."""
    n, n_stretches = len(STATES), len(states)
    scale = np.ones(n)
    # A concentration among amounts would spoil the condition number.
    scale[[STATES.index(one) for one in CONCENTRATIONS]] = 1 / pk.V1
    rates, vectors = np.linalg.eig(rate_matrix(pk) * scale / scale[:, None])
    # Rates of compartments are real; rounding makes a pair complex only where the two are too alike.
    if np.any(np.imag(rates)) or np.linalg.cond(vectors) > settings().largest_condition:
        return None
    rates, vectors = np.real(rates), np.real(vectors)  # newer NumPy calls real modes complex too
    outputs = (_output_matrix(pk) * scale) @ vectors
    columns = np.concatenate([states[:, :n], inputs[:, :n]]).T / scale[:, None]
    weights = np.linalg.solve(vectors, columns).T[:, None, :] * outputs
    # A mode that does not decay belongs to a compartment without exchange, which no output reads.
    return _Modes(
        rates=rates,
        from_state=weights[:n_stretches],
        from_input=weights[n_stretches:] / np.where(rates == 0, 1.0, rates),
        infused=tuple(bool(row.any()) for row in inputs),
    )
