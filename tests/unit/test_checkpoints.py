"""Checkpoints and journals on disk: what is read is what was written, or a refusal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from msim.base.errors import StorageError
from msim.recording.record_arrays import record_arrays, record_from
from msim.recording.recorder import BurstRow, MemoryRecorder, ProbeRow
from msim.storage.checkpoints import read_checkpoint, remove_checkpoints, write_checkpoint
from msim.storage.journal import journal_path, journal_reach, read_journal, remove_journal, write_journal
from msim.storage.run_store import RunFolder

ARRAYS = {
    "cells/a/v": np.linspace(0, 1, 7), "single": np.arange(4, dtype=np.float32), "recent/a": np.arange(6).reshape(2, 3),
    "none": np.empty((2, 0), dtype=np.int64), "rate": np.array(2.5),
}  # fmt: skip


def test_a_checkpoint_is_read_bit_for_bit(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path / "t") is None
    write_checkpoint(tmp_path / "t", ARRAYS, {"time": 0.1, "network": {"step": 3}})
    arrays, about = read_checkpoint(tmp_path / "t") or ({}, {})
    assert about == {"time": 0.1, "network": {"step": 3}}
    for name, wanted in ARRAYS.items():
        assert arrays[name].dtype == wanted.dtype and arrays[name].shape == wanted.shape
        assert arrays[name].tobytes() == wanted.tobytes()


def test_the_newest_counts_and_the_older_goes(tmp_path: Path) -> None:
    for time in (1.0, 2.0):
        write_checkpoint(tmp_path, ARRAYS, {"time": time})
    assert [one.name for one in tmp_path.iterdir()] == ["2"]
    found = read_checkpoint(tmp_path)
    assert found is not None and found[1]["time"] == 2.0
    remove_checkpoints(tmp_path)
    assert read_checkpoint(tmp_path) is None


def test_one_that_is_not_whole_is_not_found(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, ARRAYS, {"time": 1.0})
    (tmp_path / ".growing").mkdir()
    (tmp_path / "7").mkdir()
    found = read_checkpoint(tmp_path)
    assert found is not None and found[1]["time"] == 1.0


def test_every_changed_byte_is_seen(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, ARRAYS, {"time": 1.0})
    for path in [one for one in (tmp_path / "1/state.zarr").rglob("*") if one.is_file()]:
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(StorageError, match="damaged.*is not what was written"):
            read_checkpoint(tmp_path)
        path.write_bytes(whole)
    assert read_checkpoint(tmp_path) is not None


def record() -> MemoryRecorder:
    """A record with something of everything."""
    made = MemoryRecorder()
    made.samples(np.array([0.0, 1.0]), {"drug": np.array([1.0, 2.0]), "cells": np.array([[1.0, 3.0], [2.0, 5.0]])})
    made.samples(np.array([2.0]), {"drug": np.array([3.0]), "cells": np.array([[1.5, 2.5]])})
    made.burst(BurstRow(0.0, 0.0, 0.0, True, 0.0, 6.0, {"e": 2.5}, {"e": 1e-10}))
    made.burst(BurstRow(60.0, 60.0, 1.7, False, 0.1, 0.6, {"e": 2.0}, {"e": 2e-10}))
    spikes = {"e": (np.array([0.1, 0.2]), np.array([4, 1]))}
    made.probe(ProbeRow(0.0, 3.0, {"e.v": np.array([-0.06, -0.07])}, spikes, {"e": np.array([1e-9])}, 1000.0))
    return made


def test_a_record_comes_back_from_its_arrays() -> None:
    first, again = record(), record_from(record_arrays(record()))
    assert again.bursts == first.bursts
    assert np.concatenate(again.times).tolist() == [0.0, 1.0, 2.0]
    assert np.concatenate(again.spreads["cells"]).tolist() == np.concatenate(first.spreads["cells"]).tolist()
    assert set(again.means) == {"drug", "cells"} and set(again.spreads) == {"cells"}
    (probe,) = again.probes
    assert (probe.time, probe.seconds, probe.field_rate) == (0.0, 3.0, 1000.0)
    assert probe.spikes["e"][1].tolist() == [4, 1] and probe.cells["e.v"].tolist() == [-0.06, -0.07]


def test_what_is_recorded_after_it_came_back_follows_what_was_before() -> None:
    again = record_from(record_arrays(record()))
    again.samples(np.array([3.0]), {"drug": np.array([4.0]), "cells": np.array([[0.0, 2.0]])})
    assert np.concatenate(again.means["drug"]).tolist() == [1.0, 2.0, 3.0, 4.0]


def test_a_journal_is_replaced_in_one_step(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    assert read_journal(folder, "arm", 1) is None and journal_reach(folder, "arm", 1) is None
    for reached in (1.0, 2.0):
        write_journal(folder, "arm", 1, record_arrays(record()), reached)
    assert [one.name for one in journal_path(folder, "arm", 1).parent.iterdir()] == ["seed_1.npz"]
    arrays, reached, reason = read_journal(folder, "arm", 1) or ({}, 0.0, "none")
    assert reason == "" and reached == journal_reach(folder, "arm", 1) == 2.0
    assert record_from(arrays).bursts == record().bursts
    remove_journal(folder, "arm", 1)
    assert read_journal(folder, "arm", 1) is None
