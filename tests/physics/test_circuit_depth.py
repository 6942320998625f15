"""Dendrites, short-term plasticity, saturation, GABA-B and coloured background against what they must do."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from msim.backends.cpp.network import CompiledNetwork
from msim.base.equations import read_equations
from msim.base.expressions import evaluated, names_in
from msim.base.mechanism import Mechanism
from msim.circuit.drive import COLOURED_BACKGROUND, colour_course
from msim.circuit.neurons import ADEX, ADEX_WITH_DENDRITE
from msim.circuit.receptors import AMPA, GABA_A, GABA_B, NMDA
from msim.circuit.synapses import SATURATION, SHORT_TERM_PLASTICITY
from msim.network.cell_equations import Placed, cell_equations, names_of
from msim.network.spec import Cells, NetworkSpec, Projection
from msim.network.synapse_parts import SynapsePart, delivered

STEP = 1e-4
DENDRITE = ADEX_WITH_DENDRITE.compartments[1]
MEMBRANE = {
    "C_m": 120e-12, "g_L": 6e-9, "E_L": -0.07, "V_T": -0.05, "Delta_T": 2e-3, "V_spike": -0.042, "V_r": -0.06,
    "t_ref": 2e-3, "b_w": 0.0, "tau_w": 0.2, "C_dendrite": 80e-12, "g_L_dendrite": 4e-9, "g_c": 25e-9,
}  # fmt: skip


def value_of(name: str, text: str, numbers: Mapping[str, float]) -> float:
    """A name of a cell's equations in SI units, everything that it stands on worked out first."""
    equations = read_equations(text)

    def known(one: str) -> float:
        return numbers[one] if one in numbers else worked_out(one)

    def worked_out(one: str) -> float:
        expression = equations[one].expression
        return evaluated(expression, {each: known(each) for each in names_in(expression)})

    return worked_out(name)


def own(receptor: str, form: Mechanism) -> dict[str, str]:
    return {name: f"{receptor}_{name}" for name in names_of(form) if name != "v"}


def cell(share: float | str) -> tuple[str, dict[str, float]]:
    """A cell with dendrite, its AMPA receptors shared out, NMDA on the dendrite, inhibition at the soma."""
    split = Placed("ampa", AMPA, own("ampa", AMPA), DENDRITE, "" if share == 1 else "ampa_share")
    nmda = Placed("nmda", NMDA, own("nmda", NMDA), DENDRITE)
    gaba = Placed("gaba", GABA_A, own("gaba", GABA_A))
    text = cell_equations(ADEX_WITH_DENDRITE, [split, nmda, gaba], [], [])
    numbers = {
        **MEMBRANE, "v": -0.058, "v_dendrite": -0.041, "w": 3e-12, "ampa_g": 2e-9, "ampa_gain": 1.3, "ampa_E": 0.0,
        "nmda_g": 1.5e-9, "nmda_block": 0.2, "nmda_E": 0.0, "nmda_Mg_o": 1.0, "nmda_K_Mg": 3.57, "nmda_v_Mg": 0.0161,
        "nmda_K_Mg_2D": 23.4, "nmda_strong": 1.0, "nmda_weak": 0.0, "ampa_available": 1.0, "gaba_available": 1.0,
        "gaba_g": 4e-9, "gaba_gain": 1.0, "gaba_E": -0.075,
    }  # fmt: skip
    return text, {**numbers, **({} if share == 1 else {"ampa_share": float(share)})}


@pytest.mark.parametrize("share", [0.0, 0.37, 1])
def test_compartments_receive_what_receptors_pass(share: float) -> None:
    """No charge is lost or made where receptors are shared out."""
    text, numbers = cell(share)
    received = value_of("I_syn", text, numbers) + value_of("I_dendrite", text, numbers)
    passed = value_of("I_excitatory", text, numbers) + value_of("I_inhibitory", text, numbers)
    assert received == pytest.approx(passed, rel=1e-12)


