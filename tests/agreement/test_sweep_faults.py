"""Sweeps that are disturbed: what is finished stays, what failed is seen, and the rest comes to the same bits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from small_disk import small_disk
from small_sweep import DOSES, begun, process_of, recorded, write_experiment
from test_stopped_runs import children, is_running, wait_until

import msim
from msim.base.errors import DiskFullError
from msim.executors.executor import ProgressEvent
from msim.executors.kinds.local import LocalExecutor
from msim.storage.trial_store import TrialStore, read_failure_record
from msim.sweep.plan_files import latest_plan, read_plan
from msim.sweep.run import run_sweep
from msim.sweep.status import Status, status
from msim.sweep.work import Sweep

ONE = LocalExecutor(1)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the trials record where nothing happens, by key."""
    sweep = begun(tmp_path_factory.mktemp("undisturbed"))
    result = run_sweep(sweep, ONE)
    assert counts(result.status) == (4, 4, 0, 0) and not result.failures
    found = recorded(sweep.store)
    assert len(found) == 3
    return found


def counts(now: Status) -> tuple[int, int, int, int]:
    """What was asked for, done, failed and pending, of which the last three add up to the first."""
    assert now.asked == now.done + now.failed + now.pending
    return now.asked, now.done, now.failed, now.pending


def assert_mended(sweep: Sweep, undisturbed: dict[str, str]) -> None:
    """The same sweep again does what is missing, leaves what is done, and comes to the same, hash by hash."""
    before = {key: sweep.store.trial(key).stat().st_mtime_ns for key in recorded(sweep.store)}
    again = begun(sweep.store.root.parent)
    result = run_sweep(again, ONE)
    assert counts(result.status) == (4, 4, 0, 0) and not result.failures
    assert recorded(sweep.store) == undisturbed
    assert {key: sweep.store.trial(key).stat().st_mtime_ns for key in before} == before
    for name in ("failed", "claims", "work"):
        assert not any((sweep.store.root / name).iterdir()), name


def on_first(sweep: Sweep, key: str, intervention: Callable[[int], None]) -> Callable[[ProgressEvent], None]:
    """Do something to the process of a trial when it has got somewhere."""
    acted: list[int] = []

    def report(news: ProgressEvent) -> None:
        if news.key == key and news.state == "running" and news.time > 0 and not acted:
            acted.append(process_of(sweep, key))
            intervention(acted[0])

    return report


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)


