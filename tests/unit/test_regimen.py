"""Declared doses become dated events, and what cannot be given is refused with file and key."""

from __future__ import annotations

from typing import Any

import pytest

from msim.base.errors import DefinitionError
from msim.definitions.experiments.doses import regimen
from msim.definitions.files.read import checked_entries
from msim.definitions.files.schema import DoseEntry, Entry
from msim.pharmacology.regimen import Dose, doses_of

HOUR = 3600.0
MOLAR_MASSES = {"ketamine": 0.2377, "memantine": 0.1793}
BOLUS = {"drug": "ketamine", "route": "intravenous", "mg_per_kg": 0.5, "at": "1 * hour"}
INFUSION = {**BOLUS, "duration": "40 minute"}
TITRATED = {
    "drug": "ketamine",
    "route": "intravenous",
    "steps": [
        {"mg_per_kg_per_hour": 0.15, "at": "0 * hour", "until": "24 hour"},
        {"mg_per_kg_per_hour": 0.30, "at": "24 hour", "until": "48 hour"},
        {"mg_per_kg_per_hour": 0.60, "at": "48 hour", "until": "96 hour"},
    ],
}


class Doses(Entry):
    """A file of doses alone."""

    doses: tuple[DoseEntry, ...]


def events(*entries: dict[str, Any], body_weight: float = 70.0) -> tuple[Dose, ...]:
    """The regimen of entries as a TOML file would give them."""
    given = checked_entries({"doses": list(entries)}, "x.toml", Doses)
    return regimen(given.doses, body_weight, MOLAR_MASSES, "x.toml: doses")


def test_a_bolus_is_the_dose_over_the_molar_mass_at_one_instant() -> None:
    """0.5 mg/kg in 70 kg are 35 mg."""
    (dose,) = events(BOLUS)
    assert dose == Dose("ketamine", "intravenous", HOUR, 0.0, pytest.approx(35e-6 / 0.2377, rel=1e-15))


def test_a_dose_in_mg_does_not_scale_with_body_weight_and_one_in_mg_per_kg_does() -> None:
    """The same 56 mg for everyone; per kg twice as much for twice the weight."""
    flat = {**BOLUS, "mg_per_kg": None, "mg": 56}
    assert events(flat, body_weight=50.0)[0].amount_mol == events(flat, body_weight=100.0)[0].amount_mol
    assert 2 * events(BOLUS, body_weight=50.0)[0].amount_mol == events(BOLUS, body_weight=100.0)[0].amount_mol


def test_an_infusion_by_rate_is_the_infusion_by_amount() -> None:
    """0.75 mg/kg/h for 40 min are 0.5 mg/kg; equal to the rounding of one division."""
    by_rate = {**INFUSION, "mg_per_kg": None, "mg_per_kg_per_hour": 0.75}
    (amount,), (rate,) = events(INFUSION), events(by_rate)
    assert rate.amount_mol == pytest.approx(amount.amount_mol, rel=1e-15)
    assert (rate.start_s, rate.end_s) == (amount.start_s, amount.end_s) == (HOUR, HOUR + 2400.0)
    assert amount.rate_mol_per_s * amount.duration_s == pytest.approx(amount.amount_mol, rel=1e-15)


def test_a_titrated_infusion_gives_each_rate_for_its_own_time() -> None:
    """Steps join without gap or overlap, and amounts are rate times duration times weight."""
    steps = events(TITRATED)
    assert [dose.start_s for dose in steps] == [0.0, 24 * HOUR, 48 * HOUR]
    assert [dose.end_s for dose in steps] == [24 * HOUR, 48 * HOUR, 96 * HOUR]
    milligrams = [dose.amount_mol * 0.2377 * 1e6 for dose in steps]
    assert milligrams == pytest.approx([0.15 * 24 * 70, 0.30 * 24 * 70, 0.60 * 48 * 70], rel=1e-14)


def test_a_titrated_infusion_may_pause() -> None:
    """A step may start later than the one before ended."""
    steps = [{**TITRATED["steps"][0], "until": "12 hour"}, TITRATED["steps"][1]]
    assert [dose.start_s for dose in events({**TITRATED, "steps": steps})] == [0.0, 24 * HOUR]