def test_receptors_see_the_potential_of_their_place() -> None:
    """The dendrite's potential relieves magnesium there; a share of a receptor drives each compartment by its own."""
    text, numbers = cell(0.37)
    relief = 1 / (1 + 1.0 / 3.57 * np.exp(0.041 / 0.0161))
    assert value_of("nmda_B_Mg", text, numbers) == pytest.approx(relief, rel=1e-12)
    conductance = 1.3 * 2e-9
    at_soma = (1 - 0.37) * conductance * 0.058 + 4e-9 * (-0.075 + 0.058)
    assert value_of("I_syn", text, numbers) == pytest.approx(at_soma, rel=1e-12)
    on_dendrite = 0.37 * conductance * 0.041 + 0.8 * 1.5e-9 * relief * 0.041
    assert value_of("I_dendrite", text, numbers) == pytest.approx(on_dendrite, rel=1e-12)


def test_current_between_compartments_moves_charge_only() -> None:
    """With both compartments at one potential the two together charge as one cell of their summed membrane."""
    text, numbers = cell(0.37)
    numbers = {**numbers, "v_dendrite": numbers["v"], "E_L": -0.07}
    charge = 120e-12 * value_of("v", text, numbers) + 80e-12 * value_of("v_dendrite", text, numbers)
    one = cell_equations(ADEX, [], [], [])
    whole = {**numbers, "C_m": 1.0, "g_L": 10e-9}
    whole["I_syn"] = value_of("I_syn", text, numbers) + value_of("I_dendrite", text, numbers)
    # The spike starts in the soma alone.
    whole["spike_start"] = value_of("spike_start", text, numbers)
    single = evaluated(read_equations(one)["v"].expression, whole)
    assert charge == pytest.approx(single, rel=1e-9)


def test_gaba_b_needs_many_events_and_saturates() -> None:
    """Far below half the conductance grows with the fourth power of the signal; it never passes its largest value."""
    numbers = {"s_half": 3e-9, "g_max": 1.5e-9}
    few, twice, many = (value_of("g", GABA_B.equations, {**numbers, "s": s}) for s in (0.03e-9, 0.06e-9, 3e-6))
    assert twice / few == pytest.approx(16, rel=1e-5)
    assert value_of("g", GABA_B.equations, {**numbers, "s": 3e-9}) == pytest.approx(0.75e-9)
    assert many == pytest.approx(1.5e-9, rel=1e-9)


def part(form: Mechanism, prefix: str, receptors: tuple[str, ...], **numbers: float) -> SynapsePart:
    names = {name: f"{prefix}_{name}" for name in (*names_of(form), "factor")}
    return SynapsePart(form, names, {names[key]: value for key, value in numbers.items()}, receptors)


@pytest.fixture(scope="module")
def deliveries() -> np.ndarray:
    """What two contacts on one target deliver at 40 spikes of 20 Hz: release alone, and with saturation; (2, 40)."""
    release = part(SHORT_TERM_PLASTICITY, "release", ("a", "n"), U=0.4, tau_facil=0.3, tau_rec=0.15)
    gate = part(SATURATION, "gate", ("n",), quantal_share=0.5, dwell=0.1)
    parts = (release, gate)
    statements = [one.on_event for one in parts]
    statements += [f"g_{name}_post += {delivered('weight', name, parts)}" for name in ("a", "n")]
    synapses = Projection(
        "to_cell", "clock", "cell", "\n".join(statements), "\n".join(one.equations for one in parts), {"weight": "1"},
        {key: (value, one.units[key]) for one in parts for key, value in one.constants.items()},
        {key: value for one in parts for key, value in one.start.items()},
    )  # fmt: skip
    clock = Cells("clock", 1, "dphase/dt = 20*Hz : 1", "phase > 1", "phase -= 1", method="euler", start={"phase": 0.0})
    target = Cells("cell", 1, "dg_a/dt = 0*Hz : 1\ndg_n/dt = 0*Hz : 1", method="euler", start={"g_a": 0.0, "g_n": 0.0})
    network = CompiledNetwork(NetworkSpec(STEP, (clock, target), (synapses,)))
    row = (np.array([0]), np.array([STEP]), {"weight": np.array([1.0])})
    network.connect("to_cell", lambda cell: row)
    totals = []
    for _ in range(40):
        network.run(500)
        totals.append([float(network.view("cell", name)[0]) for name in ("g_a", "g_n")])
    found = np.diff(np.array([[0.0, 0.0], *totals]), axis=0).T
    return found[:, found[0] > 0]


