"""What a form's text says is what is computed: from the text itself, or by a solver that is held against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
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
from msim.measures import dipole, energy_use, glutamate_cycle, rating, receptor_pet, synapse_pet
from msim.measures.blood_flow import flow_course, flow_path
from msim.measures.bold import BALLOON_WINDKESSEL, BalloonWindkessel, bold_response
from msim.measures.bold_stream import BoldStream
from msim.measures.venous_balloon import _rates
from msim.pharmacology.channel_block import TRAPPING_BLOCK
from msim.pharmacology.compartments import THREE_COMPARTMENT, ConcentrationCurve
from msim.pharmacology.regimen import ROUTES, Dose

# Equations of these become code by themselves: by SymPy, by Brian2, or by the target cpp.
RUN_FROM_TEXT = ("membrane", "receptor", "synapse", "slow")
BESIDES = {one.name: one for one in MECHANISMS.values() if one.equations.strip() and one.scale not in RUN_FROM_TEXT}

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


def kinetics(random: np.random.Generator) -> Pairs:
    """The exact solution has the slopes of the text, from amounts that were put in at that instant."""
    numbers = parameters(THREE_COMPARTMENT, random) | {"body_weight": float(random.uniform(0.1, 3))}
    states = list(THREE_COMPARTMENT.rest)
    amounts = dict(zip(states, random.uniform(0.5, 1, len(states)), strict=True))
    rates = {route: float(random.uniform(0, 1)) for route in ROUTES}
    text = told(THREE_COMPARTMENT, numbers | amounts | {f"dose_{route}": rate for route, rate in rates.items()})
    doses = [
        Dose("x", route, 0.0, 2.0, *((0.0, rate) if route == "bath" else (2.0 * rate, 0.0)))
        for route, rate in rates.items()
    ]
    curve = ConcentrationCurve(numbers, doses)
    curve._states[0, : len(states)] = list(amounts.values())
    short = 1e-6
    now, later = curve._state(0, 0.0), curve._state(0, short)
    # The solution after a millionth of a second is off by as much from the slope, and by what rounding leaves.
    found: Pairs = {f"d{one}/dt": (text[f"d{one}/dt"] + 1e3, (later[k] - now[k]) / short + 1e3)
                    for k, one in enumerate(states)}  # fmt: skip
    curve._modes = None
    return found | {name: (text[name], value) for name, value in curve(0.0).items()}


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


def tracer(random: np.random.Generator) -> Pairs:
    form = receptor_pet.MGLUR5_PET
    numbers = parameters(form, random)
    values, release = numbers, random.uniform(0.5, 2, 20)
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
    THREE_COMPARTMENT.name: kinetics, BALLOON_WINDKESSEL.name: balloon, NEURAL_MASS.name: mass,
    receptor_pet.MGLUR5_PET.name: tracer, COLOURED_BACKGROUND.name: colour,
}  # fmt: skip
# Half a step of a filter that is stepped, and differences of steps of a millisecond and less.
LOOSE = {COLOURED_BACKGROUND.name: 0.02, BALLOON_WINDKESSEL.name: 1e-4, receptor_pet.MGLUR5_PET.name: 1e-5,
         THREE_COMPARTMENT.name: 1e-5}  # fmt: skip


def rated(random: np.random.Generator) -> dict[str, Any]:
    W, luck = random.normal(0, 2, 200), random.normal(0, 3, 200)
    return {"improvement": rating.improvement(W, luck, parameters(rating.RATING, random))}


def source(random: np.random.Generator) -> dict[str, Any]:
    numbers = parameters(dipole.DIPOLE_SOURCE, random)
    return {"Q": dipole.dipole_moment(random.normal(3e-12, 1e-12, (2, 50)), numbers["n_cells"], numbers["length"])}


def released(random: np.random.Generator) -> dict[str, Any]:
    inputs = (*random.uniform(0, 5, (3, 20)), random.uniform(0.5, 1.5, 20))
    return glutamate_cycle.glutamate_cycle(parameters(glutamate_cycle.GLUTAMATE_CYCLE, random), *inputs)


def spent(random: np.random.Generator) -> dict[str, Any]:
    values, cycle = parameters(energy_use.ENERGY_USE, random), released(random)
    return energy_use.energy_use(values, cycle, random.uniform(0.5, 2, 20), random.uniform(0, 1, 20))


def terminals(random: np.random.Generator) -> dict[str, Any]:
    return {"binding": synapse_pet.sv2a_binding(random.uniform(0, 2, 20), parameters(synapse_pet.SV2A_PET, random))}


# By name of the form: where it stands, and what its function gives at random numbers.
EVALUATED: dict[str, tuple[Any, str, Callable[[np.random.Generator], dict[str, Any]]]] = {
    rating.RATING.name: (rating, "RATING", rated), dipole.DIPOLE_SOURCE.name: (dipole, "DIPOLE_SOURCE", source),
    glutamate_cycle.GLUTAMATE_CYCLE.name: (glutamate_cycle, "GLUTAMATE_CYCLE", released),
    energy_use.ENERGY_USE.name: (energy_use, "ENERGY_USE", spent),
    synapse_pet.SV2A_PET.name: (synapse_pet, "SV2A_PET", terminals),
}  # fmt: skip
EQUATIONS = [(name, one) for name in EVALUATED for one in read_equations(MECHANISMS[name].equations)]


def test_every_form_is_run_from_its_text_or_held_against_it() -> None:
    """A new one fails here until it is."""
    assert set(HELD) | set(EVALUATED) == set(BESIDES) and not set(HELD) & set(EVALUATED)


@pytest.mark.parametrize(("name", "equation"), EQUATIONS)
def test_what_the_text_says_is_what_runs(name: str, equation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice as much on the right side of an equation is twice as much of what is given, and moves what follows."""
    module, place, run = EVALUATED[name]
    before, form = run(np.random.default_rng(1)), MECHANISMS[name]
    lines = [
        f"{left}= 2 * ({right.rpartition(':')[0]}) :{right.rpartition(':')[2]}" if left.strip() == equation else line
        for line in form.equations.strip().splitlines() for left, _, right in [line.partition("=")]
    ]
    monkeypatch.setattr(module, place, replace(form, equations="\n".join(lines)))
    after = run(np.random.default_rng(1))
    if equation in before:
        np.testing.assert_allclose(after[equation], 2 * before[equation], rtol=1e-12)
    last = form.outputs[-1].name
    assert (np.asarray(after[last]) != before[last]).any()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", sorted(HELD))
def test_a_solver_does_what_the_text_says(name: str, seed: int) -> None:
    form, pairs = BESIDES[name], HELD[name](np.random.default_rng(seed))
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
