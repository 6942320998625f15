"""What was stored is enough to come to the same bits again, and says what has changed since."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from here import trials_here
from small_sweep import begun, recorded, write_experiment

from msim.backends.context import Context
from msim.base.errors import StorageError
from msim.definitions.experiments.experiment import read_experiment
from msim.executors.kinds.local import LocalExecutor
from msim.sweep.reproduce import reproduce_run, reproduce_trial
from msim.sweep.run import run_sweep
from msim.sweep.work import Sweep
from msim.trials.run import run_experiment


@pytest.fixture(scope="module", autouse=True)
def _trials_here() -> Iterator[None]:
    with trials_here():
        yield


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """A sweep of which every trial is stored."""
    sweep = begun(tmp_path_factory.mktemp("done"))
    assert not run_sweep(sweep, LocalExecutor(1)).failures
    return sweep


def test_every_trial_of_a_sweep_comes_out_the_same(done: Sweep) -> None:
    """From the plan in the sweep alone, to the last bit."""
    for key, hash_ in recorded(done.store).items():
        found = reproduce_trial(done.store.root, key)
        assert not found.difference and not found.changes
        assert found.sha256 == (hash_, hash_)


def test_what_changed_since_is_named_and_not_run(done: Sweep) -> None:
    """The experiment's file says something else now: the stored text is run, to the same bits."""
    key = min(recorded(done.store))
    file = done.store.root.parent / "small.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("0.5,", "0.9,"), encoding="utf-8")
    try:
        found = reproduce_trial(done.store.root, key)
    finally:
        file.write_text(text, encoding="utf-8")
    assert not found.difference
    assert any("small.toml is not what it was" in one for one in found.changes)


def test_a_byte_of_a_stored_trial_that_changed_is_named(done: Sweep, tmp_path: Path) -> None:
    """What the trial comes to is told apart from what became of its file."""
    root = tmp_path / "sweep"
    shutil.copytree(done.store.root, root)
    key = min(recorded(done.store))
    stored = next(root.glob(f"trials/*/{key}.zip"))
    content = bytearray(stored.read_bytes())
    content[len(content) // 2] ^= 1
    stored.write_bytes(content)
    found = reproduce_trial(root, key)
    assert not found.difference and any(key in one for one in found.changes)


def test_a_trial_that_is_not_there_is_refused(done: Sweep) -> None:
    key = min(recorded(done.store))
    with pytest.raises(StorageError, match=key):
        reproduce_trial(done.store.root, key[:-1] + ("0" if key[-1] != "0" else "1"))


def test_a_run_comes_out_the_same(tmp_path: Path) -> None:
    """All arms of a run, from its provenance alone, wherever the run lies now."""
    experiment = read_experiment(write_experiment(tmp_path))
    first = run_experiment(experiment, tmp_path / "first", Context(schedule=experiment.schedule), LocalExecutor(1))
    assert not first.failures
    moved = tmp_path / "elsewhere"
    first.path.rename(moved)
    (tmp_path / "small.toml").unlink()
    found = reproduce_run(moved)
    assert not found.difference and not found.changes
    assert found.sha256[0] == found.sha256[1]
