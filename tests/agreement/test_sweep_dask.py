"""Sweeps on a Dask cluster of two worker processes give what this machine gives, whatever happens to the workers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from other_checkout import other_checkout
from small_sweep import begun, evidence_here, evidence_of, recorded, run_command, run_hash, run_hash_here
from test_stopped_runs import is_running, wait_until
from test_sweep_clusters import DONE, ROOT, sweep_command

from msim.base.endings import EXIT_STATUS
from msim.base.errors import InputError
from msim.base.file_lease import owner
from msim.executors import registry
from msim.executors.kinds.local import LocalExecutor
from msim.storage.trial_store import TrialStore, read_failure_record
from msim.sweep.plan_files import latest_plan, read_plan
from msim.sweep.run import run_sweep
from msim.sweep.status import status

distributed = pytest.importorskip("distributed", reason="wants the extra 'dask'")


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the trials record on this machine, by key."""
    sweep = begun(tmp_path_factory.mktemp("local"))
    assert not run_sweep(sweep, LocalExecutor(1)).failures
    return recorded(sweep.store)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers of one thread each, which are processes; their nannies start them anew where they are killed."""
    options = {"n_workers": 2, "processes": True, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as found:
        yield found


def worker_of(cluster: Any, folder: Path) -> int | None:
    """The process of a Dask worker that runs a trial with a checkpoint, None where there is none yet."""
    workers = [one.pid for one in cluster.workers.values() if one.pid]
    for checkpoint in folder.glob("work/*/checkpoints/[0-9]*/MANIFEST.json"):
        token = owner(TrialStore(folder).claim(checkpoint.parents[2].name))
        for one in ancestors(int(token.rsplit("-", 2)[1])) if token else ():
            if one in workers:
                return one
    return None


def ancestors(process: int) -> Iterator[int]:
    """Processes that a process descends from, whichever of their threads started them."""
    while process > 1:
        try:
            process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return
        yield process


def started(cluster: Any, folder: Path) -> subprocess.Popen[str]:
    """The command, which keeps a checkpoint after every leap."""
    words = ("--executor", "dask", "--scheduler", cluster.scheduler_address, "--checkpoint-every", "0 second")
    return subprocess.Popen(sweep_command(folder, *words), env={**os.environ, "PYTHONPATH": ROOT},
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip


def assert_same_bits(process: subprocess.Popen[str], folder: Path, local: dict[str, str]) -> None:
    output, errors = process.communicate(timeout=500)
    assert process.returncode == 0, errors
    assert json.loads(output) == DONE
    assert recorded(TrialStore(folder / "sweep")) == local


def test_a_killed_worker_costs_nothing(cluster: Any, tmp_path: Path, local: dict[str, str]) -> None:
    """Its trial goes on beside another worker, from its checkpoint, and all come to the bits of this machine."""
    process, found = started(cluster, tmp_path), None

    def at_work() -> bool:
        nonlocal found
        found = worker_of(cluster, tmp_path / "sweep")
        return found is not None or process.poll() is not None

    assert wait_until(at_work, 300) and found is not None, process.communicate()
    os.kill(found, signal.SIGKILL)
    assert_same_bits(process, tmp_path, local)
    assert not any((tmp_path / "sweep/claims").iterdir()) and not any((tmp_path / "sweep/failed").iterdir())


def test_a_stop_leaves_checkpoints_and_the_command_goes_on(
    cluster: Any, tmp_path: Path, local: dict[str, str]
) -> None:
    """Nothing runs any more when the command has ended, and nothing has failed."""
    process, folder = started(cluster, tmp_path), tmp_path / "sweep"
    assert wait_until(lambda: worker_of(cluster, folder) is not None or process.poll() is not None, 300)
    processes = [int(owner(one).rsplit("-", 2)[1]) for one in (folder / "claims").iterdir() if owner(one)]
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 143 and "the same command goes on" in errors, errors
    assert processes and wait_until(lambda: not any(map(is_running, processes)), 15)
    now = status(TrialStore(folder), read_plan(latest_plan(folder)))
    assert now.failed == now.running == 0 < now.pending
    assert any(folder.glob("work/*/checkpoints/[0-9]*/MANIFEST.json"))
    assert_same_bits(started(cluster, tmp_path), tmp_path, local)


def test_a_killed_process_costs_a_run_its_own_trial_alone(cluster: Any, tmp_path: Path) -> None:
    """The other trial is stored; the same command takes the killed one up, and all is as this machine has it."""
    environment = {**os.environ, "PYTHONPATH": ROOT, "MSIM_CHECKPOINT_EVERY": "0"}
    command = run_command(tmp_path, "--executor", "dask", "--scheduler", cluster.scheduler_address)
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    store, killed = TrialStore(tmp_path / ".run.partial"), ""

    def at_work() -> bool:
        nonlocal killed
        saved = [one.parents[2].name for one in store.root.glob("work/*/checkpoints/[0-9]*/MANIFEST.json")]
        killed = next((key for key in saved if owner(store.claim(key))), "")
        return bool(killed) or process.poll() is not None

    assert wait_until(at_work, 300) and killed, process.communicate()
    os.kill(int(owner(store.claim(killed)).rsplit("-", 2)[1]), signal.SIGKILL)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == EXIT_STATUS["killed"] and "1 of 2 trials failed" in errors, errors
    assert read_failure_record(store, killed)["kind"] == "killed" and "seed 1: done" in errors
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stderr.count("seed 1: stored") == 1, done.stderr
    assert run_hash(tmp_path) == run_hash_here()


def test_evidence_is_that_of_this_machine(cluster: Any, tmp_path: Path) -> None:
    words = ("--executor", "dask", "--scheduler", cluster.scheduler_address)
    on_dask = evidence_of(tmp_path, {**os.environ, "PYTHONPATH": ROOT}, *words)
    assert on_dask and on_dask == evidence_here()


def refused(folder: Path, *words: str, path: str = ROOT) -> tuple[int, str]:
    """Status and message of a command that leaves nothing behind."""
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
    done = subprocess.run(sweep_command(folder, *words), env=environment, capture_output=True, text=True, timeout=200)
    assert not (folder / "sweep").exists() and done.stderr.count("\n") == 1, done.stderr
    return done.returncode, done.stderr


def test_workers_of_other_code_are_refused_before_any_trial(cluster: Any, tmp_path: Path) -> None:
    other = other_checkout(tmp_path / "other")
    words = ("--executor", "dask", "--scheduler", cluster.scheduler_address)
    code, message = refused(tmp_path, *words, path=str(other))
    assert code == EXIT_STATUS["start"] and "the Dask worker at" in message and "runs other code" in message
    assert str(other) in message and ROOT in message


@pytest.mark.parametrize(("words", "said"), [
    (("--executor", "dask"), "wants --scheduler ADDRESS"),
    (("--executor", "dask", "--scheduler", "tcp://127.0.0.1:1"), "no Dask scheduler answers at 'tcp://127.0.0.1:1'"),
    (("--executor", "dask", "--scheduler", "nowhere://x"), "no Dask scheduler answers at 'nowhere://x'"),
    (("--scheduler", "tcp://127.0.0.1:1"), "--scheduler: has no effect here, as --executor local does not take it"),
    (("--executor", "dusk"), "unknown executor 'dusk'; nearest known: 'dask'"),
])  # fmt: skip
def test_what_cannot_be_reached_is_refused(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    code, message = refused(tmp_path, *words)
    assert code == 2 and said in message


@pytest.mark.parametrize(("name", "package", "extra"), [
    ("dask", "distributed", "msim[dask]"), ("slurm", "submitit", "msim[slurm]"),
])  # fmt: skip
def test_a_package_that_is_not_installed_is_named(
    name: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=f"--executor {name} wants {package}: pip install '") as told:
        registry.executor_kind(name)
    assert extra in str(told.value)
    assert registry.executor_kind("local").package == ""
