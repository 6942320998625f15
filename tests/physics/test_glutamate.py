"""Laws of the glutamate cycle, of the energy that cortex uses, and of what PET sees of mGluR5 and SV2A."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msim.base.equations import read_equations
from msim.base.errors import InputError
from msim.base.expressions import evaluated
from msim.base.mechanism import Mechanism
from msim.measures.energy_use import ENERGY_USE, EnergyBudget, EnergyUse, energy_budget, tca_rate
from msim.measures.glutamate_cycle import (
    GLUTAMATE_CYCLE,
    UMOL_PER_G_MIN,
    Activity,
    GlutamateCycle,
    boutons_kept,
    event_rate,
    glutamate_cycling,
    spike_rate,
)
from msim.measures.receptor_pet import (
    MGLUR5_PET,
    ReceptorPet,
    extracellular_glutamate,
    internalised_after,
    internalised_course,
    mglur5_binding,
    scan_change,
)
from msim.measures.synapse_pet import SV2A_PET, SynapsePet, sv2a_binding, sv2a_change

AVOGADRO = 6.02214076e23
HOUR = 3600.0
FIXED = settings(deadline=None, derandomize=True, max_examples=50)
RATE = st.floats(0.0, 50.0)
SHARE = st.floats(0.0, 1.0)

CYCLE = GlutamateCycle(6e17, 0.8, 1000.0, 0.3, 0.2, 4000 / AVOGADRO, 0.0)
ENERGY = EnergyUse(1.5e4 / AVOGADRO, 1.2e4 / AVOGADRO, 1e4 / AVOGADRO, 7e4 / AVOGADRO, 6e4 / AVOGADRO, 3e-5, 0.8, 15.0)
RECEPTOR = ReceptorPet(1.5, 0.2, 0.8 / HOUR, 0.05 / HOUR)
SYNAPSE = SynapsePet(0.8, 0.7, 1.0)
REST = Activity(2.5, 2.0, 0.01)


def solved(form: Mechanism, numbers: dict[str, float]) -> dict[str, float]:
    """The equations of a form one after the other, SI units."""
    for name, one in read_equations(form.equations).items():
        if not one.is_rate:
            numbers[name] = evaluated(one.expression, numbers)
    return numbers


# The glutamate cycle


@FIXED
@given(RATE, RATE, RATE, st.floats(0.0, 2.0), SHARE)
def test_the_cycle_is_what_its_equations_say(
    local: float, distant: float, mini: float, spines: float, lost: float
) -> None:
    values = dataclasses.replace(CYCLE, boutons_lost=lost)
    inputs = {"r_pyramidal": local, "r_background": distant, "r_miniature": mini, "n": spines}
    wanted = solved(GLUTAMATE_CYCLE, inputs | dataclasses.asdict(values))["V_cycle"]
    found = glutamate_cycling(Activity(local, distant, mini, spines), values)
    assert found == pytest.approx(UMOL_PER_G_MIN * wanted, rel=1e-12, abs=1e-300)


def test_a_vesicle_counts_its_molecules() -> None:
    """One event a minute at every bouton: boutons in a gram, times molecules, in micromoles."""
    once_a_minute = glutamate_cycling(Activity(0.0, 0.0, 1 / 60), CYCLE)
    boutons_in_a_gram = 6e17 * 0.8 / 1000.0 / 1e3
    assert once_a_minute == pytest.approx(boutons_in_a_gram * 4000 / AVOGADRO * 1e6, rel=1e-12)


def test_silent_cortex_cycles_what_it_releases_spontaneously() -> None:
    silent = glutamate_cycling(Activity(0.0, 0.0, 0.01), CYCLE)
    assert silent > 0
    assert glutamate_cycling(Activity(0.0, 0.0, 0.03), CYCLE) == pytest.approx(3 * silent, rel=1e-12)
    assert glutamate_cycling(Activity(0.0, 0.0, 0.0), CYCLE) == 0


def test_the_cycle_is_linear_in_rates_and_shares_them_out_by_contacts() -> None:
    none, local, distant, both = (
        glutamate_cycling(Activity(one, other, 0.01), CYCLE) for one, other in ((0, 0), (4, 0), (0, 4), (4, 4))
    )
    assert both - none == pytest.approx((local - none) + (distant - none), rel=1e-12)
    assert (local - none) / (both - none) == pytest.approx(CYCLE.local, rel=1e-12)
    faster = glutamate_cycling(Activity(8, 8, 0.01), CYCLE)
    assert faster - none == pytest.approx(2 * (both - none), rel=1e-12)


def test_the_cycle_loses_spines_only_as_far_as_boutons_go_with_them() -> None:
    """With none the cycle stays; with all it falls as spines do; between it is between."""
    fewer = dataclasses.replace(REST, spines=0.7)
    left = [
        glutamate_cycling(fewer, dataclasses.replace(CYCLE, boutons_lost=lost)) / glutamate_cycling(REST, CYCLE)
        for lost in (0.0, 0.5, 1.0)
    ]
    assert left == pytest.approx([1.0, 0.85, 0.7], rel=1e-12)


def test_activities_broadcast() -> None:
    many = Activity(np.linspace(0, 4, 5), 2.0, 0.01, np.array([[0.8], [1.0]]))
    budget = energy_budget(many, np.ones((3, 1, 1)), 0.1, CYCLE, ENERGY)
    assert glutamate_cycling(many, CYCLE).shape == (2, 5)
    assert budget.spikes.shape == budget.housekeeping.shape == budget.total.shape == (3, 2, 5)
    one = energy_budget(Activity(4.0, 2.0, 0.01, 0.8), 1.0, 0.1, CYCLE, ENERGY)
    assert budget.total[2, 0, 4] == pytest.approx(one.total, rel=1e-12)


@pytest.mark.parametrize("wrong", [{"pyramidal": -1.0}, {"background": np.nan}, {"spines": []}, {"miniature": np.inf}])
def test_activity_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(InputError, match=f"^{name}: wants finite values from 0 on"):
        dataclasses.replace(REST, **wrong)


# Energy


@FIXED
@given(RATE, st.floats(0.0, 3.0), SHARE, st.floats(0.0, 2.0), SHARE)
def test_energy_is_what_its_equations_say(
    rate: float, gain: float, blocked: float, spines: float, lost: float
) -> None:
    cycle, activity = dataclasses.replace(CYCLE, boutons_lost=lost), Activity(rate, 2.0, 0.01, spines)
    inputs = {
        "boutons": cycle.boutons, "kept": float(boutons_kept(activity, cycle)), "gain": gain, "n": spines, "b": blocked,
        "spike_rate": float(spike_rate(activity, cycle)), "event_rate": float(event_rate(activity, cycle)),
    }  # fmt: skip
    wanted = solved(ENERGY_USE, inputs | dataclasses.asdict(ENERGY))
    budget = energy_budget(activity, gain, blocked, cycle, ENERGY)
    for one in dataclasses.fields(EnergyBudget):
        found = getattr(budget, one.name)
        assert found == pytest.approx(UMOL_PER_G_MIN * wanted[one.name], rel=1e-12), one.name
    assert tca_rate(budget, ENERGY) == pytest.approx(UMOL_PER_G_MIN * wanted["V_TCA"], rel=1e-12)


def test_cortex_without_events_uses_what_upkeep_needs() -> None:
    budget = energy_budget(Activity(0.0, 0.0, 0.0), 1.0, 0.0, CYCLE, ENERGY)
    assert budget.total == pytest.approx(UMOL_PER_G_MIN * ENERGY.housekeeping, rel=1e-12)
    assert tca_rate(budget, ENERGY) == pytest.approx(UMOL_PER_G_MIN * 3e-5 * 0.8 / 15, rel=1e-12)


def test_each_cause_of_use_adds_what_it_costs_alone() -> None:
    """Free of all costs but one, cortex uses that one; together they make the whole."""
    costs = [one.name for one in dataclasses.fields(ENERGY) if one.name not in ("neuronal", "ATP_per_turn")]
    alone = [
        energy_budget(REST, 1.2, 0.3, CYCLE, dataclasses.replace(ENERGY, **dict.fromkeys(set(costs) - {one}, 0.0)))
        for one in costs
    ]
    whole = energy_budget(REST, 1.2, 0.3, CYCLE, ENERGY)
    assert all(one.total > 0 for one in alone)
    assert sum(one.total for one in alone) == pytest.approx(whole.total, rel=1e-12)


def test_use_is_linear_in_rate_gain_and_block() -> None:
    def used(rate: float, gain: float, blocked: float) -> float:
        return float(energy_budget(Activity(rate, rate, 0.01), gain, blocked, CYCLE, ENERGY).total)

    assert used(6, 1, 0) - used(3, 1, 0) == pytest.approx(used(3, 1, 0) - used(0, 1, 0), rel=1e-9)
    assert used(3, 2, 0) - used(3, 1, 0) == pytest.approx(used(3, 1, 0) - used(3, 0, 0), rel=1e-9)
    assert used(3, 1, 0.8) - used(3, 1, 0.4) == pytest.approx(used(3, 1, 0.4) - used(3, 1, 0), rel=1e-9)
    assert used(3, 1, 1) < used(3, 1, 0) < used(3, 2, 0)


def test_fewer_spines_lower_the_tca_cycle_and_not_the_glutamate_cycle() -> None:
    """What 13C-MRS found in depression (row IM2), put in by boutons_lost = 0; full loss takes only the AMPA current."""
    fewer = dataclasses.replace(REST, spines=0.0)
    healthy, depressed = (energy_budget(one, 1.0, 0.0, CYCLE, ENERGY) for one in (REST, fewer))
    assert glutamate_cycling(fewer, CYCLE) == glutamate_cycling(REST, CYCLE)
    assert healthy.total - depressed.total == pytest.approx(healthy.AMPA, rel=1e-12)
    assert tca_rate(depressed, ENERGY) < tca_rate(healthy, ENERGY)


def test_a_spine_that_goes_with_its_bouton_is_counted_once() -> None:
    """Then every current falls as spines do, and none as their square."""
    cycle = dataclasses.replace(CYCLE, boutons_lost=1.0)
    whole, half = (
        energy_budget(dataclasses.replace(REST, spines=one), 1.0, 0.0, cycle, ENERGY) for one in (1.0, 0.5)
    )
    for name in ("vesicles", "AMPA", "NMDA"):
        assert getattr(half, name) == pytest.approx(0.5 * getattr(whole, name), rel=1e-12), name
    assert half.spikes == whole.spikes


def test_block_beyond_all_receptors_is_refused() -> None:
    with pytest.raises(InputError, match="^blocked: wants fractions"):
        energy_budget(REST, 1.0, 1.01, CYCLE, ENERGY)


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
        known = {"release": glutamate ** (1 / RECEPTOR.response), "internalised": now}
        numbers = solved(MGLUR5_PET, known | dataclasses.asdict(RECEPTOR))
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
    values = ReceptorPet(1.0, displaced, k_in / HOUR, 0.05 / HOUR)
    times = np.arange(low.size) * HOUR
    less, more = mglur5_binding(times, np.stack([low, high]), values)
    assert (more <= less + 1e-14).all() and (more > 0).all()


def test_limits_of_binding() -> None:
    """Without internalisation it follows at once; for ever it is steady; of a little glutamate it is of first order."""
    times = np.linspace(0, 1000 * HOUR, 1001)
    still = dataclasses.replace(RECEPTOR, k_in=0.0)
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


def test_binding_to_sv2a_goes_by_spines_as_its_equation_says() -> None:
    spines = np.array([0.0, 0.5, 1.0, 1.3])
    wanted = [solved(SV2A_PET, {"n": one} | dataclasses.asdict(SYNAPSE))["binding"] for one in spines]
    assert sv2a_binding(spines, SYNAPSE) == pytest.approx(wanted, rel=1e-12)
    assert sv2a_binding(1.0, SYNAPSE) == 1
    assert sv2a_binding(0.0, SYNAPSE) == pytest.approx(1 - 0.8 * 0.7, rel=1e-12)


def test_pet_counts_spines_where_it_sees_nothing_else_and_nothing_where_terminals_stay() -> None:
    spines = np.linspace(0, 1.5, 7)
    assert sv2a_binding(spines, SynapsePet(1.0, 1.0, 1.0)) == pytest.approx(spines, abs=1e-15)
    assert sv2a_binding(spines, SynapsePet(0.8, 0.7, 0.0)) == pytest.approx(np.ones(7), abs=0)


def test_the_same_new_spines_are_a_larger_change_where_more_were_missing() -> None:
    baseline = np.array([0.6, 0.8, 1.0])
    change = sv2a_change(baseline + 0.1, baseline, SYNAPSE)
    assert (change > 0).all() and (np.diff(change) < 0).all()
    assert sv2a_change(baseline, baseline, SYNAPSE) == pytest.approx(np.zeros(3), abs=1e-12)
