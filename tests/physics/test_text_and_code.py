"""What a form's code computes is what its text says: every form that is not run from its text, over random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from msim.base.equations import read_equations, slopes, subexpressions
from msim.base.expressions import evaluated
from msim.base.mechanism import Mechanism
from msim.circuit.drive import COLOURED_BACKGROUND, colour_course
from msim.circuit.receptors import NMDA
from msim.dcm.mass import NEURAL_MASS, POPULATIONS, Circuit, firing, flow, unblocked
from msim.definitions.models.mechanism_registry import MECHANISMS
from msim.measures import energy_use, glutamate_cycle, receptor_pet, synapse_pet
from msim.measures.blood_flow import flow_course, flow_path
from msim.measures.bold import BALLOON_WINDKESSEL, BalloonWindkessel, bold_response
from msim.measures.bold_stream import BoldStream
from msim.measures.dipole import DIPOLE_SOURCE, dipole_moment
from msim.measures.rating import RATING, improvement
from msim.measures.venous_balloon import _rates
from msim.pharmacology.channel_block import TRAPPING_BLOCK
from msim.pharmacology.compartments import (
    CONCENTRATIONS,
    ENTRY,
    STATES,
    THREE_COMPARTMENT,
    ConcentrationCurve,
    Pharmacokinetics,
    rate_matrix,
)
from msim.pharmacology.regimen import Dose

# Equations of these become code by themselves: by SymPy, by Brian2, or by the target cpp.
RUN_FROM_TEXT = ("membrane", "receptor", "synapse", "slow")
BY_HAND = {one.name: one for one in MECHANISMS.values() if one.equations.strip() and one.scale not in RUN_FROM_TEXT}

Pairs = dict[str, tuple[Any, Any]]  # name on the left of an equation: by its text, by the code


def parameters(form: Mechanism, random: np.random.Generator, **given: float) -> dict[str, float]:
    """Numbers within the bounds of a form's parameters, and the constants that follow from them."""
    found = dict(given)
    for one in form.parameters:
        low = 0.1 if one.low is None or not one.low else max(one.low, 0.1)
        high = min(0.95, one.high) if one.high is not None else low + 2
        found.setdefault(one.name, float(random.uniform(min(low, high), high)))
    return found | {one.name: evaluated(one.expression, found) for one in form.derived}


def told(form: Mechanism, known: Mapping[str, Any]) -> dict[str, Any]:
    """All that the text says: subexpressions by name, and rates as d.../dt."""
    rates = {f"d{name}/dt": value for name, value in slopes(form.equations, known).items()}
    return subexpressions(form.equations, known) | rates


def rating(random: np.random.Generator) -> Pairs:
    numbers = parameters(RATING, random)
    # Far out, so that bounds are met.
    W, luck = random.normal(0, 2, 200), random.normal(0, 3, 200)
    kept = {name: numbers[name] for name in ("placebo", "E_max", "W_50", "sd")}
    text = told(RATING, numbers | {"W": W, "luck": luck})
    assert (text["improvement"] == 1).any() and (W < 0).any()
    return {"improvement": (text["improvement"], improvement(W, luck, **kept))}


def dipole(random: np.random.Generator) -> Pairs:
    numbers, current = parameters(DIPOLE_SOURCE, random), random.normal(3e-12, 1e-12, (2, 50))
    size = numbers["n_cells"], numbers["length"]
    steady = told(DIPOLE_SOURCE, numbers | {"field_current": current, "steady_current": 1e-12})["Q"]
    mean = current.mean(axis=1, keepdims=True)
    around = told(DIPOLE_SOURCE, numbers | {"field_current": current, "steady_current": mean})["Q"]
    found = [dipole_moment(current, *size, 1e-12), dipole_moment(current, *size)]
    return {"Q": (np.stack([steady, around]), np.stack(found))}