def test_steps_that_meet_do_not_overlap_by_rounding() -> None:
    """Start plus length is not always the end to the last digit."""
    first, second = step("0.857 minute", "3.286 minute"), step("3.286 minute", "4 minute")
    assert len(events({**TITRATED, "steps": [first, second]})) == 2
    assert len(events({**TITRATED, "steps": [first], "every": "2.429 minute", "times": 9})) == 9


@pytest.mark.parametrize(("every", "times"), [("84 hour", 4), ("56 hour", 6), ("40 minute", 3)])
def test_repeats_keep_their_interval(every: str, times: int) -> None:
    """Two or three infusions a week for two weeks; back to back is allowed."""
    starts = [dose.start_s for dose in events({**INFUSION, "every": every, "times": times})]
    interval = {"84 hour": 84 * HOUR, "56 hour": 56 * HOUR, "40 minute": 2400.0}[every]
    assert starts == [HOUR + repeat * interval for repeat in range(times)]


def test_a_titrated_infusion_repeats_as_a_whole() -> None:
    """Each course is the first one, later."""
    doses = events({**TITRATED, "every": "2 * week", "times": 2})
    assert [later.start_s - first.start_s for first, later in zip(doses[:3], doses[3:])] == [14 * 24 * HOUR] * 3


def test_events_are_sorted_by_start_whatever_the_order_of_entries() -> None:
    """Dated events, of several drugs."""
    other = {**BOLUS, "drug": "memantine", "at": "30 minute"}
    doses = events(INFUSION, other)
    assert doses == events(other, INFUSION)
    assert [dose.drug for dose in doses] == ["memantine", "ketamine"]
    assert [dose.drug for dose in doses_of("ketamine", doses)] == ["ketamine"]


def test_a_bolus_may_fall_into_an_infusion_and_drugs_and_routes_may_overlap() -> None:
    """Only two infusions of one drug by one route exclude each other."""
    assert len(events({**INFUSION, "at": "0 * hour"}, {**BOLUS, "at": "20 minute"})) == 2
    assert len(events(INFUSION, {**INFUSION, "drug": "memantine"})) == 2


def test_no_doses_are_no_events() -> None:
    """A vehicle arm."""
    assert events() == ()