def test_first_release_is_the_whole_peak(deliveries: np.ndarray) -> None:
    """A peak is what a contact delivers after a long pause."""
    assert deliveries[:, 0] == pytest.approx(1.0, rel=1e-12)


def test_release_at_a_steady_rate_has_its_closed_form(deliveries: np.ndarray) -> None:
    """u and x between spikes 50 ms apart: fixed point of the recursion (Markram, Wang and Tsodyks 1998)."""
    relaxed, recovered = np.exp(-0.05 / 0.3), np.exp(-0.05 / 0.15)
    u = 0.4 / (1 - 0.6 * relaxed)
    x = (1 - recovered) / (1 - (1 - u) * recovered)
    # Spikes fall on steps of 0.1 ms, so that an interval may differ from 50 ms by a five hundredth.
    assert deliveries[0, -1] == pytest.approx(u * x / 0.4, rel=2e-3)


def test_bound_receptors_cannot_be_bound_again(deliveries: np.ndarray) -> None:
    """Saturation divides what release delivers by its own fixed point, 1 - s just before a spike."""
    kept = np.exp(-0.05 / 0.1)
    free = (1 - kept) / (1 - 0.5 * kept)
    assert deliveries[1, -1] / deliveries[0, -1] == pytest.approx(free, rel=2e-3)


COLOUR = {"tau_fast": 0.01, "tau_middle": 0.03, "tau_slow": 0.1, "tau_mean": 0.25, "CV": 0.15}


def colour(seconds: float) -> np.ndarray:
    numbers = {**COLOUR, "per_unit": evaluated(COLOURED_BACKGROUND.derived[0].expression, COLOUR)}
    return colour_course(numbers, seconds, 1e-3, np.random.default_rng(1))


def test_coloured_background_keeps_its_mean_and_spread() -> None:
    """Mean 1 and the stated CV; 2,000 s hold some 10,000 independent stretches, so 3 % is five standard errors."""
    course = colour(2000)
    assert course.mean() == pytest.approx(1, abs=0.01)
    assert course.std() == pytest.approx(0.15, rel=0.03)


def correlated(lag: float) -> float:
    """Of what three filters of one noise add up to, less its own mean over tau_mean, with itself a lag (s) later.

    Of each filter what is left is a difference of two exponentials, y_a - y_c; <y_k(t + lag) y_l(t)> is
    exp(-lag/k)/(k + l).
    """
    c = COLOUR["tau_mean"]
    kernels = [
        (sign * np.sqrt(2 * tau) * c / (c - tau), time)
        for tau in (COLOUR["tau_fast"], COLOUR["tau_middle"], COLOUR["tau_slow"]) for sign, time in ((1, tau), (-1, c))
    ]  # fmt: skip
    return float(sum(m * n * np.exp(-lag / k) / (k + j) for m, k in kernels for n, j in kernels))


def test_coloured_background_is_the_sum_of_its_three_filters() -> None:
    """Correlation at 50 ms in closed form."""
    course = colour(2000) - 1
    wanted = correlated(0.05) / correlated(0.0)
    found = np.mean(course[50:] * course[:-50]) / course.var()
    assert found == pytest.approx(wanted, abs=0.03)


def test_averages_of_coloured_background_come_close_fast() -> None:
    """Over T much longer than tau_mean, the mean's spread falls with T itself, not with its root: 4 s against 1 s."""
    spread = [colour(2000).reshape(-1, one).mean(axis=1).std() for one in (1000, 4000)]
    assert spread[1] < spread[0] / 3