def test_a_killed_process_costs_its_trial_only(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    """It is a visible failure with its reason; the others are run to their end by another process."""
    sweep = begun(tmp_path)
    key = sweep.plan.trials[1].key
    result = run_sweep(sweep, ONE, on_first(sweep, key, kill))
    assert list(result.failures) == [key] and "killed by SIGKILL" in result.failures[key]
    assert result.kinds == {"killed"}
    assert counts(result.status)[2] == 1
    assert recorded(sweep.store) == {one: value for one, value in undisturbed.items() if one != key}
    assert_mended(sweep, undisturbed)


def test_a_trial_that_hangs_is_ended_at_its_limit(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    """A stopped process does not even hear that it should end."""
    sweep = begun(tmp_path, limit=45.0)
    key = sweep.plan.trials[1].key
    result = run_sweep(sweep, ONE, on_first(sweep, key, lambda process: os.kill(process, signal.SIGSTOP)))
    assert list(result.failures) == [key]
    assert "longer than its limit of 45 s" in result.failures[key]
    assert read_failure_record(sweep.store, key)["kind"] == "limit"
    assert_mended(sweep, undisturbed)


def test_a_trial_that_raises_is_kept_with_its_traceback(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    """The others are run to their end; the failed one fails again and is told again."""
    over = [DOSES, "highest:pyramidal.highest_rate=2.6 Hz,400 Hz"]
    sweep = begun(tmp_path, over)
    result = run_sweep(sweep, ONE)
    assert counts(result.status)[1] > 0 and counts(result.status)[2] > 0
    for key, reason in result.failures.items():
        assert reason.startswith("SimulationError: ")
        assert "Traceback" in read_failure_record(sweep.store, key)["traceback"]
    again = run_sweep(begun(tmp_path, over), ONE)
    assert again.failures == result.failures and again.status == result.status


def test_a_trial_without_memory_fails_alone(tmp_path: Path) -> None:
    """A column too large for what a trial may take, beside one that is not."""
    sweep = begun(tmp_path, ["cells:column.n_cells=60,60000"], memory=800 * 10**6)
    result = run_sweep(sweep, ONE)
    small, large = sweep.plan.trials[:2], sweep.plan.trials[2:]
    assert all(sweep.store.trial(one.key).is_file() for one in small)
    assert set(result.failures) == {one.key for one in large}
    reasons = list(result.failures.values())
    assert all("800 MB" in reason for reason in reasons), reasons
    assert result.kinds <= {"memory", "killed"}


def test_a_full_disk_ends_a_sweep_and_loses_nothing(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    """Where there is room again, the same command goes on."""
    disk = tmp_path / "disk"
    with small_disk(disk, "4m"):
        sweep = begun(disk)
        key = sweep.plan.trials[1].key

        def fill(news: ProgressEvent) -> None:
            if news.key == key and not (disk / "filling").exists():
                with (disk / "filling").open("wb", buffering=0) as file, pytest.raises(OSError):
                    while True:
                        file.write(bytes(4096))

        with pytest.raises(DiskFullError, match="No space left"):
            run_sweep(sweep, ONE, fill)
        assert counts(status(sweep.store, sweep.plan))[3] > 0
        assert recorded(sweep.store).items() <= undisturbed.items()
        (disk / "filling").unlink()
        assert_mended(sweep, undisturbed)


# The command


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """The sweep's command line, with one process."""
    file = write_experiment(tmp_path)
    return [
        sys.executable, "-m", "msim", "sweep", str(file), "--over", DOSES, "--out", str(tmp_path / "sweep"),
        "--workers", "1", "--checkpoint-every", "0 second",
    ]  # fmt: skip


def started(command: list[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(msim.__file__).parent.parent)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def at_work(folder: Path) -> bool:
    """Whether a trial has a checkpoint and a part of its time is left."""
    return any(folder.glob("work/*/checkpoints/[0-9]*/MANIFEST.json"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_sweep_that_is_ended_goes_on(
    command: list[str], tmp_path: Path, number: int, undisturbed: dict[str, str]
) -> None:
    """Killed, or told to end: its processes are gone within seconds, and the same command gives the same bits."""
    folder = tmp_path / "sweep"
    process = started(command)
    assert wait_until(lambda: at_work(folder) or process.poll() is not None, 300)
    workers = children(process.pid)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == (-9 if number == signal.SIGKILL else 143), errors
    assert wait_until(lambda: not any(map(is_running, workers)), 15)
    plan = read_plan(latest_plan(folder))
    asked, done, failed, pending = counts(status(TrialStore(folder), plan))
    assert failed == 0 and pending > 0
    if number == signal.SIGTERM:
        assert "terminated" in errors and "the same command goes on" in errors
        assert not any((folder / "claims").iterdir())
        assert at_work(folder)
    process = started([*command, "--json"])
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert json.loads(output) == {"asked": 4, "done": 4, "failed": 0, "pending": 0}
    assert recorded(TrialStore(folder)) == undisturbed


def test_two_sweeps_on_one_folder_do_not_clash(
    command: list[str], tmp_path: Path, undisturbed: dict[str, str]
) -> None:
    """Started together: each trial is run by one of them, and both end when all are done."""
    both = [started([*command, "--log-json", str(tmp_path / f"{name}.log")]) for name in "ab"]
    for one in both:
        _, errors = one.communicate(timeout=600)
        assert one.returncode == 0, errors
    assert recorded(TrialStore(tmp_path / "sweep")) == undisturbed
    assert not any((tmp_path / "sweep" / "claims").iterdir())


def test_one_killed_of_two_sweeps_is_stood_in_for(
    command: list[str], tmp_path: Path, undisturbed: dict[str, str]
) -> None:
    """What the killed one had claimed is taken over by the other."""
    first = started(command)
    assert wait_until(lambda: at_work(tmp_path / "sweep") or first.poll() is not None, 300)
    second = started(command)
    time.sleep(0.5)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    _, errors = second.communicate(timeout=300)
    assert second.returncode == 0, errors
    assert recorded(TrialStore(tmp_path / "sweep")) == undisturbed
