"""A folder is there when it is whole, and else nothing of it; two that want one name are told apart."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from msim.base.errors import OwnerError, StorageError
from msim.base.file_lease import take
from msim.base.new_folder import new_folder
from msim.brain import go_nogo, scans
from msim.cli import main
from msim.imaging import bids


class Stopped(BaseException):
    """What no reader of errors catches, as Ctrl-C."""


def test_it_appears_whole_under_its_name_and_leaves_nothing_beside(tmp_path: Path) -> None:
    with new_folder(tmp_path / "a" / "out") as partial:
        (partial / "file").write_text("x")
        assert not (tmp_path / "a" / "out").exists() and partial.parent.parent == tmp_path / "a"
    assert [one.name for one in (tmp_path / "a").iterdir()] == ["out"]
    assert (tmp_path / "a" / "out" / "file").read_text() == "x"


@pytest.mark.parametrize("problem", [ValueError("x"), OSError(errno.ENOSPC, "No space left on device"), Stopped()])
def test_nothing_is_left_where_the_body_ends_early(problem: BaseException, tmp_path: Path) -> None:
    (tmp_path / ".out.notes").write_text("somebody's own")
    expected = type(problem)  # a full disk has a word and a status of its own
    with pytest.raises(expected):
        with new_folder(tmp_path / "out") as partial:
            (partial / "half").write_text("x")
            raise problem
    assert [one.name for one in tmp_path.iterdir()] == [".out.notes"]


def test_a_name_that_somebody_writes_is_refused_before_anything_else(tmp_path: Path) -> None:
    with new_folder(tmp_path / "out"):
        with pytest.raises(OwnerError, match="writes it"):
            with new_folder(tmp_path / "out"):
                pytest.fail("two have the same folder")
    assert take(tmp_path / ".out.claim")


def test_what_came_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist or is empty"):
        with new_folder(tmp_path / "out"):
            (tmp_path / "out").mkdir()
            (tmp_path / "out" / "other").touch()
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["other"]


@pytest.mark.parametrize(("module", "name", "line"), [
    (scans, "resting_scans", ("scan", "brains/brain19", "--minutes", "4")),
    (go_nogo, "go_nogo", ("task", "brains/brain19", "tasks/go_nogo", "--subjects", "1")),
])  # fmt: skip
def test_a_full_disk_leaves_no_half_of_a_scan(
    module: Any, name: str, line: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The third file does not fit; the command says so in one line."""
    monkeypatch.chdir(tmp_path)
    written, real = [], os.replace

    def replace(one: Any, other: Any) -> None:
        written.append(other)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(one, other)

    monkeypatch.setattr(bids.os, "replace", replace)
    monkeypatch.setattr(sys, "argv", ["msim", "brain", *line, "--out", "out"])
    with pytest.raises(SystemExit) as end:
        main()
    shown = capsys.readouterr()
    assert end.value.code and "No space left on device" in shown.err and "Traceback" not in shown.err
    assert len(written) == 3 and not list(tmp_path.iterdir())


def test_a_second_scan_into_a_folder_is_refused_before_it_simulates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(scans, "resting_scans", lambda *_: pytest.fail("it simulated"))
    monkeypatch.setattr(sys, "argv", ["msim", "brain", "scan", "brains/brain19", "--out", "out"])
    with new_folder(tmp_path / "out"), pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 8 and "writes it" in capsys.readouterr().err
