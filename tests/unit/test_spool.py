"""Arrays in a file: however they came to be written, they read as one; and what is stored of them, and how."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from msim.base.settings import with_settings
from msim.recording import spool
from msim.recording.record_arrays import record_arrays, record_from
from msim.recording.recorder import MemoryRecorder, ProbeRow
from msim.recording.spool import Spool, SpoolFile, blocks, joined_blocks
from msim.storage.checkpoints import read_checkpoint, write_checkpoint
from msim.storage.dataset_blocks import write_dataset
from msim.storage.digest import digest_trial
from msim.storage.journal import journal_path, read_journal, write_journal
from msim.storage.run_store import RunFolder
from msim.trials.spike_table import spike_table

# Which of three spools of one file gets how many values next.
WRITES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), max_size=30)
DTYPES = (np.float64, np.int32, np.int8)
FEW = settings(max_examples=100, deadline=None)


def written(writes: list[tuple[int, int]]) -> tuple[list[Spool], list[np.ndarray]]:
    """Spools, and the arrays that they stand for."""
    file = SpoolFile()
    spools, values = [Spool(file, dtype) for dtype in DTYPES], [np.empty(0, dtype) for dtype in DTYPES]
    for count, (which, size) in enumerate(writes):
        new = (np.arange(size) + 7 * count).astype(DTYPES[which])
        spools[which].append(new)
        values[which] = np.concatenate([values[which], new])
    return spools, values


@FEW
@given(WRITES, st.integers(-40, 40), st.integers(-40, 40), st.sampled_from([None, 1, 2, -1]), st.integers(1, 12))
def test_a_spool_reads_as_the_array_however_it_was_cut(
    writes: list[tuple[int, int]], start: int, stop: int, step: int | None, length: int
) -> None:
    spools, values = written(writes)
    for one, wanted in zip(spools, values, strict=True):
        assert (one.size, len(one), one.shape, one.dtype) == (wanted.size, wanted.size, wanted.shape, wanted.dtype)
        np.testing.assert_array_equal(np.asarray(one), wanted, strict=True)
        np.testing.assert_array_equal(one[start:stop:step], wanted[start:stop:step], strict=True)
        cut = list(blocks(one, length))
        assert [part.size for part in cut[:-1]] == [length] * (len(cut) - 1)
        assert [part.tolist() for part in cut] == [part.tolist() for part in blocks(wanted, length)]
    joined = list(joined_blocks(spools, length))
    assert np.concatenate([*joined, np.empty(0)]).tolist() == np.concatenate(values).tolist()
    assert all(part.size == length for part in joined[:-1])


def test_one_file_is_open_however_many_spools_there_are_and_none_after() -> None:
    """Hundreds of probes would else use up what a process may have open."""
    before = set(os.listdir("/dev/fd"))
    file = SpoolFile()
    spools = [Spool(file, float) for _ in range(300)]
    for one in spools:
        one.append(np.ones(3))
    assert len(set(os.listdir("/dev/fd")) - before) == 1
    del file, spools, one
    assert len(set(os.listdir("/dev/fd")) - before) == 0


def test_no_file_is_left_to_be_found(tmp_path: Path) -> None:
    """Also not by a process that is killed."""
    held = Spool(SpoolFile(tmp_path), float)
    held.append(np.ones(3))
    assert held[:].tolist() == [1, 1, 1] and not list(tmp_path.iterdir())


def test_a_write_in_parts_is_whole_and_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk may take a part of what it is given; one that is full leaves what was there before."""
    true = os.pwrite
    monkeypatch.setattr(spool.os, "pwrite", lambda fd, content, at: true(fd, content[:5], at))
    one = Spool(SpoolFile(), float)
    one.append(np.arange(4.0))

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(spool.os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        one.append(np.arange(4.0))
    assert one[:].tolist() == [0, 1, 2, 3]


# What is stored of them

POPULATIONS = ["e", "i"]


def probes(*sizes: int) -> list[ProbeRow]:
    """A probe for each size: that many spikes of the one population, some more of the other, and a field."""
    file, found = SpoolFile(), []
    for index, size in enumerate(sizes):
        spikes = {}
        for number, name in enumerate(POPULATIONS):
            spikes[name] = (Spool(file, float), Spool(file, np.int32))
            times = np.linspace(0, 1 + index, size + 3 * number)
            spikes[name][0].append(times)
            spikes[name][1].append(np.arange(times.size, dtype=np.int32) % 11)
        field = Spool(file, float)
        field.append(np.arange(size) / 3)
        found.append(ProbeRow(float(index), 1.0 + index, {}, spikes, {"e": field}, 1e3))
    return found


def in_memory(rows: list[ProbeRow]) -> list[ProbeRow]:
    """The same without a file."""
    return [
        ProbeRow(
            one.time, one.seconds, one.cells,
            {name: (np.asarray(pair[0]), np.asarray(pair[1])) for name, pair in one.spikes.items()},
            {name: np.asarray(values) for name, values in one.field.items()}, one.field_rate,
        )
        for one in rows
    ]  # fmt: skip


@FEW
@given(st.lists(st.integers(0, 20), max_size=4), st.integers(-90, 90), st.integers(-90, 90), st.integers(1, 4))
def test_the_table_of_spikes_is_that_of_all_probes_end_to_end(
    sizes: list[int], start: int, stop: int, step: int
) -> None:
    rows = probes(*sizes)
    found = xr.Dataset(spike_table(rows, POPULATIONS))
    order = [(row, index, name) for index, row in enumerate(rows) for name in POPULATIONS]
    wanted = {
        "spike_time": [t for row, _, name in order for t in np.asarray(row.spikes[name][0])],
        "cell": [c for row, _, name in order for c in np.asarray(row.spikes[name][1])],
        "population": [POPULATIONS.index(name) for row, _, name in order for _ in range(row.spikes[name][0].size)],
        "probe_of_spike": [index for row, index, name in order for _ in range(row.spikes[name][0].size)],
    }
    for name, values in wanted.items():
        part = found.isel(spike=slice(start, stop, step))[name].values
        assert part.tolist() == values[start:stop:step]
        assert found[name].values.tolist() == values
        some = list(range(0, len(values), 5))
        assert found[name].isel(spike=some).values.tolist() == [values[k] for k in some]


@pytest.mark.parametrize("chunk", [1, 10, 64, 2**16])
def test_how_a_dataset_is_cut_changes_chunks_and_nothing_else(
    tmp_path: Path, chunk: int
) -> None:
    """Values, types, attributes and hash, also where the table ends with a block."""
    more = {"attrs": {"arm": "vehicle", "probe_seconds": [1.0, 2.0]}}
    rows = probes(30, 17)
    whole, kept = (xr.Dataset(spike_table(one, POPULATIONS), **more) for one in (in_memory(rows), rows))
    whole.load().to_zarr(str(tmp_path / "whole"), group="spikes", zarr_format=3, consolidated=False)
    with with_settings(chunk_values=chunk):
        write_dataset(kept, str(tmp_path / "kept"), "spikes")
    groups = [zarr.open_group(str(tmp_path / name), mode="r") for name in ("whole", "kept")]
    assert digest_trial(groups[0], "a", 1) == digest_trial(groups[1], "a", 1)
    written: Any = groups[1]["spikes/spike_time"]
    assert written.shape == (100,) and written.chunks == (min(chunk, 100),)
    names = [type(one).__name__ for one in written.metadata.codecs]
    assert names == ["BytesCodec", "ZstdCodec", "Crc32cCodec"]
    found = xr.open_zarr(str(tmp_path / "kept"), group="spikes", consolidated=False, chunks=None, zarr_format=3)
    xr.testing.assert_identical(found.load(), whole.load())


def test_no_more_than_a_block_is_read_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what lies in a file, by a store, a journal and a checkpoint alike."""
    read: list[int] = []
    true = SpoolFile.read
    monkeypatch.setattr(SpoolFile, "read", lambda self, at, size: read.append(size) or true(self, at, size))
    rows = probes(500)
    record = MemoryRecorder(probes=rows)
    with with_settings(chunk_values=16, block_values=16):
        write_dataset(xr.Dataset(spike_table(rows, POPULATIONS)), str(tmp_path / "store"), "spikes")
        write_journal(RunFolder(tmp_path / "run"), "arm", 1, record_arrays(record), 1.0)
        write_checkpoint(tmp_path / "checkpoint", record_arrays(record), {})
    assert len(read) > 300 and max(read) == 16 * 8


def test_a_record_in_a_file_comes_back_from_checkpoint_and_journal(tmp_path: Path) -> None:
    """From the one into a file again, from the other into memory; its bytes are those that NumPy itself writes."""
    rows = probes(30, 0, 17)
    arrays = record_arrays(MemoryRecorder(probes=rows))
    write_checkpoint(tmp_path / "checkpoint", arrays, {"time": 1.0})
    assert sum(one.is_file() for one in (tmp_path / "checkpoint").rglob("*/c/0")) < 12
    folder = RunFolder(tmp_path / "run")
    write_journal(folder, "arm", 1, arrays, 1.0)
    with np.load(journal_path(folder, "arm", 1)) as stored:
        assert set(stored.files) == {*arrays, "journal/reached", "journal/reason"}
    for found in (read_checkpoint(tmp_path / "checkpoint"), read_journal(folder, "arm", 1)):
        assert found is not None
        again = record_from(found[0])
        for old, new in zip(in_memory(rows), again.probes, strict=True):
            for name in POPULATIONS:
                for k in (0, 1):
                    np.testing.assert_array_equal(np.asarray(new.spikes[name][k]), old.spikes[name][k], strict=True)
            np.testing.assert_array_equal(np.asarray(new.field["e"]), old.field["e"], strict=True)
    found = read_checkpoint(tmp_path / "checkpoint")
    assert found is not None
    assert {name for name, one in found[0].items() if isinstance(one, Spool)} == {
        name for name, one in arrays.items() if isinstance(one, Spool)
    }
