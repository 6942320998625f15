"""Evidence rows: what is read of a file, what is refused, and by which file, row and key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msim.base.errors import InputError
from msim.definitions.evidence.rows import EvidenceRow, chosen, read_evidence, shipped_evidence
from msim.definitions.models.model import ModelDefinition
from msim.evidence.plan import plan_rows

ROW = {
    "id": '"own"', "statement": '"a test"', "doses": '"human_infusion"', "knockout": '["eEF2K"]',
    "readout": '"behavior"',
    "time": '"2 hour"', "direction": '"0"', "against": '"no_drug"', "margin": "0.05", "source": '"autry2011"',
}  # fmt: skip


def written(tmp_path: Path, **changes: str | None) -> Path:
    """A file with one row, which differs by some keys from one that is right."""
    keys = {**ROW, **changes}
    path = tmp_path / "own.toml"
    path.write_text("[[row]]\n" + "\n".join(f"{key} = {text}" for key, text in keys.items() if text is not None) + "\n")
    return path


def read(path: Path) -> EvidenceRow:
    """The row of that file."""
    return next(one for one in read_evidence([*shipped_evidence(), path]) if one.id == "own")


def test_a_row_is_read_with_names_of_shipped_files(tmp_path: Path) -> None:
    row = read(written(tmp_path))
    assert row.condition.doses[0].drug == "ketamine" and row.readout.terms[0][1] == 1.0
    assert (row.time, row.direction, row.fact) == (7200.0, "0", "own")


def test_rows_are_chosen_by_id_or_fact() -> None:
    rows = read_evidence(shipped_evidence())
    assert [one.id for one in chosen(rows, ["T20_rapid", "T3"])] == ["T3_rapid", "T3_sustained", "T20_rapid"]
    with pytest.raises(InputError, match="no evidence row or fact is called 'T200'"):
        chosen(rows, ["T200"])


REFUSED = {
    "unknown key": ({"drug": '"ketamine"'}, "row.0.drug: unknown key 'drug'"),
    "missing key": ({"time": None}, "row.0.time: missing key 'time'"),
    "direction": ({"direction": '"up"'}, "row.0.direction: wants"),
    "a time in kg": ({"time": '"2 kg"'}, "row.0 (own).time: wants a value in s"),
    "regimen": ({"doses": '"human_infusions"'}, "row.0 (own).doses: unknown regimen 'human_infusions'"),
    "doses": ({"doses": "3"}, "row.0.doses: wants the name of a regimen, or a list of doses"),
    "dose": ({"doses": '[{ drug = "ketamine", route = "intravenous", mg = "5" }]'}, "row.0.doses"),
    "against": ({"against": '"no_drugs"'}, "row.0 (own).against: wants 'vehicle'"),
    "no drug to leave out": ({"doses": None}, "row.0 (own).against: wants a row with doses"),
    "attenuated": ({"direction": '"~"'}, "row.0 (own).against: wants 'no_manipulation'"),
    "margin": ({"margin": None}, "row.0: wants 'margin' with direction '0'"),
    "range": ({"low": "1"}, "row.0: wants 'margin', and no 'low' or 'high'"),
    "no range": ({"direction": '"within"'}, "row.0: wants 'low' and 'high'"),
    "before": ({"before": '"1 hour"'}, "row.0: wants 'before' only with against = 'before'"),
    "later before": ({"before": '"3 hour"', "against": '"before"'}, "row.0 (own).before: wants a time before 2 hour"),
    "ratio": ({"compare": '"ratio"'}, "row.0 (own).compare: wants direction 'within'"),
    "source": ({"source": '"autry2012"'}, "row.0 (own).source"),
    "a bath of mg": (
        {"doses": '[{ drug = "ketamine", route = "bath", mg = 5, at = "0 second" }]'}, "'uM' for the route"),
    "a bath without a preparation": (
        {"doses": '[{ drug = "ketamine", route = "bath", uM = 5, at = "0 second" }]'}, "doses.0.route: wants no bath"),
    "a bath and a body": (
        {"doses": '[{ drug = "ketamine", route = "bath", uM = 5, at = "0 second" }, '
                  '{ drug = "ketamine", route = "oral", mg = 5, at = "0 second" }]', "preparation": '"own"'},
        "doses.1.route: wants 'bath' in a slice"),
    "a dose after what is read": (
        {"doses": '[{ drug = "ketamine", route = "oral", mg = 5, at = "3 hour" }]'}, "doses.0: wants to start before"),
    "a beginning that is no time": (
        {"treatment": '[{ name = "AP5", from = "soon" }]'}, "own).treatment.0.from: unknown unit 'soon'"),
    "an amount above 1": ({"treatment": '[{ name = "AP5", amount = 2 }]'}, "treatment.0.amount: wants a number from"),
    "a change that is no quantity": ({"set": '{ "eef2k.tau_K" = "long" }'}, "own).set.eef2k.tau_K: unknown unit"),
    "cells that are no name": ({"treatment": '[{ name = "AP5", cells = "all cells" }]'}, "cells.0: wants a name"),
    "a readout that is no address": ({"readout": '"the mood"'}, "row.0.readout: wants names of letters"),
    "role": ({"role": '"CALL"'}, "row.0.role: wants 'CAL', 'TEST' or 'control'"),
    "bounds in two units": (
        {"direction": '"within"', "margin": None, "low": '"1 uM"', "high": '"2 Hz"'}, "own).high: wants a value in mM"),
    "bounds that leave nothing": (
        {"direction": '"within"', "margin": None, "low": "2", "high": "1"}, "own).high: wants more than low"),
    "an id of another": ({"id": '"T3_rapid"'}, "(T3_rapid): wants an id of its own"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_row_is_refused_with_file_row_and_key(name: str, tmp_path: Path) -> None:
    changes, wanted = REFUSED[name]
    with pytest.raises(InputError) as refused:
        read_evidence([*shipped_evidence(), written(tmp_path, **changes)])
    assert "own.toml: " in str(refused.value) and wanted in str(refused.value)


def test_rows_that_name_cells_and_steps_can_be_compared_and_run(tmp_path: Path, model: ModelDefinition) -> None:
    """Conditions are keys, whatever lists a row holds."""
    path = written(
        tmp_path, against='"vehicle"', knockout=None,
        treatment='[{ name = "AP5", cells = ["pyramidal", "pv", "sst"], from = "1 minute" }]',
        doses='[{ drug = "ketamine", route = "intravenous", steps = '
              '[{ mg_per_kg_per_hour = 1, at = "0 hour", until = "1 hour" }] }]',
    )  # fmt: skip
    (plan,), trials = plan_rows([read(path)], model, {}, "")
    assert not plan.cannot and len(trials) == 2


TIMES = ("-1 day", "0 second", "90.0004 second", "1 day")


def test_every_time_of_a_row_is_recorded_whatever_is_compared(tmp_path: Path, model: ModelDefinition) -> None:
    """To the microsecond, before everything that is done as well."""
    rows = [
        replace(read(written(tmp_path, time=f'"{one}"', doses=None, against='"vehicle"')), id=one) for one in TIMES
    ]  # fmt: skip
    plans, trials = plan_rows(rows, model, {}, "")
    assert not any(one.cannot for one in plans)
    for condition, trial in trials.items():
        samples = np.array(trial.experiment.recording.samples)
        for row in rows:
            assert np.abs(samples - row.time).min() < 1e-6, (condition, row.id)
            assert trial.experiment.begin <= row.time - 600


@pytest.mark.parametrize(("readout", "said"), [
    ('sum = [{ quantity = "block_evoked.b" }, { quantity = "pyramidal.firing_rate" }]', "wants a sum of terms in 1"),
    ('sum = [{ quantity = "block_evoked.b", times = "eef2k.tau_K" }, { quantity = "block_evoked.b" }]', "in s, got"),
    ('quantity = "ketamine.C_plasma"\nstatistic = "cv"', "wants a quantity of cells"),
])  # fmt: skip
def test_a_readout_that_is_no_quantity_is_told(readout: str, said: str, tmp_path: Path, model: ModelDefinition) -> None:
    path = written(tmp_path, readout='"own"')
    path.write_text(f'[readouts.own]\nmeaning = "a test"\n{readout}\n' + path.read_text())
    (plan,), _ = plan_rows([read(path)], model, {}, "")
    assert said in plan.cannot
