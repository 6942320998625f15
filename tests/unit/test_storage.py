"""Runs on disk: whole or not there, refused where they would overwrite, resumed, sealed and read back."""

from __future__ import annotations

import copy
import hashlib
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from small_run import ARMS, SEEDS, TRIALS, about, datasets, started

from msim.base.errors import StorageError
from msim.storage import run_store
from msim.storage.run_store import (  # fmt: skip
    MANIFEST,
    SAME_WHEN_RESUMED,
    STORE,
    RunFolder,
    finish_run,
    finished_trials,
    open_run,
    start_run,
    trial_path,
    write_trial,
)
from msim.storage.trial_store import prepare_own, read_failure_record, write_failure_record


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A whole run."""
    return finish_run(started(tmp_path / "run"))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Whole or not there


def test_a_run_has_its_name_only_once_it_is_whole(tmp_path: Path) -> None:
    """Until then it grows under a hidden name, and opening it says so."""
    run = started(tmp_path / "run")
    assert not (tmp_path / "run").exists() and run.partial.name.startswith(".")
    with pytest.raises(StorageError, match=f"no finished run; an unfinished one is in .*{run.partial.name}"):
        open_run(tmp_path / "run")
    finish_run(run)
    assert not run.partial.exists()
    assert open_run(tmp_path / "run").arms == ARMS


@pytest.mark.parametrize("killed_at", ["samples", "probes", "spectra", "spikes", "bursts"])
def test_a_killed_trial_is_not_there(tmp_path: Path, killed_at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it was killed, none of its group is to be seen, and the next try starts afresh and is whole."""
    run = started(tmp_path / "run", [])
    stock = run_store.write_dataset

    def dying(dataset: xr.Dataset, path: Path, name: str) -> None:
        if name == killed_at:
            raise KeyboardInterrupt
        stock(dataset, path, name)

    with monkeypatch.context() as patch:
        patch.setattr(run_store, "write_dataset", dying)
        with pytest.raises(KeyboardInterrupt):
            write_trial(run, "ketamine", 1, datasets("ketamine", 1))
    assert not (run.store / trial_path("ketamine", 1)).exists()
    assert finished_trials(run, ARMS, SEEDS) == []
    for arm, seed in TRIALS:
        write_trial(run, arm, seed, datasets(arm, seed))
    path = finish_run(run)
    xr.testing.assert_identical(open_run(path).trial("ketamine", 1, "samples"), datasets("ketamine", 1)["samples"])
    assert {one.name for one in path.iterdir()} == {STORE, MANIFEST}


def test_a_run_killed_while_it_is_sealed_is_not_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the last rename there is no run; sealing again finishes it."""
    run = started(tmp_path / "run")

    def dying(*names: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", dying)
        with pytest.raises(KeyboardInterrupt):
            finish_run(run)
    with pytest.raises(StorageError, match="no finished run"):
        open_run(tmp_path / "run")
    assert open_run(finish_run(start_run(tmp_path / "run", about()))).seeds == SEEDS


@pytest.mark.parametrize("killed_in", ["make_own_anew", "new_group", "replace"])
def test_a_killed_start_can_be_started_again(tmp_path: Path, killed_in: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it had laid down by then does not pass for a run that was begun."""
    module = run_store.os if killed_in == "replace" else run_store
    stock = getattr(module, killed_in)

    def dying(*arguments: Any, **settings: Any) -> None:
        if killed_in != "replace":
            stock(*arguments, **settings)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if module is run_store:
            patch.setattr(run_store, killed_in, dying)
        else:
            # Not in the module itself: zarr's own threads use it too.
            patch.setattr(run_store, module.__name__, SimpleNamespace(**{**vars(module), killed_in: dying}))
        with pytest.raises(KeyboardInterrupt):
            start_run(tmp_path / "run", about())
    assert open_run(finish_run(started(tmp_path / "run"))).arms == ARMS


def test_failures_are_kept_until_the_trial_succeeds(tmp_path: Path) -> None:
    """The reason of a failed trial is on disk, and a finished run carries none."""
    run = started(tmp_path / "run", TRIALS[1:])
    store = prepare_own(run.partial)
    write_failure_record(store, "vehicle 1", "why", "Traceback", "raised")
    assert read_failure_record(store, "vehicle 1")["traceback"] == "Traceback"
    assert finished_trials(run, ARMS, SEEDS) == TRIALS[1:]
    write_trial(run, *TRIALS[0], datasets(*TRIALS[0]))
    assert {one.name for one in finish_run(run).iterdir()} == {STORE, MANIFEST}


