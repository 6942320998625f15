"""Laws of the glutamate cycle, of the energy that cortex uses, and of what PET sees of mGluR5 and SV2A."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msim.base.equations import read_equations
from msim.base.errors import InputError
from msim.base.expressions import evaluated
from msim.measures.energy_use import energy_use
from msim.measures.glutamate_cycle import UMOL_PER_G_MIN, glutamate_cycle
from msim.measures.receptor_pet import (
    MGLUR5_PET,
    extracellular_glutamate,
    internalised_after,
    internalised_course,
    mglur5_binding,
    scan_change,
)
from msim.measures.synapse_pet import sv2a_binding, sv2a_change

AVOGADRO = 6.02214076e23
HOUR = 3600.0
FIXED = settings(deadline=None, derandomize=True, max_examples=50)
SHARE = st.floats(0.0, 1.0)

Numbers = dict[str, float]
CYCLE = {
    "density": 6e17, "excitatory": 0.8, "tissue": 1000.0, "local": 0.3, "p_release": 0.2, "quantum": 4000 / AVOGADRO,
    "boutons_lost": 0.0,
}  # fmt: skip
ENERGY = {
    "ATP_spike": 1.5e4 / AVOGADRO, "ATP_presynaptic": 1.2e4 / AVOGADRO, "ATP_recycling": 1e4 / AVOGADRO,
    "ATP_AMPA": 7e4 / AVOGADRO, "ATP_NMDA": 6e4 / AVOGADRO, "housekeeping": 3e-5, "neuronal": 0.8, "ATP_per_turn": 15.0,
}  # fmt: skip
RECEPTOR = {"response": 1.5, "displaced": 0.2, "k_in": 0.8 / HOUR, "k_out": 0.05 / HOUR}
SYNAPSE = {"specific": 0.8, "on_spines": 0.7, "terminals_lost": 1.0}


def at(r_pyramidal: Any, r_background: Any, r_miniature: float, n: Any = 1.0) -> dict[str, Any]:
    """The inputs of the cycle."""
    return {"r_pyramidal": r_pyramidal, "r_background": r_background, "r_miniature": r_miniature, "n": n}


REST = at(2.5, 2.0, 0.01)


def cycling(activity: dict[str, Any], values: Numbers = CYCLE) -> np.ndarray:
    """V_cycle, umol/g/min."""
    return UMOL_PER_G_MIN * glutamate_cycle(values, **activity)["V_cycle"]


def used(
    activity: dict[str, Any], gain: Any = 1.0, b: Any = 0.0, cycle: Numbers = CYCLE, energy: Numbers = ENERGY
) -> dict[str, np.ndarray]:
    """ATP by cause and in all, and V_TCA, umol/g/min."""
    found = energy_use(energy, glutamate_cycle(cycle, **activity), gain, b)
    return {name: UMOL_PER_G_MIN * one for name, one in found.items()}


# The glutamate cycle


def test_a_vesicle_counts_its_molecules() -> None:
    """One event a minute at every bouton: boutons in a gram, times molecules, in micromoles."""
    once_a_minute = cycling(at(0.0, 0.0, 1 / 60))
    boutons_in_a_gram = 6e17 * 0.8 / 1000.0 / 1e3
    assert once_a_minute == pytest.approx(boutons_in_a_gram * 4000 / AVOGADRO * 1e6, rel=1e-12)


def test_silent_cortex_cycles_what_it_releases_spontaneously() -> None:
    silent = cycling(at(0.0, 0.0, 0.01))
    assert silent > 0
    assert cycling(at(0.0, 0.0, 0.03)) == pytest.approx(3 * silent, rel=1e-12)
    assert cycling(at(0.0, 0.0, 0.0)) == 0


def test_the_cycle_is_linear_in_rates_and_shares_them_out_by_contacts() -> None:
    none, local, distant, both = (
        cycling(at(one, other, 0.01)) for one, other in ((0, 0), (4, 0), (0, 4), (4, 4))
    )
    assert both - none == pytest.approx((local - none) + (distant - none), rel=1e-12)
    assert (local - none) / (both - none) == pytest.approx(CYCLE["local"], rel=1e-12)
    faster = cycling(at(8, 8, 0.01))
    assert faster - none == pytest.approx(2 * (both - none), rel=1e-12)


def test_the_cycle_loses_spines_only_as_far_as_boutons_go_with_them() -> None:
    """With none the cycle stays; with all it falls as spines do; between it is between."""
    left = [cycling(REST | {"n": 0.7}, CYCLE | {"boutons_lost": lost}) / cycling(REST) for lost in (0.0, 0.5, 1.0)]
    assert left == pytest.approx([1.0, 0.85, 0.7], rel=1e-12)


def test_activities_broadcast() -> None:
    many = at(np.linspace(0, 4, 5), 2.0, 0.01, np.array([[0.8], [1.0]]))
    whole = used(many, np.ones((3, 1, 1)), 0.1)
    assert cycling(many).shape == (2, 5)
    assert whole["ATP"].shape == whole["V_TCA"].shape == (3, 2, 5)
    one = used(at(4.0, 2.0, 0.01, 0.8), 1.0, 0.1)
    assert whole["ATP"][2, 0, 4] == pytest.approx(one["ATP"], rel=1e-12)


@pytest.mark.parametrize(
    "wrong", [{"r_pyramidal": -1.0}, {"r_background": np.nan}, {"n": []}, {"r_miniature": np.inf}]
)
def test_activity_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(InputError, match=f"^{name}: wants finite values from 0 on"):
        cycling(REST | wrong)


# Energy


def test_cortex_without_events_uses_what_upkeep_needs() -> None:
    found = used(at(0.0, 0.0, 0.0))
    assert found["ATP"] == pytest.approx(UMOL_PER_G_MIN * 3e-5, rel=1e-12)
    assert found["V_TCA"] == pytest.approx(UMOL_PER_G_MIN * 3e-5 * 0.8 / 15, rel=1e-12)


def test_each_cause_of_use_adds_what_it_costs_alone() -> None:
    """Free of all costs but one, cortex uses that one; together they make the whole."""
    costs = [name for name in ENERGY if name not in ("neuronal", "ATP_per_turn")]
    alone = [used(REST, 1.2, 0.3, energy=ENERGY | dict.fromkeys(set(costs) - {one}, 0.0))["ATP"] for one in costs]
    whole = used(REST, 1.2, 0.3)["ATP"]
    assert all(one > 0 for one in alone)
    assert sum(alone) == pytest.approx(whole, rel=1e-12)


def test_a_spike_and_a_vesicle_cost_what_the_file_says() -> None:
    """All boutons of a gram, in micromoles a minute; AMPA goes by gain, NMDA by what block leaves."""
    boutons = 6e17 * 0.8 / 1000.0 / 1e3 * 1e6 / AVOGADRO
    found = used(at(3.0, 3.0, 0.0), 1.5, 0.25)
    assert found["spikes"] == pytest.approx(boutons * 180 * 1.5e4, rel=1e-12)
    assert found["vesicles"] == pytest.approx(boutons * 36 * 2.2e4, rel=1e-12)
    assert found["AMPA"] == pytest.approx(boutons * 36 * 1.5 * 7e4, rel=1e-12)
    assert found["NMDA"] == pytest.approx(boutons * 36 * 0.75 * 6e4, rel=1e-12)


def test_use_is_linear_in_rate_gain_and_block() -> None:
    def total(rate: float, gain: float, blocked: float) -> float:
        return float(used(at(rate, rate, 0.01), gain, blocked)["ATP"])

    assert total(6, 1, 0) - total(3, 1, 0) == pytest.approx(total(3, 1, 0) - total(0, 1, 0), rel=1e-9)
    assert total(3, 2, 0) - total(3, 1, 0) == pytest.approx(total(3, 1, 0) - total(3, 0, 0), rel=1e-9)
    assert total(3, 1, 0.8) - total(3, 1, 0.4) == pytest.approx(total(3, 1, 0.4) - total(3, 1, 0), rel=1e-9)
    assert total(3, 1, 1) < total(3, 1, 0) < total(3, 2, 0)


def test_fewer_spines_lower_the_tca_cycle_and_not_the_glutamate_cycle() -> None:
    """What 13C-MRS found in depression (row IM2), put in by boutons_lost = 0; full loss takes only the AMPA current."""
    fewer = REST | {"n": 0.0}
    healthy, depressed = used(REST), used(fewer)
    assert cycling(fewer) == cycling(REST)
    assert healthy["ATP"] - depressed["ATP"] == pytest.approx(healthy["AMPA"], rel=1e-12)
    assert depressed["V_TCA"] < healthy["V_TCA"]


def test_a_spine_that_goes_with_its_bouton_is_counted_once() -> None:
    """Then every current falls as spines do, and none as their square."""
    whole, half = (used(REST | {"n": one}, cycle=CYCLE | {"boutons_lost": 1.0}) for one in (1.0, 0.5))
    for name in ("vesicles", "AMPA", "NMDA"):
        assert half[name] == pytest.approx(0.5 * whole[name], rel=1e-12), name
    assert half["spikes"] == whole["spikes"]


def test_block_beyond_all_receptors_is_refused() -> None:
    with pytest.raises(InputError, match="^blocked: wants fractions"):
        used(REST, 1.0, 1.01)


# mGluR5


def test_receptors_at_rest_stay_there() -> None:
    times = np.linspace(0, 10 * HOUR, 11)
    assert mglur5_binding(times, np.ones(11), RECEPTOR) == pytest.approx(np.ones(11), abs=0)


@FIXED
@given(st.floats(0.0, 20.0), st.lists(st.floats(1.0, 1e5), min_size=1, max_size=20), SHARE)
def test_steps_of_any_length_agree_with_the_closed_form(glutamate: float, steps: list[float], start: float) -> None:
    """Exact where glutamate is constant: rounding of some 20 steps is all that may remain."""
    times = np.concatenate([[0.0], np.cumsum(steps)])
    course = internalised_course(times, np.full(times.size, glutamate), RECEPTOR)
    assert course == pytest.approx(internalised_after(times, glutamate, RECEPTOR), abs=1e-13)
    halfway = internalised_after(times / 2, glutamate, RECEPTOR, start)
    assert internalised_after(times / 2, glutamate, RECEPTOR, halfway) == pytest.approx(
        internalised_after(times, glutamate, RECEPTOR, start), abs=1e-13
    )


def test_the_closed_form_solves_the_equation_of_the_form() -> None:
    """Its slope by a central difference, whose error is of the square of 1 s against hours."""
    rate = read_equations(MGLUR5_PET.equations)["internalised"].expression
    for glutamate, at in ((3.0, 0.5 * HOUR), (1.0, 2 * HOUR), (0.4, 2 * HOUR)):
        before, now, after = (
            float(internalised_after(at + one, glutamate, RECEPTOR, 0.3)) for one in (-1.0, 0.0, 1.0)
        )
        numbers = RECEPTOR | {"surge": max(glutamate - 1, 0.0), "internalised": now}
        assert (after - before) / 2 == pytest.approx(evaluated(rate, numbers), rel=1e-6)


def surge(times_s: np.ndarray) -> np.ndarray:
    """A smooth rise of glutamate to three times rest within the first two hours, over after eight."""
    return np.asarray(1 + 2 * np.sin(np.pi * np.clip(times_s / (8 * HOUR), 0, 1)) ** 2)


def test_a_changing_course_converges_with_the_square_of_the_step() -> None:
    """Halving the step divides the error by 4, to within the next order."""
    ends = []
    for steps in (16, 32, 64, 2048):
        times = np.linspace(0, 8 * HOUR, steps + 1)
        ends.append(internalised_course(times, surge(times), RECEPTOR)[-1])
    errors = np.abs(np.array(ends[:3]) - ends[3])
    assert errors[:2] / errors[1:] == pytest.approx([4.0, 4.0], rel=0.1)


def test_binding_is_lowest_under_glutamate_and_returns_to_rest_from_below() -> None:
    times = np.linspace(0, 400 * HOUR, 4001)
    binding = mglur5_binding(times, surge(times), RECEPTOR)
    assert binding.min() < 0.7 and (binding <= 1).all()
    after = binding[times >= 8 * HOUR]
    assert (np.diff(after) > 0).all()
    # What is left at the end is what 392 h leave of it at 0.05 per hour.
    assert 1 - binding[-1] == pytest.approx((1 - after[0]) * np.exp(-0.05 * 392), rel=1e-6)


@FIXED
@given(
    st.lists(st.tuples(st.floats(0.0, 5.0), st.floats(0.0, 3.0)), min_size=2, max_size=12),
    st.floats(0.0, 0.9), st.floats(0.0, 5.0),
)
def test_more_glutamate_never_raises_binding(
    course: list[tuple[float, float]], displaced: float, k_in: float
) -> None:
    """Higher at some times and lower at none; the slack is rounding."""
    low = np.array([one for one, _ in course])
    high = low + np.array([more for _, more in course])
    values = {"response": 1.0, "displaced": displaced, "k_in": k_in / HOUR, "k_out": 0.05 / HOUR}
    times = np.arange(low.size) * HOUR
    less, more = mglur5_binding(times, np.stack([low, high]), values)
    assert (more <= less + 1e-14).all() and (more > 0).all()


def test_limits_of_binding() -> None:
    """Without internalisation it follows at once; for ever it is steady; of a little glutamate it is of first order."""
    times = np.linspace(0, 1000 * HOUR, 1001)
    still = RECEPTOR | {"k_in": 0.0}
    course = np.where(times < 10 * HOUR, 3.0, 1.0)
    assert mglur5_binding(times, course, still) == pytest.approx(1 / (1 + 0.2 * (course - 1)), rel=1e-12)
    steady = internalised_after(1000 * HOUR, 3.0, RECEPTOR)
    assert steady == pytest.approx(0.8 * 2 / (0.8 * 2 + 0.05), rel=1e-12)
    small = 1 - internalised_after(times, 1 + 1e-6, RECEPTOR)
    assert 1 - small == pytest.approx(0.8e-6 / 0.05 * -np.expm1(-0.05 * times / HOUR), rel=1e-4, abs=1e-12)
    less = mglur5_binding(times, np.full(1001, 0.5), RECEPTOR)
    assert less == pytest.approx(np.full(1001, 1 / 0.9), rel=1e-12)


def test_glutamate_follows_release_by_its_response() -> None:
    assert extracellular_glutamate([0.0, 1.0], RECEPTOR) == pytest.approx([0.0, 1.0], abs=0)
    rise = extracellular_glutamate(1.0001, RECEPTOR) - 1
    assert rise == pytest.approx(1.5e-4, rel=1e-4)


def test_a_scan_sees_the_mean_of_its_time() -> None:
    """Of a straight line the value at half time; of a bent one the areas of its pieces; and rows stay apart."""
    times = np.array([0.0, 1.0, 2.0, 5.0]) * HOUR
    line, bent = 1 - 0.02 * times / HOUR, np.array([1.0, 0.9, 0.9, 0.6])
    seen = scan_change(times, np.stack([line, bent, np.ones(4)]), 0.5 * HOUR, 2.5 * HOUR)
    pieces = (0.5 * 0.925 + 1.0 * 0.9 + 1.0 * 0.85) / 2.5
    assert seen == pytest.approx([-100 * 0.02 * 1.75, 100 * (pieces - 1), 0.0], abs=1e-12)
    with pytest.raises(InputError, match="scan_change: wants a scan between"):
        scan_change(times, line, 4 * HOUR, 2 * HOUR)


@pytest.mark.parametrize(
    ("times", "course", "said"),
    [
        ([0.0, 1.0], [1.0, 1.0, 1.0], "2 or more times"),
        ([0.0, 0.0], [1.0, 1.0], "increasing order"),
        ([0.0, 1.0], [1.0, -0.1], "finite values from 0 on"),
    ],
)
def test_courses_that_cannot_be_are_refused(times: list[float], course: list[float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        mglur5_binding(np.array(times), np.array(course), RECEPTOR)


# SV2A


def test_binding_to_sv2a_falls_with_spines() -> None:
    """By the share of the tracer that is on spines, and not at all where none is lost."""
    assert sv2a_binding(1.0, SYNAPSE) == 1
    assert sv2a_binding([0.0, 0.5], SYNAPSE) == pytest.approx([1 - 0.8 * 0.7, 1 - 0.4 * 0.7], rel=1e-12)


def test_pet_counts_spines_where_it_sees_nothing_else_and_nothing_where_terminals_stay() -> None:
    spines = np.linspace(0, 1.5, 7)
    assert sv2a_binding(spines, dict.fromkeys(SYNAPSE, 1.0)) == pytest.approx(spines, abs=1e-15)
    assert sv2a_binding(spines, SYNAPSE | {"terminals_lost": 0.0}) == pytest.approx(np.ones(7), abs=0)


def test_the_same_new_spines_are_a_larger_change_where_more_were_missing() -> None:
    baseline = np.array([0.6, 0.8, 1.0])
    change = sv2a_change(baseline + 0.1, baseline, SYNAPSE)
    assert (change > 0).all() and (np.diff(change) < 0).all()
    assert sv2a_change(baseline, baseline, SYNAPSE) == pytest.approx(np.zeros(3), abs=1e-12)
