"""Tables of regions: what is read, and what is refused by file and name."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from msim.base.errors import DefinitionError, InputError
from msim.brain.connectome import Connectome, connectome_of, read_connectome
from msim.brain.resting_bold import resting_bold
from msim.brain.tables import read_matrix
from msim.cli import main
from msim.definitions.brains.brain import read_brain
from msim.definitions.files.read import shipped

SHIPPED = shipped("models") / "brains" / "brain19"


@pytest.fixture(scope="module")
def brain() -> Connectome:
    """The shipped one."""
    return read_connectome(SHIPPED)


def test_the_shipped_connectome_is_symmetric_with_delays_in_proportion_to_length(brain: Connectome) -> None:
    assert len(brain.names) == 19
    assert (brain.weights == brain.weights.T).all() and not np.diag(brain.weights).any()
    assert brain.delays(5.0) == pytest.approx(brain.lengths_mm / 5e3)
    assert brain.delays(10.0) == pytest.approx(brain.delays(5.0) / 2)


@pytest.mark.parametrize("file", ["weights_dtor.csv", "weights_mgh.csv"])
def test_every_tractogram_can_take_the_place_of_the_consensus(brain: Connectome, file: str) -> None:
    other = read_connectome(SHIPPED, file)
    assert other.names == brain.names and not (other.weights == brain.weights).all()


def test_a_tractogram_that_lacks_a_region_says_which() -> None:
    with pytest.raises(DefinitionError, match="sgACC and NAC and 35 others, got nothing"):
        read_connectome(SHIPPED, "weights_aal2_probabilistic.csv")


def test_a_region_may_belong_to_two_systems(brain: Connectome) -> None:
    inside = brain.of_system("DMN")
    assert inside[brain.names.index("sgACC")] and inside[brain.names.index("PCC")]
    assert not inside[brain.names.index("VIS")]


def test_rows_may_stand_in_any_order(brain: Connectome, tmp_path: Path) -> None:
    lines = (SHIPPED / "weights.csv").read_text().splitlines()
    path = tmp_path / "weights.csv"
    path.write_text("\n".join([lines[0], *reversed(lines[1:])]))
    assert read_matrix(path, brain.names) == pytest.approx(brain.weights)


def edit_cell(text: str, row: int, column: int, to: str) -> str:
    """The table with one cell changed; row 0 is the header."""
    rows = [line.split(",") for line in text.splitlines()]
    rows[row][column] = to
    return "\n".join(",".join(one) for one in rows)


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("weights.csv", lambda text: edit_cell(text, 2, 1, "0.9"), "symmetric matrix, got 0.705842 for sgACC to mPFC"),
        ("weights.csv", lambda text: edit_cell(text, 2, 1, "-1"), "at least 0 for mPFC and sgACC, got -1"),
        ("weights.csv", lambda text: edit_cell(text, 2, 1, ""), "at least 0 for mPFC and sgACC, got nothing"),
        ("weights.csv", lambda text: edit_cell(text, 2, 1, "many"), "row 'mPFC': wants a number, got 'many'"),
        ("weights.csv", lambda text: edit_cell(text, 0, 1, "sgAC"), "unknown region 'sgAC'; nearest known: 'sgACC'"),
        ("weights.csv", lambda text: edit_cell(text, 2, 0, "PCC"), "each region once, got 'PCC' twice"),
        ("weights.csv", lambda text: "\n".join(text.splitlines()[:-1]), "square matrix, got 18 rows and 19 columns"),
        ("weights.csv", lambda text: text + "\nVIS,1", "line 21: wants 20 cells, got 2"),
        ("tract_lengths_mm.csv", lambda text: edit_cell(edit_cell(text, 2, 1, "0"), 1, 2, "0"),
         "more than 0 mm between sgACC and mPFC"),
        ("regions.csv", lambda text: edit_cell(text, 0, 0, "name"), "lacks the column 'roi'"),
        ("t1w_t2w.csv", lambda text: edit_cell(text, 0, 1, "myelin"), "wants a column 't1wt2w'"),
    ],
)  # fmt: skip
def test_a_bad_table_is_refused_by_file_and_names(
    tmp_path: Path, file: str, change: Callable[[str], str], message: str
) -> None:
    folder = tmp_path / "brain"
    shutil.copytree(SHIPPED, folder)
    (folder / file).write_text(change((folder / file).read_text()))
    with pytest.raises(DefinitionError) as refused:
        read_connectome(folder)
    assert file in str(refused.value) and message in str(refused.value), str(refused.value)


def own_brain(folder: Path, factor: float) -> Path:
    """The shipped brain with all its tract lengths in another unit."""
    shutil.copytree(SHIPPED, folder / "brain19")
    path = folder / "brain19" / "tract_lengths_mm.csv"
    rows = [line.split(",") for line in path.read_text().splitlines()]
    scaled = [[row[0], *(f"{factor * float(one)!r}" for one in row[1:])] for row in rows[1:]]
    path.write_text("\n".join(",".join(row) for row in [rows[0], *scaled]))
    shutil.copy(SHIPPED.parent / "brain19.toml", folder / "own.toml")
    return folder / "own.toml"


@pytest.mark.parametrize(("factor", "message"), [
    (1e3, "which take"), (1e6, "which take"), (1e-3, "wants lengths in mm"), (0.01, "wants lengths in mm"),
])  # fmt: skip
def test_tract_lengths_in_another_unit_are_refused_wherever_they_are_read(
    factor: float, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the check, by a scan in either fidelity, by a task and by the function, in the same words, with the pair."""
    own = str(own_brain(tmp_path, factor))
    with pytest.raises(DefinitionError) as refused:
        connectome_of(read_brain(own))
    assert message in str(refused.value) and "mm" in str(refused.value)
    with pytest.raises(DefinitionError, match=re.escape(message)):
        resting_bold(own)
    for line in (
        ("check", own), ("brain", "scan", own, "--out", "x"), ("brain", "task", own, "tasks/go_nogo", "--out", "x"),
        ("brain", "scan", own, "--out", "x", "--fidelity", "spiking"), ("brain", "coupling", own),
    ):  # fmt: skip
        monkeypatch.setattr(sys, "argv", ["msim", *line])
        with pytest.raises(SystemExit) as end:
            main()
        shown = capsys.readouterr()
        assert end.value.code == 2 and str(refused.value) in shown.err, line


@pytest.mark.parametrize("speed", [0.1, 1e-3])
def test_spikes_too_slow_for_a_brain_are_refused(speed: float) -> None:
    with pytest.raises(InputError, match="which take"):
        read_connectome(SHIPPED).delays(speed)


def test_a_brain_of_one_region_is_refused(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "brain")
    lines = (SHIPPED / "regions.csv").read_text().splitlines()
    (tmp_path / "brain" / "regions.csv").write_text("\n".join(lines[:2]))
    with pytest.raises(DefinitionError, match="at least 2 regions, got 1"):
        read_connectome(tmp_path / "brain")


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"regions\.csv: cannot be read"):
        read_connectome(tmp_path)
