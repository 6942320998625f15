"""Evidence rows: what is read of a file, what is refused, and by which file, row and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from msim.base.errors import InputError
from msim.definitions.evidence import EvidenceRow, chosen, read_evidence, shipped_evidence

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
    "an id of another": ({"id": '"T3_rapid"'}, "(T3_rapid): wants an id of its own"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_row_is_refused_with_file_row_and_key(name: str, tmp_path: Path) -> None:
    changes, wanted = REFUSED[name]
    with pytest.raises(InputError) as refused:
        read_evidence([*shipped_evidence(), written(tmp_path, **changes)])
    assert "own.toml: " in str(refused.value) and wanted in str(refused.value)
