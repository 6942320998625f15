"""What a stopped trial leaves: kept beside the finished ones in one step, never one of them, gone with its end."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import xarray as xr
from small_run import ARMS, SEEDS, TRIALS, about, datasets, started

from msim.base.errors import StorageError
from msim.storage import unfinished
from msim.storage.digest import digest_run
from msim.storage.run_store import (  # fmt: skip
    MANIFEST,
    STORE,
    UNFINISHED,
    RunFolder,
    finish_run,
    finished_trials,
    open_run,
    start_run,
    write_trial,
)
from msim.storage.unfinished import (  # fmt: skip
    open_unfinished,
    reached_by,
    remove_unfinished,
    unfinished_path,
    write_unfinished,
)

TRIAL = ("ketamine", 2)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A growing run with one trial to go, of which something is kept."""
    folder = started(tmp_path / "run", TRIALS[:-1])
    assert TRIALS[-1] == TRIAL
    write_unfinished(folder, *TRIAL, datasets(*TRIAL, bursts=2), 20.0, "SimulationError: ran away")
    return folder


@pytest.mark.parametrize("named", ["the folder that the run was to have", "the growing one"])
def test_a_record_comes_back_as_it_was(run: RunFolder, named: str) -> None:
    """Bit by bit, and every part of it says that it is not whole, how far it goes and why."""
    found = open_unfinished(run.partial if "growing" in named else run.final, *TRIAL)
    assert (found.reached, found.reason) == (20.0, "SimulationError: ran away")
    assert found.path == unfinished_path(run, *TRIAL) and found.path.parts[-3:] == ("unfinished", "ketamine", "seed_2")
    for name, given in datasets(*TRIAL, bursts=2).items():
        marks = {"unfinished": True, "reached_s": 20.0, "reason": "SimulationError: ran away"}
        xr.testing.assert_identical(found.datasets[name], given.assign_attrs(marks))


def test_it_is_not_taken_for_a_finished_trial(run: RunFolder) -> None:
    """Neither when the run is taken up nor when it is opened."""
    assert finished_trials(run, ARMS, SEEDS) == TRIALS[:-1]
    assert not any(UNFINISHED in str(path) for path in run.store.rglob("*"))
    for path in (run.final, run.partial):
        with pytest.raises(StorageError, match="no finished run"):
            open_run(path)


def test_it_is_removed_when_its_trial_is_finished(run: RunFolder) -> None:
    """All of it, and of no other trial; a run that was finished holds none and hashes as if there had been none."""
    write_unfinished(run, "vehicle", 1, datasets("vehicle", 1), 5.0, "x")
    write_trial(run, *TRIAL, datasets(*TRIAL, bursts=6))
    remove_unfinished(run, *TRIAL)
    assert reached_by(run, *TRIAL) is None and reached_by(run, "vehicle", 1) == 5.0
    assert list((run.partial / UNFINISHED / "ketamine").iterdir()) == []
    path = finish_run(run)
    assert {one.name for one in path.iterdir()} == {STORE, MANIFEST}
    assert digest_run(path).sha256 == digest_run(finish_run(started(path.parent / "straight"))).sha256


def test_the_record_that_reaches_further_stays(run: RunFolder) -> None:
    """A run that is taken up begins its trials anew, and must not overwrite hours by minutes."""
    for reached, wanted in ((10.0, 20.0), (20.0, 20.0), (30.0, 30.0), (29.0, 30.0)):
        write_unfinished(run, *TRIAL, datasets(*TRIAL, bursts=3), reached, f"at {reached}")
        assert open_unfinished(run.final, *TRIAL).reached == wanted
    assert open_unfinished(run.final, *TRIAL).reason == "at 30.0"
    left = sorted(path.name for path in unfinished_path(run, *TRIAL).parent.iterdir())
    assert len(left) == 2 and "seed_2" in left


@pytest.mark.parametrize("killed_in", ["write_dataset", "flush", "symlink_to", "replace", "remove_own"])
def test_a_record_is_replaced_in_one_step(run: RunFolder, killed_in: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at any point of it, the one before or the new one is there, and whole; the next try works."""

    def dying(*arguments: object, **settings: object) -> None:
        raise KeyboardInterrupt

    # Not in the modules themselves: zarr's own threads use them too.
    owner = {"replace": "os"}.get(killed_in)
    own = SimpleNamespace(**{**vars(getattr(unfinished, owner)), killed_in: dying}) if owner else dying
    for step, reached in ((0, 30.0), (1, 40.0)):
        with monkeypatch.context() as patch:
            if killed_in == "symlink_to":
                patch.setattr(Path, killed_in, dying)
            else:
                patch.setattr(unfinished, owner or killed_in, own)
            with pytest.raises(KeyboardInterrupt):
                write_unfinished(run, *TRIAL, datasets(*TRIAL, bursts=4), reached, "later")
        found = open_unfinished(run.final, *TRIAL)
        bursts = {20.0: 2, 30.0: 4, 40.0: 4, 35.0: 5}[found.reached]
        assert found.datasets["bursts"].sizes["burst"] == bursts
        if step == 0:
            write_unfinished(run, *TRIAL, datasets(*TRIAL, bursts=5), 35.0, "next")
            assert open_unfinished(run.final, *TRIAL).reached == 35.0


def test_what_is_not_kept_is_refused_with_what_is(run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no unfinished trial of vehicle, seed 2; .*'ketamine, seed 2'"):
        open_unfinished(run.final, "vehicle", 2)
    with pytest.raises(StorageError, match="nowhere.*no unfinished trial of vehicle, seed 2$"):
        open_unfinished(tmp_path / "nowhere", "vehicle", 2)


def test_a_run_is_taken_up_beside_what_is_kept(run: RunFolder) -> None:
    """Starting again touches neither finished nor unfinished trials."""
    again = start_run(run.final, about())
    assert finished_trials(again, ARMS, SEEDS) == TRIALS[:-1] and reached_by(again, *TRIAL) == 20.0