def kinetics(random: np.random.Generator) -> Pairs:
    numbers = parameters(THREE_COMPARTMENT, random)
    pk = Pharmacokinetics(body_weight=float(random.uniform(0.1, 3)), **numbers)
    amounts = dict(zip(STATES, random.uniform(0, 1, len(STATES)), strict=True))
    rates = {f"dose_{route}": float(random.uniform(0, 1)) for route in ENTRY}
    text = told(THREE_COMPARTMENT, numbers | amounts | rates | {"body_weight": pk.body_weight})
    by_code = rate_matrix(pk) @ np.array(list(amounts.values()))
    for route, state in ENTRY.items():
        bath = route == "bath"
        dose = Dose("x", route, 0.0, 2.0, 0.0 if bath else 2.0 * rates[f"dose_{route}"], rates["dose_bath"] * bath)
        by_code[STATES.index(state)] += ConcentrationCurve(pk, [dose])._inputs[0][STATES.index(state)]
    found: Pairs = {f"d{one}/dt": (text[f"d{one}/dt"], by_code[k]) for k, one in enumerate(STATES)}
    return found | {name: (text[name], value) for name, value in shown(pk, amounts).items()}


def shown(pk: Pharmacokinetics, amounts: Mapping[str, float]) -> dict[str, float]:
    """Outputs where amounts were put in at that instant; what no dose enters is put in through the states."""
    curve = ConcentrationCurve(pk, [Dose("x", "intravenous", 0.0, 0.0, 1.0)])
    curve._states[0, : len(STATES)] = list(amounts.values())
    curve._modes = None
    assert {"C_body", "C_bath"} == set(CONCENTRATIONS)
    return curve(0.0)


def balloon(random: np.random.Generator) -> Pairs:
    numbers = parameters(BALLOON_WINDKESSEL, random)
    values = BalloonWindkessel(**numbers)
    activity, s, f, v, q = random.uniform(0.5, 1.5, 5) - np.array([0, 1, 0, 0, 0])
    text = told(BALLOON_WINDKESSEL, numbers | {"activity": activity, "s": s, "f": f, "v": v, "q": q})
    stream = BoldStream(values, (), 0.05, 0.05)
    by_stream = stream._slope(np.array([s, *np.log([f, v, q])]), np.asarray(activity - 1)) * np.array([1, f, v, q])
    # The other code solves flow exactly; held under constant activity, and from its own states.
    drive = np.full((1, 2), numbers["gamma"] * (f - 1))
    by_solver = _rates(flow_path(drive, np.array([0.0, 1.0]), numbers["kappa"], numbers["gamma"]), numbers["tau"],
                       numbers["alpha"], numbers["E0"])(0.5, np.log([v, q])) * np.array([v, q])  # fmt: skip
    stream.states = np.array([s, *np.log([f, v, q])])
    found: Pairs = {f"d{name}/dt": (text[f"d{name}/dt"], by_stream[k]) for k, name in enumerate("sfvq")}
    found |= {f"d{name}/dt, solved": (text[f"d{name}/dt"], by_solver[k]) for k, name in enumerate("vq")}
    return found | oscillator(numbers, activity) | signal(numbers, values, random)


def oscillator(numbers: Mapping[str, float], activity: float) -> Pairs:
    """Flow that is solved exactly has the slopes of the text."""
    drive = numbers["efficacy"] * (activity - 1) * np.array([[0.0, 0.0, 1.0, 1.0]])
    path = flow_path(drive, np.array([0.0, 1.0, 1.0, 3.0]), numbers["kappa"], numbers["gamma"])
    change, t, h = flow_course(path), 1.7, 1e-3
    before, now, after = (change(t + k * h) for k in (-1, 0, 1))
    slope, bend = (after - before) / (2 * h), (after - 2 * now + before) / h**2
    known = numbers | {"activity": activity, "s": slope, "f": 1 + now, "v": 1.0, "q": 1.0}
    text = told(BALLOON_WINDKESSEL, known)
    # Of second order in h: the third and fourth derivatives are below 100 of the largest slope.
    return {"ds/dt, solved": (text["ds/dt"] + 10, bend + 10), "df/dt, solved": (text["df/dt"] + 1, slope + 1)}


