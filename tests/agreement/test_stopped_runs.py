"""Runs that are stopped midway: over in seconds, nothing left running, and their records are the start of the whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from small_disk import small_disk
from smooth_network import SmoothNetwork
from test_run_end_to_end import EXPERIMENT

import msim
from msim.backends.context import Context
from msim.backends.fast_network import Burst
from msim.base.endings import EXIT_STATUS
from msim.base.errors import SimulationError, StorageError
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.models.model import ModelDefinition
from msim.multiscale import simulate as engine
from msim.multiscale.baseline import piece_count
from msim.recording.record_arrays import record_from
from msim.recording.recorder import BurstRow, MemoryRecorder
from msim.storage.run_store import UNFINISHED, RunFolder
from msim.trials import trial
from msim.trials.datasets import trial_datasets

SCRIPT = """
if __name__ == "__main__":
    from msim.cli import main
    main()
"""
ARMS, SEEDS = ("vehicle", "ketamine"), (1,)
SECONDS = 30.0  # in which a run has to end, however busy the machine is; a free one takes one or two


# One trial, without noise


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> ExperimentDefinition:
    """An hour with samples that fall between bursts, BOLD, and two probes."""
    text = EXPERIMENT.replace('"6 minute"', '"1 hour"').replace('every    = "1 minute"', 'every    = "100 second"')
    text = text.replace('"5 minute"]', '"20 minute"]').partition("[[predict]]")[0]
    text = text.replace("schedule    = {", "schedule    = { tolerance = 0.002,")
    path = tmp_path_factory.mktemp("study") / "hour.toml"
    path.write_text(text, encoding="utf-8")
    return msim.read_experiment(path)


class Failing(SmoothNetwork):
    """Smooth until a burst that fails."""

    def __init__(self, model: ModelDefinition, fails_at: int) -> None:
        super().__init__(model)
        self.fails_at = fails_at

    def burst(self, burn_in: float, seconds: float, keep_field: bool) -> Burst:
        if self.bursts == self.fails_at:
            raise SimulationError("ran away")
        return super().burst(burn_in, seconds, keep_field)


Kept = list[tuple[dict[str, xr.Dataset], float, str]]


def keeping(experiment: ExperimentDefinition, kept: Kept) -> trial.Journal:
    """A journal that keeps what a stop leaves, as `open_unfinished` gives it."""

    def journal(arrays: Mapping[str, Any], reached: float, reason: str) -> None:
        if reason:
            record = record_from({name: np.array(values[:]) for name, values in arrays.items()})
            kept.append((trial_datasets(experiment, experiment.arm("ketamine"), record, reached, {}), reached, reason))

    return journal


def simulated(
    experiment: ExperimentDefinition, fails_at: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, xr.Dataset], Kept]:
    """The datasets of the ketamine trial, none where it failed, and all that was kept on the way."""
    monkeypatch.setattr(engine, "build_network", lambda model, seed, context: Failing(model, fails_at))
    kept: Kept = []
    context = Context(schedule=experiment.schedule)
    try:
        found = trial.simulate_trial(
            experiment, experiment.arm("ketamine"), 1, context, journal=keeping(experiment, kept)
        )
    except SimulationError:
        found = {}
    return found, kept


def assert_is_start(part: xr.Dataset, whole: xr.Dataset, dim: str) -> None:
    """Every variable is there with the first of its values, to the last bit; BOLD to its solver's tolerance."""
    assert set(part.variables) == set(whole.variables)
    for name in part.variables:
        first = whole[name].isel({dim: slice(part.sizes[dim])}) if dim in whole[name].dims else whole[name]
        rtol, atol = (1e-6, 1e-6) if name == "bold.percent_signal_change" else (0.0, 0.0)
        np.testing.assert_allclose(part[name].values, first.values, rtol=rtol, atol=atol, err_msg=str(name))