# Refused


@pytest.mark.parametrize("what", ["a file in it", "a file of that name", "a finished run"])
def test_a_folder_that_holds_something_is_refused_and_left_alone(tmp_path: Path, what: str) -> None:
    """Every byte of it stays, and nothing is begun beside it."""
    out = tmp_path / "run"
    if what == "a finished run":
        finish_run(started(out))
    elif what == "a file in it":
        out.mkdir()
        (out / "notes.txt").write_text("mine")
    else:
        out.write_text("mine")
    before = contents(tmp_path)
    with pytest.raises(StorageError, match="a finished run" if what == "a finished run" else "something else"):
        start_run(out, about())
    assert contents(tmp_path) == before
    assert not RunFolder(out).partial.exists()


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    """Made by hand, it becomes the run."""
    (tmp_path / "run").mkdir()
    assert open_run(finish_run(started(tmp_path / "run"))).arms == ARMS


@pytest.mark.parametrize("key", SAME_WHEN_RESUMED)
def test_a_run_begun_differently_is_refused_and_left_alone(tmp_path: Path, key: str) -> None:
    """Trials of two definitions must never stand in one run: the message names what differs."""
    run = started(tmp_path / "run", TRIALS[:1])
    before = contents(run.partial)
    other = copy.deepcopy(about())
    other[key] = {"text": "another"} if isinstance(other[key], dict) else ["another"]
    other.setdefault("experiment", {}).setdefault("name", "test")
    with pytest.raises(StorageError, match=f"another '{key}'"):
        start_run(tmp_path / "run", other)
    assert contents(run.partial) == before


def test_an_unreadable_beginning_is_refused_by_name(tmp_path: Path) -> None:
    """The message says what to remove."""
    partial = RunFolder(tmp_path / "run").partial
    partial.mkdir()
    with pytest.raises(StorageError, match=f"{partial.name}.*remove it"):
        start_run(tmp_path / "run", about())


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A file where the folder's parent should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written: Not a directory"):
        start_run(tmp_path / "file" / "run", about())


@pytest.mark.parametrize("missing", ["folder", "manifest", "trial"])
def test_what_is_no_whole_run_does_not_open(finished: Path, missing: str) -> None:
    """One message with the folder's name, whichever part is not there."""
    if missing == "manifest":
        (finished / MANIFEST).unlink()
    elif missing == "trial":
        group = finished / STORE / trial_path("ketamine", 2)
        group.rename(finished / "elsewhere")
    path = finished.with_name("nowhere") if missing == "folder" else finished
    with pytest.raises(StorageError, match=path.name):
        open_run(path)


# Resumed


def test_an_interrupted_run_keeps_its_finished_trials(tmp_path: Path) -> None:
    """Started again, the same folder is taken up: stored trials are named and their bytes untouched."""
    first = started(tmp_path / "run", TRIALS[:2])
    before = contents(first.store)
    again = start_run(tmp_path / "run", {**about(), "command": ["another"], "started": "later"})
    assert finished_trials(again, ARMS, SEEDS) == TRIALS[:2]
    assert contents(again.store) == before
    for arm, seed in TRIALS[2:]:
        write_trial(again, arm, seed, datasets(arm, seed))
    run = open_run(finish_run(again))
    assert run.samples["eef2k.p_eEF2"].sel(arm="vehicle", seed=2)[0] == 2
    assert run.samples["eef2k.p_eEF2"].sel(arm="ketamine", seed=1)[0] == 101


# Sealed


def test_the_manifest_sums_every_file(finished: Path) -> None:
    """SHA-256 of each file of the store, recomputed here; none is missing and none is extra."""
    sums = json.loads((finished / MANIFEST).read_text())["sha256"]
    files = {path.relative_to(finished).as_posix(): path for path in (finished / STORE).rglob("*") if path.is_file()}
    assert sums == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    assert len(sums) > 20