def changed(base: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """The entry with keys set, or removed where the value is None."""
    return {key: value for key, value in {**base, **keys}.items() if value is not None}


def step(at: str, until: str, rate: Any = 0.15) -> dict[str, Any]:
    """One step of a titrated infusion."""
    return {"mg_per_kg_per_hour": rate, "at": at, "until": until}


@pytest.mark.parametrize(
    ("entry", "key", "wanted", "came"),
    [
        (changed(BOLUS, mg_per_kg=0), "doses.0.mg_per_kg", "more than 0", "got 0"),
        (changed(BOLUS, mg_per_kg=-0.5), "doses.0.mg_per_kg", "more than 0", "got -0.5"),
        (changed(BOLUS, mg_per_kg=float("nan")), "doses.0.mg_per_kg", "finite number", "nan"),
        (changed(BOLUS, mg_per_kg=True), "doses.0.mg_per_kg", "number", "True"),
        (changed(BOLUS, mg_per_kg="0.5 mg"), "doses.0.mg_per_kg", "number", "'0.5 mg'"),
        (changed(BOLUS, mg_per_kg=None, mg=-1), "doses.0.mg", "more than 0", "got -1"),
        (changed(BOLUS, mg=35), "doses.0", "exactly one of", "mg_per_kg and mg"),
        (changed(BOLUS, mg_per_kg=None), "doses.0", "exactly one of", "got none"),
        (changed(BOLUS, route="intravenos"), "doses.0.route", "'intravenous'", "'intravenos'"),
        (changed(BOLUS, route=None), "doses.0.route", "missing key 'route'", ""),
        (changed(BOLUS, drug="ketamin"), "doses.0.drug", "'ketamine'", "'ketamin'"),
        (changed(BOLUS, drug=None), "doses.0.drug", "missing key 'drug'", ""),
        (changed(BOLUS, at=None), "doses.0", "missing key 'at'", ""),
        (changed(BOLUS, at="-1 * hour"), "doses.0.at", "at least 0 s", "'-1 * hour'"),
        (changed(BOLUS, at="1 mg"), "doses.0.at", "wants a value in s", "'1 mg'"),
        (changed(BOLUS, at=0), "doses.0.at", "wants a value in s", "got 0"),
        (changed(BOLUS, amount=1), "doses.0.amount", "unknown key 'amount'", ""),
        (changed(BOLUS, mg_per_kgs=1), "doses.0.mg_per_kgs", "'mg_per_kg'", "'mg_per_kgs'"),
        (changed(INFUSION, duration="0 * minute"), "doses.0.duration", "more than 0", "'0 * minute'"),
        (changed(INFUSION, route="intranasal"), "doses.0.route", "'intravenous' for an infusion", "'intranasal'"),
        (changed(TITRATED, route="intraperitoneal"), "doses.0.route", "'intravenous'", "'intraperitoneal'"),
        (changed(BOLUS, mg_per_kg=None, mg_per_kg_per_hour=1), "doses.0", "missing key 'duration'", ""),
        (changed(INFUSION, times=2), "doses.0", "missing key 'every'", "'times'"),
        (changed(INFUSION, every="84 hour"), "doses.0", "missing key 'times'", "'every'"),
        (changed(INFUSION, every="84 hour", times=0), "doses.0.times", "at least 1", "got 0"),
        (changed(INFUSION, every="84 hour", times=2.0), "doses.0.times", "whole number", "got 2.0"),
        (changed(INFUSION, every="84 hour", times=10**9), "doses.0.times", "at most 10000", "1000000000"),
        (changed(INFUSION, every="30 minute", times=2), "doses.0.every", "at least 40 minute", "got 30 minute"),
        (changed(BOLUS, every="0 * hour", times=2), "doses.0.every", "more than 0", "'0 * hour'"),
        (changed(TITRATED, every="95 hour", times=2), "doses.0.every", "at least 4 day", "got 3.95833 day"),
        (changed(TITRATED, at="0 * hour"), "doses.0.at", "no 'at' beside steps", "got 0 s"),
        (changed(TITRATED, duration="1 hour"), "doses.0.duration", "no 'duration'", "got 1 hour"),
        (changed(TITRATED, mg=1), "doses.0", "exactly one of", "mg and steps"),
        (changed(TITRATED, steps=[]), "doses.0.steps", "at least one step", "none"),
        (changed(TITRATED, steps="fast"), "doses.0.steps", "wants a list", "'fast'"),
        (changed(TITRATED, steps=[3]), "doses.0.steps.0", "a table", "got 3"),
        (changed(TITRATED, steps=[{"at": "0 * hour"}]), "steps.0.mg_per_kg_per_hour", "missing key 'mg_per_kg_", ""),
        (
            changed(TITRATED, steps=[step("0 * hour", "2 hour"), step("1 hour", "3 hour")]),
            "doses.0.steps.1.at", "2 hour or later", "got 1 hour",
        ),
        (
            changed(TITRATED, steps=[step("24 hour", "48 hour"), step("0 * hour", "24 hour")]),
            "doses.0.steps.1.at", "2 day or later", "got 0 s",
        ),
        (changed(TITRATED, steps=[step("2 hour", "1 hour")]), "doses.0.steps.0.until", "after its own", "got 1 hour"),
        (changed(TITRATED, steps=[step("1 hour", "1 hour")]), "doses.0.steps.0.until", "after its own", "got 1 hour"),
        (changed(TITRATED, steps=[step("0 * hour", "1 hour", 0)]), "steps.0.mg_per_kg_per_hour", "more than 0", "0"),
    ],
)
def test_a_wrong_dose_is_refused_with_key_wish_and_what_came(
    entry: dict[str, Any], key: str, wanted: str, came: str
) -> None:
    """Where, what was wanted, what came."""
    with pytest.raises(DefinitionError) as refusal:
        events(entry)
    assert refusal.value.where.startswith("x.toml: ") and refusal.value.where.endswith(key)
    assert wanted in str(refusal.value) and came in str(refusal.value)


def test_overlapping_infusions_of_one_drug_are_refused_with_both_places() -> None:
    """Also where the later entry starts first."""
    late, early = {**INFUSION, "at": "30 minute"}, {**INFUSION, "at": "0 * hour"}
    with pytest.raises(DefinitionError, match=r"doses\.0: .* infusion of x\.toml: doses\.1 ends at 40 minute"):
        events(late, early)


@pytest.mark.parametrize("weight", [0.0, -70.0, float("nan"), float("inf")])
def test_a_body_that_weighs_nothing_is_refused(weight: float) -> None:
    """Before any dose is computed from it."""
    with pytest.raises(DefinitionError, match="body weight above 0"):
        events(BOLUS, body_weight=weight)