def signal(numbers: Mapping[str, float], values: BalloonWindkessel, random: np.random.Generator) -> Pairs:
    """What the scanner sees of states in which activity has been held for ever."""
    activity = float(random.uniform(1.0, 1.5))
    f = 1 + numbers["efficacy"] * (activity - 1) / numbers["gamma"]
    v, extraction = f ** numbers["alpha"], 1 - (1 - numbers["E0"]) ** (1 / f)
    known = numbers | {"activity": activity, "s": 0.0, "f": f, "v": v, "q": v * extraction / numbers["E0"]}
    text = told(BALLOON_WINDKESSEL, known)
    held = bold_response(np.full(2, activity - 1), np.array([0.0, 1.0]), values, np.array([0.5]))
    assert all(abs(text[f"d{one}/dt"]) < 1e-12 for one in "sfvq")
    return {"percent_signal_change": (text["percent_signal_change"], held[0])}


def mass(random: np.random.Generator) -> Pairs:
    numbers = parameters(NEURAL_MASS, random)
    S, P = 2, len(POPULATIONS)
    ampa, nmda, gaba = random.uniform(0, 1, (3, S, P, S, P))
    circuit = Circuit(numbers, ampa, nmda, gaba, random.uniform(0, 1, 2), random.uniform(0.1, 1, 3))
    x = np.concatenate([random.uniform(-1, 1, (S, P, 1)), random.uniform(0, 1, (S, P, 3))], axis=-1)
    m, by_code = firing(circuit, x[..., 0]), np.moveaxis(flow(circuit, x), -1, 0)
    known = numbers | dict(zip(("V", "g_A", "g_N", "g_G"), np.moveaxis(x, -1, 0), strict=True))
    known |= {"tau_m_sp": circuit.tau_m, **dict(zip(("tau_A", "tau_N", "tau_G"), circuit.tau, strict=True))}
    given = [numbers["doubling"] * (np.tensordot(one, m, 2) + of) for one, of in
             zip((ampa, nmda), circuit.background, strict=True)]  # fmt: skip
    inhibition = np.tensordot(gaba, m, 2)
    found: Pairs = {}
    for k, excitation in enumerate(given):
        text = told(NEURAL_MASS, known | {"excitation": excitation, "inhibition": inhibition})
        found[("slope_A", "slope_N")[k]] = (text[("slope_A", "slope_N")[k]], by_code[k + 1])
    return found | {
        "slope_V": (text["slope_V"], by_code[0]), "slope_G": (text["slope_G"], by_code[3]),
        "B_Mg": (text["B_Mg"], unblocked(circuit, x[..., 0])[0]),
    }  # fmt: skip


def cycle(random: np.random.Generator) -> Pairs:
    form = glutamate_cycle.GLUTAMATE_CYCLE
    numbers = parameters(form, random)
    values, rates = glutamate_cycle.GlutamateCycle(**numbers), random.uniform(0, 5, (3, 20))
    now = glutamate_cycle.Activity(*rates, random.uniform(0.5, 1.5, 20))
    text = told(form, numbers | dict(zip(("r_pyramidal", "r_background", "r_miniature"), rates, strict=True))
                | {"n": now.spines})  # fmt: skip
    return {
        "boutons": (text["boutons"], values.boutons),
        "spike_rate": (text["spike_rate"], glutamate_cycle.spike_rate(now, values)),
        "event_rate": (text["event_rate"], glutamate_cycle.event_rate(now, values)),
        "kept": (text["kept"], glutamate_cycle.boutons_kept(now, values)),
        "release": (text["release"], glutamate_cycle.release_events(now, values)),
        "V_cycle": (text["V_cycle"] * glutamate_cycle.UMOL_PER_G_MIN, glutamate_cycle.glutamate_cycling(now, values)),
    }


