"""What a stopped trial leaves: kept beside the finished ones in one step, never one of them, gone with its end."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from small_run import ARMS, SEEDS, TRIALS, about, datasets, started

from msim.base.errors import StorageError
from msim.storage import journal
from msim.storage.digest import digest_run
from msim.storage.journal import journal_reach, read_journal, remove_journal, write_journal
from msim.storage.run_store import (  # fmt: skip
    MANIFEST,
    STORE,
    UNFINISHED,
    RunFolder,
    finish_run,
    finished_trials,
    open_run,
    run_folder,
    start_run,
    write_trial,
)
from msim.trials.unfinished import open_unfinished

TRIAL = ("ketamine", 2)


def record(bursts: int) -> dict[str, np.ndarray]:
    """Arrays with numbers of their own."""
    return {"times": np.arange(bursts) / 3, "probe0/cells/pv.v": np.array([-0.06, np.nan])}


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A growing run with one trial to go, of which something is kept."""
    folder = started(tmp_path / "run", TRIALS[:-1])
    assert TRIALS[-1] == TRIAL
    write_journal(folder, *TRIAL, record(2), 20.0, "SimulationError: ran away")
    return folder


@pytest.mark.parametrize("named", ["the folder that the run was to have", "the growing one"])
def test_a_record_comes_back_as_it_was(run: RunFolder, named: str) -> None:
    """Bit by bit, with how far it goes and why."""
    again = run_folder(run.partial if "growing" in named else run.final)
    assert again == run
    arrays, reached, reason = read_journal(again, *TRIAL) or ({}, 0.0, "")
    assert (reached, reason) == (20.0, "SimulationError: ran away")
    assert set(arrays) == set(record(2))
    for name, given in record(2).items():
        np.testing.assert_array_equal(arrays[name], given, strict=True)


def test_it_is_not_taken_for_a_finished_trial(run: RunFolder) -> None:
    """Neither when the run is taken up nor when it is opened."""
    assert finished_trials(run, ARMS, SEEDS) == TRIALS[:-1]
    assert not any(UNFINISHED in str(path) for path in run.store.rglob("*"))
    for path in (run.final, run.partial):
        with pytest.raises(StorageError, match="no finished run"):
            open_run(path)


def test_it_is_removed_when_its_trial_is_finished(run: RunFolder) -> None:
    """And of no other trial; a run that was finished holds none and hashes as if there had been none."""
    write_journal(run, "vehicle", 1, record(1), 5.0, "x")
    write_trial(run, *TRIAL, datasets(*TRIAL, bursts=6))
    remove_journal(run, *TRIAL)
    assert journal_reach(run, *TRIAL) is None and journal_reach(run, "vehicle", 1) == 5.0
    assert list((run.partial / UNFINISHED / "ketamine").iterdir()) == []
    path = finish_run(run)
    assert {one.name for one in path.iterdir()} == {STORE, MANIFEST}
    assert digest_run(path).sha256 == digest_run(finish_run(started(path.parent / "straight"))).sha256


def test_the_record_that_reaches_further_stays(run: RunFolder) -> None:
    """A trial that begins anew must not overwrite hours by minutes; one that reaches as far is the newer one."""
    for reached, wanted in ((10.0, 20.0), (20.0, 20.0), (30.0, 30.0), (29.0, 30.0)):
        write_journal(run, *TRIAL, record(3), reached, f"at {reached}")
        arrays, found, reason = read_journal(run, *TRIAL) or ({}, 0.0, "")
        assert found == wanted and (reason == f"at {reached}") == (reached >= wanted)
    assert len(list((run.partial / UNFINISHED / "ketamine").iterdir())) == 1


@pytest.mark.parametrize("killed_in", ["_save", "replace"])
def test_a_record_is_replaced_in_one_step(run: RunFolder, killed_in: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at any point of it, the one before is there, and whole; the next try works."""

    def dying(*arguments: object, **settings: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        # Not in the module itself: other threads use it too.
        own = SimpleNamespace(**{**vars(journal.os), "replace": dying})
        patch.setattr(journal, *(("os", own) if killed_in == "replace" else (killed_in, dying)))
        with pytest.raises(KeyboardInterrupt):
            write_journal(run, *TRIAL, record(4), 30.0, "later")
    arrays, reached, _ = read_journal(run, *TRIAL) or ({}, 0.0, "")
    assert reached == 20.0 and arrays["times"].size == 2
    write_journal(run, *TRIAL, record(5), 35.0, "next")
    assert journal_reach(run, *TRIAL) == 35.0


def test_what_is_not_kept_is_refused_with_what_is(run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no unfinished trial of vehicle, seed 2; .*'ketamine, seed 2'"):
        open_unfinished(run.final, "vehicle", 2)
    with pytest.raises(StorageError, match="nowhere.*no unfinished trial of vehicle, seed 2$"):
        open_unfinished(tmp_path / "nowhere", "vehicle", 2)


def test_a_run_is_taken_up_beside_what_is_kept(run: RunFolder) -> None:
    """Starting again touches neither finished nor unfinished trials."""
    again = start_run(run.final, about())
    assert finished_trials(again, ARMS, SEEDS) == TRIALS[:-1] and journal_reach(again, *TRIAL) == 20.0