def chunk_of(run: Path, dataset: str, variable: str) -> Path:
    """The one chunk of an array of a trial."""
    folder = run / STORE / trial_path("ketamine", 1) / dataset / variable / "c"
    return next(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("position", [0, 1, -1])
def test_a_flipped_bit_is_noticed(finished: Path, position: int) -> None:
    """At the begin, inside and at the end of a chunk: crc32c finds every single flipped bit."""
    chunk = chunk_of(finished, "samples", "eef2k.p_eEF2")
    data = bytearray(chunk.read_bytes())
    data[position if position != 1 else len(data) // 2] ^= 0x10
    chunk.write_bytes(bytes(data))
    with pytest.raises(StorageError, match="checksum"):
        open_run(finished)


def test_a_flipped_bit_in_spikes_is_noticed_when_they_are_read(finished: Path) -> None:
    """Spikes are opened when they are asked for, and only then."""
    chunk = chunk_of(finished, "spikes", "spike_time")
    data = bytearray(chunk.read_bytes())
    data[len(data) // 2] ^= 0x01
    chunk.write_bytes(bytes(data))
    run = open_run(finished)
    assert run.spikes("vehicle", 1, 0, "pv")[0].size == 2
    with pytest.raises(StorageError, match="spikes cannot be read.*checksum"):
        run.spikes("ketamine", 1, 0, "pv")


# Read back


@pytest.mark.parametrize("name", ["samples", "probes", "spectra", "spikes", "bursts"])
def test_a_dataset_comes_back_as_it_was(finished: Path, name: str) -> None:
    """Values to the last bit, types, dimensions, coordinates, units and all other attributes."""
    run = open_run(finished)
    for number, (arm, seed) in enumerate(TRIALS):
        stored, given = run.trial(arm, seed, name), datasets(arm, seed, bursts=3 + number)[name]
        xr.testing.assert_identical(stored, given)
        assert all(stored[one].dtype == given[one].dtype for one in given.variables)
        assert all(stored[one].dims == given[one].dims for one in given.variables)


def test_trials_are_combined_by_arm_and_seed(finished: Path) -> None:
    """Each value stands under the names of its own trial; units stay; a trial with fewer bursts ends in NaN."""
    run = open_run(finished)
    assert run.samples["eef2k.p_eEF2"].dims == ("arm", "seed", "time")
    assert run.probes["pv.v_cells"].dims == ("arm", "seed", "probe", "pv_cell")
    assert run.spectra["lfp_power"].dims == ("arm", "seed", "probe", "frequency")
    assert run.samples["eef2k.p_eEF2"].attrs["units"] == "1 (dimensionless)"
    assert run.samples["time"].attrs["units"] == "s"
    for number, (arm, seed) in enumerate(TRIALS):
        given = datasets(arm, seed, bursts=3 + number)
        own = {"arm": arm, "seed": seed}
        np.testing.assert_array_equal(run.samples["eef2k.p_eEF2"].sel(own), given["samples"]["eef2k.p_eEF2"])
        np.testing.assert_array_equal(run.probes["pv.v_cells"].sel(own), given["probes"]["pv.v_cells"])
        leaps = run.bursts["leap"].sel(own).values
        np.testing.assert_array_equal(leaps[:3 + number], given["bursts"]["leap"])
        assert np.isnan(leaps[3 + number:]).all() and leaps.size == 6
    assert run.provenance == about() and run.seeds == SEEDS


def test_spikes_are_told_apart_by_probe_and_population(finished: Path) -> None:
    """The table of all spikes gives back those of one population in one probe."""
    times, cells = open_run(finished).spikes("vehicle", 2, 0, "pv")
    assert times.tolist() == [0.2, 0.3] and cells.tolist() == [2, 2]
    assert open_run(finished).spikes("vehicle", 2, 1, "pv")[0].size == 0


def test_a_trial_without_probes_is_stored_too(tmp_path: Path) -> None:
    """Empty datasets and arrays without an entry are kept as such."""
    run = start_run(tmp_path / "run", about())
    for arm, seed in TRIALS:
        full = datasets(arm, seed)
        empty = {"spikes": full["spikes"].isel(spike=slice(0)), "spectra": xr.Dataset(),
                 "probes": full["probes"].isel(probe=slice(0))}  # fmt: skip
        write_trial(run, arm, seed, full | empty)
    opened = open_run(finish_run(run))
    assert opened.probes.sizes["probe"] == 0 and not opened.spectra.data_vars
    assert opened.spikes("vehicle", 1, 0, "pyramidal")[0].size == 0