def energy(random: np.random.Generator) -> Pairs:
    form, of_cycle = energy_use.ENERGY_USE, glutamate_cycle.GLUTAMATE_CYCLE
    numbers, others = parameters(form, random), parameters(of_cycle, random)
    values, cycle_values = energy_use.EnergyUse(**numbers), glutamate_cycle.GlutamateCycle(**others)
    now = glutamate_cycle.Activity(*random.uniform(0, 5, (3, 20)), random.uniform(0.5, 1.5, 20))
    gain, b = random.uniform(0.5, 2, 20), random.uniform(0, 1, 20)
    text = told(form, numbers | {
        "boutons": cycle_values.boutons, "kept": glutamate_cycle.boutons_kept(now, cycle_values),
        "spike_rate": glutamate_cycle.spike_rate(now, cycle_values),
        "event_rate": glutamate_cycle.event_rate(now, cycle_values), "gain": gain, "n": now.spines, "b": b,
    })  # fmt: skip
    budget = energy_use.energy_budget(now, gain, b, cycle_values, values)
    found: Pairs = {name: (text[name] * glutamate_cycle.UMOL_PER_G_MIN, getattr(budget, name))
                    for name in ("spikes", "vesicles", "AMPA", "NMDA")}
    return found | {
        "ATP": (text["ATP"] * glutamate_cycle.UMOL_PER_G_MIN, budget.total),
        "V_TCA": (text["V_TCA"] * glutamate_cycle.UMOL_PER_G_MIN, energy_use.tca_rate(budget, values)),
    }


def tracer(random: np.random.Generator) -> Pairs:
    form = receptor_pet.MGLUR5_PET
    numbers = parameters(form, random)
    values, release = receptor_pet.ReceptorPet(**numbers), random.uniform(0.5, 2, 20)
    start, short = random.uniform(0, 0.5, 20), 1e-6
    glutamate = receptor_pet.extracellular_glutamate(release, values)
    later = receptor_pet.internalised_after(short, glutamate, values, start)
    text = told(form, numbers | {"release": release, "internalised": start})
    rested = told(form, numbers | {"release": release, "internalised": 0.0})
    seen = receptor_pet.mglur5_binding(np.array([0.0, 1.0]), np.stack([glutamate, glutamate], axis=-1), values)
    # The solution after a millionth of a second is off by as much from the slope, and by what rounding leaves.
    return {
        "glutamate": (text["glutamate"], glutamate), "binding": (rested["binding"], seen[:, 0]),
        "dinternalised/dt": (text["dinternalised/dt"] + 10, (later - start) / short + 10),
    }


def terminals(random: np.random.Generator) -> Pairs:
    form = synapse_pet.SV2A_PET
    numbers, n = parameters(form, random), random.uniform(0, 2, 20)
    return {"binding": (told(form, numbers | {"n": n})["binding"],
                        synapse_pet.sv2a_binding(n, synapse_pet.SynapsePet(**numbers)))}


class Impulse:
    """Noise that is one pulse."""

    def __init__(self, size: float) -> None:
        self.size = size

    def standard_normal(self, count: int) -> np.ndarray:
        return np.concatenate([[self.size], np.zeros(count - 1)])