def test_what_is_kept_is_the_start_of_the_whole_trial(
    experiment: ExperimentDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever burst fails: all bursts before it, and every sample up to the last of them that stood."""
    whole, _ = simulated(experiment, -1, monkeypatch)
    bursts, reached = whole["bursts"].sizes["burst"], []
    probes = whole["probes"].sizes["probe"]
    assert bursts > 8 and probes == 2 and np.any(whole["bursts"]["accepted"].values == 0)
    # The first burst of the log is asked for in pieces.
    more = piece_count(experiment.schedule) - 1
    for fails_at in range(1 + more, bursts + probes + more):
        found, [(kept, until, reason)] = simulated(experiment, fails_at, monkeypatch)
        assert found == {} and reason == "SimulationError: ran away"
        assert fails_at - more - kept["bursts"].sizes["burst"] == kept["probes"].sizes.get("probe", 0)
        assert_is_start(kept["bursts"], whole["bursts"], "burst")
        stood = kept["bursts"]["burst_time"].values[kept["bursts"]["accepted"].values == 1]
        assert until == stood[-1]
        times = whole["samples"]["time"].values
        assert kept["samples"].sizes["time"] == int(np.sum(times <= until + 1e-6))
        if stood.size > 1:
            assert_is_start(kept["samples"], whole["samples"], "time")
        reached.append(until)
    assert reached == sorted(reached) and len(set(reached)) > 5


def test_nothing_is_kept_of_a_trial_without_a_burst(
    experiment: ExperimentDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to keep."""
    assert simulated(experiment, 0, monkeypatch) == ({}, [])


class StopsAfter(dict[str, np.ndarray]):
    """Quantities of which the first alone is reached."""

    def items(self) -> Any:
        yield next(iter(super().items()))
        raise KeyboardInterrupt


@pytest.mark.parametrize("what", ["its burst", "a quantity"])
def test_half_a_leap_is_not_kept(
    experiment: ExperimentDefinition, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between the samples of a leap and its burst, or after a quantity: whole leaps alone are kept."""
    whole, _ = simulated(experiment, -1, monkeypatch)

    class Stopping(MemoryRecorder):
        def burst(self, row: BurstRow) -> None:
            if len(self.bursts) == 5 and what == "its burst":
                raise KeyboardInterrupt
            super().burst(row)

        def samples(self, times: np.ndarray, values: Mapping[str, np.ndarray]) -> None:
            if len(self.bursts) >= 5 and what == "a quantity":
                super().samples(times, StopsAfter(values))
            super().samples(times, values)

    monkeypatch.setattr(trial, "MemoryRecorder", Stopping)
    kept: Kept = []
    with pytest.raises(KeyboardInterrupt):
        trial.simulate_trial(
            experiment, experiment.arm("ketamine"), 1, Context(schedule=experiment.schedule),
            journal=keeping(experiment, kept),
        )  # fmt: skip
    [(found, until, _)] = kept
    assert_is_start(found["samples"], whole["samples"], "time")
    assert np.all(found["samples"]["time"].values <= until + 1e-6)


# The command


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """An experiment that no test waits for."""
    text = EXPERIMENT.replace('"6 minute"', '"900 hour"').replace('every    = "1 minute"', 'every    = "1 hour"')
    text = text.replace("schedule    = {", 'schedule    = { longest_leap = "1 minute",').partition("[[predict]]")[0]
    path = tmp_path / "endless.toml"
    path.write_text(text, encoding="utf-8")
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    return path


def children(process: int) -> list[int]:
    """Processes that a process started, and those that these did."""
    try:
        own = [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []
    return [*own, *(other for one in own for other in children(one))]


def is_running(process: int) -> bool:
    """Whether a process is there and not merely waiting to be buried."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    """Whether it came true in time."""
    last = time.monotonic() + seconds
    while time.monotonic() < last:
        if true():
            return True
        time.sleep(0.05)
    return true()


@pytest.fixture
def running(endless: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A run on two processes of which every trial has kept a record, and all processes that it started."""
    folder = endless.parent
    command = [
        sys.executable, "script.py", "run", endless.name, "--out", "run", "--seeds", "1", "--workers", "2",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(Path(msim.__file__).parent.parent)}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    kept = [folder / f".run.partial/{UNFINISHED}/{arm}/seed_1.npz" for arm in ARMS]
    try:
        assert wait_until(lambda: all(one.exists() for one in kept) or process.poll() is not None, 300)
        assert process.poll() is None, process.communicate()[1]
        yield process, children(process.pid)
    finally:
        for one in (*children(process.pid), process.pid):
            if is_running(one):
                os.kill(one, signal.SIGKILL)
        process.communicate()


def workers(started: list[int], wanted: int = 2) -> list[int]:
    """Those that simulate: all that were forked from the process that is kept for it."""
    alike = [one for one in started if b"forkserver" in Path(f"/proc/{one}/cmdline").read_bytes()]
    found = [child for one in alike for child in children(one)]
    assert len(found) == wanted
    return found


def assert_whole_records(folder: Path) -> None:
    """No trial is finished, nor is anything of one in the store; of each a record opens."""
    run = RunFolder(folder / "run")
    left = {path.relative_to(run.store).as_posix() for path in run.store.rglob("*") if path.is_file()}
    assert left == {"zarr.json", "trials/zarr.json", *(f"trials/{arm}/zarr.json" for arm in ARMS)}
    assert not run.final.exists()
    with pytest.raises(StorageError, match="no finished run"):
        msim.open_run(run.final)
    for arm in ARMS:
        found = msim.open_unfinished(run.final, arm, 1)
        assert found.reached >= found.datasets["bursts"]["burst_time"].values[0]
        assert found.datasets["samples"].attrs["unfinished"]


INTERRUPTED, TERMINATED = (signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")


@pytest.mark.parametrize(
    ("number", "status", "word", "to"), [(*INTERRUPTED, "all"), (*TERMINATED, "main"), (*TERMINATED, "all")]
)
def test_a_signal_ends_a_run_within_seconds(
    running: tuple[subprocess.Popen[str], list[int]], endless: Path, number: int, status: int, word: str, to: str
) -> None:
    """Sent to the process alone, or to all of them as a terminal or a scheduler does."""
    process, started = running
    began = time.monotonic()
    (os.kill if to == "main" else os.killpg)(process.pid, number)
    _, errors = process.communicate(timeout=2 * SECONDS)
    assert time.monotonic() - began < SECONDS
    assert process.returncode == status, errors
    assert errors.count("\n") == 1 and f"msim: {word}; finished trials are kept" in errors and UNFINISHED in errors
    assert wait_until(lambda: not any(map(is_running, started)), SECONDS)
    assert_whole_records(endless.parent)
    if number == signal.SIGTERM:
        # On a busy machine a worker may be killed before it has said why; its journal then speaks for it.
        reason = msim.open_unfinished(endless.parent / "run", "ketamine", 1).reason
        assert "the run was stopped" in reason or "its process was killed" in reason


def test_what_workers_are_forked_from_does_not_end_with_a_signal(
    running: tuple[subprocess.Popen[str], list[int]], endless: Path
) -> None:
    """It tells the run how workers ended: without it a run that is stopped would leave before them."""
    process, started = running
    kept = [one for one in started if b"forkserver" in Path(f"/proc/{one}/cmdline").read_bytes() and children(one)]
    assert len(kept) == 1
    os.kill(kept[0], signal.SIGTERM)
    os.kill(kept[0], signal.SIGINT)
    assert not wait_until(lambda: process.poll() is not None or not is_running(kept[0]), 2.0)
    process.terminate()
    _, errors = process.communicate(timeout=2 * SECONDS)
    assert process.returncode == 143 and errors.count("\n") == 1, errors
    assert wait_until(lambda: not any(map(is_running, started)), SECONDS)
    assert_whole_records(endless.parent)


@pytest.mark.parametrize("killed", ["the workers", "all that it started"])
def test_killed_processes_end_a_run_with_a_message(
    running: tuple[subprocess.Popen[str], list[int]], endless: Path, killed: str
) -> None:
    """As where memory runs out: its own status, each trial with where its record is, and no process left."""
    process, started = running
    for one in workers(started) if killed == "the workers" else started:
        os.kill(one, signal.SIGKILL)
    _, errors = process.communicate(timeout=2 * SECONDS)
    assert process.returncode == EXIT_STATUS["killed"], errors
    assert "msim: 2 of 2 trials failed:\n" in errors and errors.count("its process was killed") == 4
    assert all(errors.count(str(Path(UNFINISHED) / arm / "seed_1")) == 2 for arm in ARMS)
    # Python itself complains of its resource tracker where that is killed too.
    assert killed != "the workers" or "Traceback" not in errors
    assert wait_until(lambda: not any(map(is_running, started)), SECONDS)
    assert_whole_records(endless.parent)


def test_a_killed_worker_costs_its_own_trial_alone(endless: Path) -> None:
    """The others are run by another process; the same command then runs what is missing."""
    endless.write_text(EXPERIMENT.partition("[[predict]]")[0], encoding="utf-8")
    command = [sys.executable, "script.py", "run", endless.name, "--out", "run", "--seeds", "1", "--workers", "1"]
    environment = {**os.environ, "PYTHONPATH": str(Path(msim.__file__).parent.parent)}
    process = subprocess.Popen(command, cwd=endless.parent, env=environment, stderr=subprocess.PIPE, text=True)
    begun = endless.parent / f".run.partial/{UNFINISHED}/{ARMS[0]}/seed_1.npz"
    assert wait_until(lambda: begun.exists() or process.poll() is not None, 300)
    os.kill(workers(children(process.pid), 1)[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == EXIT_STATUS["killed"], errors
    assert "1 of 2 trials failed" in errors and f"{ARMS[0]}, seed 1: its process was killed by SIGKILL" in errors
    assert f"{ARMS[1]}, seed 1: done" in errors
    done = finished(command, endless.parent, environment)
    assert done.returncode == 0 and f"{ARMS[1]}, seed 1: stored" in done.stderr, done.stderr


def test_a_second_run_into_a_folder_is_refused_at_once(
    running: tuple[subprocess.Popen[str], list[int]], endless: Path
) -> None:
    """By who owns it, before any process of its own starts a trial; the first one goes on."""
    process, started = running
    records = sorted((endless.parent / ".run.partial").rglob("*"))
    command = [sys.executable, "script.py", "run", endless.name, "--out", "run", "--seeds", "1"]
    environment = {**os.environ, "PYTHONPATH": str(Path(msim.__file__).parent.parent)}
    done = finished(command, endless.parent, environment)
    assert (done.returncode, done.stderr.count("\n")) == (EXIT_STATUS["owner"], 1), done.stderr
    assert f"run: process {process.pid} on" in done.stderr
    assert process.poll() is None and all(map(is_running, workers(started)))
    assert {one for one in records if one.suffix == ".json"} <= set((endless.parent / ".run.partial").rglob("*"))


@pytest.mark.parametrize("room", [20, 250], ids=["as it begins", "as a trial is stored"])
def test_a_run_whose_disk_fills_ends_with_a_message_and_goes_on(room: int, endless: Path) -> None:
    """Status and words of a full disk, no traceback; with room again the same command comes to its end."""
    disk = endless.parent / "disk"
    endless.write_text(EXPERIMENT.partition("[[predict]]")[0], encoding="utf-8")
    command = [sys.executable, "script.py", "run", endless.name, "--out", str(disk / "run"), "--seeds", "1",
               "--arms", "vehicle"]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(Path(msim.__file__).parent.parent)}
    with small_disk(disk, "4m"):
        (disk / "filling").write_bytes(bytes((4096 - room) * 1024))
        full = finished(command, endless.parent, environment)
        assert full.returncode == EXIT_STATUS["disk"], full.stderr
        assert "the disk is full" in full.stderr and "Traceback" not in full.stderr
        (disk / "filling").unlink()
        done = finished(command, endless.parent, environment)
        assert done.returncode == 0, done.stderr


def finished(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A command in a folder, to its end."""
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def test_workers_end_when_their_run_is_killed(
    running: tuple[subprocess.Popen[str], list[int]], endless: Path
) -> None:
    """Nobody is left to take their results; what they recorded is kept."""
    process, started = running
    process.kill()
    process.wait()
    assert wait_until(lambda: not any(map(is_running, started)), SECONDS)
    assert_whole_records(endless.parent)