def colour(random: np.random.Generator) -> Pairs:
    """The spectrum of the filter is that of the text's equations, at frequencies that the step resolves."""
    times = dict(zip(("tau_fast", "tau_middle", "tau_slow", "tau_mean"), np.sort(random.uniform(0.01, 0.5, 4)),
                     strict=True))  # fmt: skip
    numbers, step, size = parameters(COLOURED_BACKGROUND, random, **times), 1e-5, 1e-6
    course = colour_course(numbers, 20.0, step, Impulse(size))  # type: ignore[arg-type]
    kept = slice(20, 200, 20)
    by_code = (np.fft.rfft(course - 1) / size)[kept]
    states = list(COLOURED_BACKGROUND.rest)
    nothing = dict.fromkeys([*states, "xi_shared"], 0.0)
    columns = [slopes(COLOURED_BACKGROUND.equations, numbers | nothing | {one: 1.0}) for one in [*states, "xi_shared"]]
    matrix = np.array([[float(column[one]) for column in columns] for one in states])
    small = [float(subexpressions(COLOURED_BACKGROUND.equations, numbers | nothing | {one: 1e-3})["factor"]) - 1
             for one in states]  # fmt: skip
    turning = 2j * np.pi * np.fft.rfftfreq(course.size, step)[kept]
    by_text = np.array([
        np.array(small) / 1e-3 @ np.linalg.solve(one * np.eye(len(states)) - matrix[:, :-1], matrix[:, -1])
        for one in turning
    ]) / np.sqrt(step)  # fmt: skip
    assert colour_course(numbers, 1.0, step, Impulse(-1e3)).min() == 0.0  # type: ignore[arg-type]
    # Every filter is in the spectrum.
    return {"factor": (by_text, by_code)} | {f"d{one}/dt": (by_text, by_code) for one in states}


HELD: dict[str, Callable[[np.random.Generator], Pairs]] = {
    RATING.name: rating, DIPOLE_SOURCE.name: dipole, THREE_COMPARTMENT.name: kinetics,
    BALLOON_WINDKESSEL.name: balloon, NEURAL_MASS.name: mass, glutamate_cycle.GLUTAMATE_CYCLE.name: cycle,
    energy_use.ENERGY_USE.name: energy, receptor_pet.MGLUR5_PET.name: tracer, synapse_pet.SV2A_PET.name: terminals,
    COLOURED_BACKGROUND.name: colour,
}  # fmt: skip
# Half a step of a filter that is stepped, and differences of steps of a millisecond.
LOOSE = {COLOURED_BACKGROUND.name: 0.02, BALLOON_WINDKESSEL.name: 1e-4, receptor_pet.MGLUR5_PET.name: 1e-5}


def test_every_form_that_is_coded_by_hand_is_held_against_its_text() -> None:
    """A new one fails here until it is."""
    assert set(HELD) == set(BY_HAND)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_code_does_what_the_text_says(name: str, seed: int) -> None:
    form, pairs = BY_HAND[name], HELD[name](np.random.default_rng(seed))
    states = {one.name for one in read_equations(form.equations).values() if one.is_rate}
    assert {f"d{one}/dt" for one in states} | {port.name for port in form.outputs} - states <= set(pairs)
    for text, code in pairs.values():
        np.testing.assert_allclose(code, text, rtol=LOOSE.get(name, 1e-9))


@pytest.mark.parametrize("seed", range(5))
def test_magnesium_leaves_the_same_share_in_all_forms(seed: int) -> None:
    """Written in three layers, of which none may import another: cells, pools that drugs enter, neural masses."""
    random = np.random.default_rng(seed)
    numbers = {"Mg_o": 1.0, "v_Mg": 0.016} | dict(zip(("K_Mg", "K_Mg_2D"), random.uniform(1, 30, 2), strict=True))
    v = random.uniform(-0.1, 0.05, 30)
    cell = subexpressions(NMDA.equations, numbers | {"v": v})
    pool = subexpressions(TRAPPING_BLOCK.equations, numbers | {"v": v})
    source = subexpressions(NEURAL_MASS.equations, numbers | {"V": v})
    np.testing.assert_allclose(pool["B_Mg"], cell["B_strong"], rtol=1e-12)
    np.testing.assert_allclose(pool["B_Mg_2D"], cell["B_weak"], rtol=1e-12)
    np.testing.assert_allclose(source["B_Mg"], cell["B_strong"], rtol=1e-12)
