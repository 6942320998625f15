"""Executors of clusters give what processes of one machine give, hash by hash, and lose nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from other_checkout import other_checkout
from slurm_cluster import slurm_cluster
from small_sweep import (  # fmt: skip
    DOSES,
    begun,
    evidence_here,
    evidence_of,
    recorded,
    run_command,
    run_hash,
    run_hash_here,
    write_experiment,
)
from test_stopped_runs import children, wait_until

import msim
from msim.base.endings import EXIT_STATUS
from msim.executors.executor import sent
from msim.executors.kinds.local import LocalExecutor
from msim.executors.kinds.slurm import Task
from msim.storage.trial_store import TrialStore
from msim.sweep.plan_files import latest_plan, read_plan
from msim.sweep.run import result_of, run_sweep
from msim.sweep.status import status

ROOT = str(Path(msim.__file__).parent.parent)
DONE = {"asked": 4, "done": 4, "failed": 0, "pending": 0}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the trials record on this machine, by key."""
    sweep = begun(tmp_path_factory.mktemp("local"))
    assert not run_sweep(sweep, LocalExecutor(1)).failures
    return recorded(sweep.store)


def sweep_command(folder: Path, *options: str) -> list[str]:
    file = write_experiment(folder)
    out = str(folder / "sweep")
    return [sys.executable, "-m", "msim", "sweep", str(file), "--over", DOSES, "--out", out, "--json", *options]


@pytest.fixture(scope="module")
def cluster() -> Iterator[dict[str, str]]:
    """Slurm, with its sockets in a path that is short enough for them."""
    folder = Path(tempfile.mkdtemp(prefix="msim-slurm-"))
    try:
        with slurm_cluster(folder) as environment:
            yield {**environment, "PYTHONPATH": ROOT, "OMP_NUM_THREADS": "1"}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_sweep_on_slurm_gives_the_same_bits(
    cluster: dict[str, str], tmp_path: Path, local: dict[str, str]
) -> None:
    command = sweep_command(tmp_path, "--executor", "slurm", "--slurm", "partition=debug", "--slurm", "trials=2")
    done = subprocess.run(command, env=cluster, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == DONE
    assert recorded(TrialStore(tmp_path / "sweep")) == local


def test_a_run_and_evidence_on_slurm_are_those_of_this_machine(cluster: dict[str, str], tmp_path: Path) -> None:
    # First, so that no job has to compile: a compiler wants more memory than a job gets.
    here, evidence = run_hash_here(), evidence_here()
    command = run_command(tmp_path, "--executor", "slurm", "--slurm", "trials=2")
    done = subprocess.run(command, env=cluster, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    assert run_hash(tmp_path) == here
    assert evidence and evidence_of(tmp_path, cluster, "--executor", "slurm") == evidence


def test_a_run_on_ranks_that_take_a_trial_each_is_that_of_this_machine(tmp_path: Path) -> None:
    done = subprocess.run([*on_ranks(), *run_command(tmp_path, "--executor", "mpi")], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": ROOT, "OMP_NUM_THREADS": "1"}, timeout=500)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert run_hash(tmp_path) == run_hash_here()


def test_a_job_killed_for_memory_is_a_failure_and_no_wait(cluster: dict[str, str], tmp_path: Path) -> None:
    """Nobody keeps accounts here, so that nobody but the controller knows how it ended."""
    command = sweep_command(tmp_path, "--executor", "slurm", "--slurm", "memory=40MB", "--slurm", "trials=4")
    done = subprocess.run(command, env=cluster, capture_output=True, text=True, timeout=500)
    assert done.returncode == 5, (done.stdout, done.stderr)
    assert "its Slurm job" in done.stderr and "ended before it" in done.stderr
    store = TrialStore(tmp_path / "sweep")
    now = status(store, read_plan(latest_plan(store.root)))
    assert (now.asked, now.done, now.failed, now.pending) == (4, 0, 4, 0)


def slurm(cluster: dict[str, str], *command: str) -> str:
    """What a command of Slurm prints."""
    return subprocess.run(command, env=cluster, capture_output=True, text=True, timeout=60).stdout


def test_a_task_that_runs_out_of_time_goes_on(
    cluster: dict[str, str], tmp_path: Path, local: dict[str, str]
) -> None:
    """Warned as Slurm warns before the limit: its trials keep where they are, and it is queued again."""
    options = ["--executor", "slurm", "--slurm", "trials=4", "--checkpoint-every", "1 hour"]
    process = subprocess.Popen(
        sweep_command(tmp_path, *options), env=cluster, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )

    assert wait_until(lambda: any(tmp_path.glob("sweep/claims/*")) or process.poll() is not None, 120)
    job = slurm(cluster, "squeue", "-h", "-r", "-t", "running", "-o", "%i").strip()
    limit = slurm(cluster, "scontrol", "show", "job", job)
    assert job and "TimeLimit=01:00:00" in limit
    slurm(cluster, "scancel", "--batch", "--signal=USR2", job)
    # A job that is queued again would wait for two minutes.
    assert wait_until(lambda: "Restarts=1" in slurm(cluster, "scontrol", "show", "job", job), 60)
    assert any(tmp_path.glob("sweep/work/*/checkpoints/[0-9]*/MANIFEST.json"))
    assert wait_until(lambda: slurm(cluster, "squeue", "-h", "-r", "-o", "%T", "-j", job).strip() == "PENDING", 60)
    slurm(cluster, "scontrol", "update", f"JobId={job}", "StartTime=now")
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert json.loads(output) == DONE
    assert recorded(TrialStore(tmp_path / "sweep")) == local


def test_a_task_that_may_not_go_on_is_a_failure_that_says_so(cluster: dict[str, str], tmp_path: Path) -> None:
    options = ["--executor", "slurm", "--slurm", "trials=4", "--slurm", "requeues=0"]
    process = subprocess.Popen(
        sweep_command(tmp_path, *options), env=cluster, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert wait_until(lambda: any(tmp_path.glob("sweep/claims/*")) or process.poll() is not None, 120)
    job = slurm(cluster, "squeue", "-h", "-r", "-t", "running", "-o", "%i").strip()
    slurm(cluster, "scancel", "--batch", "--signal=USR2", job)
    output, errors = process.communicate(timeout=300)
    assert process.returncode == EXIT_STATUS["limit"] and "ran out of time, and it was queued again 0 times" in errors
    found = json.loads(output)
    assert found["failed"] > 0 and found["done"] + found["failed"] == found["asked"]


def test_slurm_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": ROOT, "PATH": str(tmp_path)}
    command = sweep_command(tmp_path, "--executor", "slurm")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 2 and "no sbatch found" in done.stderr


HOW = pytest.mark.parametrize("how", ["a trial a rank", "trials shared out"])


def on_ranks() -> list[str]:
    """What starts two ranks of the command that follows."""
    launcher = Path(sys.executable).with_name("mpiexec")
    if not launcher.exists():
        pytest.skip("no mpiexec beside Python: pip install mpich")
    return [str(launcher), "-n", "2"]


def sweep_on_ranks(folder: Path, how: str, *options: str) -> subprocess.Popen[str]:
    executor = ["--executor", "mpi"] if how == "a trial a rank" else []
    environment = {**os.environ, "PYTHONPATH": ROOT, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*on_ranks(), *sweep_command(folder, *executor, *options)], env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def assert_same_bits(process: subprocess.Popen[str], folder: Path, local: dict[str, str]) -> None:
    output, errors = process.communicate(timeout=500)
    assert process.returncode == 0, errors
    assert json.loads(output) == DONE
    assert recorded(TrialStore(folder / "sweep")) == local


@HOW
def test_a_sweep_on_mpi_gives_the_same_bits(tmp_path: Path, how: str, local: dict[str, str]) -> None:
    assert_same_bits(sweep_on_ranks(tmp_path, how), tmp_path, local)


@HOW
def test_ranks_hold_trials_to_their_limit(tmp_path: Path, how: str, local: dict[str, str]) -> None:
    """What took too long is a failure that says so, and is taken up where it was."""
    process = sweep_on_ranks(tmp_path, how, "--limit", "0.01 second")
    _, errors = process.communicate(timeout=500)
    assert process.returncode == EXIT_STATUS["limit"] and "longer than its limit of" in errors, errors
    assert any(tmp_path.glob("sweep/work/*/checkpoints/[0-9]*/MANIFEST.json"))
    assert_same_bits(sweep_on_ranks(tmp_path, how), tmp_path, local)


@HOW
def test_a_killed_rank_costs_no_finished_trial(tmp_path: Path, how: str, local: dict[str, str]) -> None:
    """The second of two ranks is killed amid a trial: all end, and the same command comes to the same bits."""
    process = sweep_on_ranks(tmp_path, how, "--checkpoint-every", "0 second")
    assert wait_until(lambda: any(tmp_path.glob("sweep/work/*/checkpoints/[0-9]*")) or process.poll() is not None, 200)
    ranks = [
        one for one in descendants(process.pid) if "msim" in command_of(one) and "PMI_RANK=1" in environment_of(one)
    ]
    os.kill(min(ranks), signal.SIGKILL)
    process.communicate(timeout=100)
    assert process.returncode not in (0, 2, 3)
    store = TrialStore(tmp_path / "sweep")
    now = status(store, read_plan(latest_plan(store.root)))
    assert now.done + now.failed + now.pending == now.asked == 4 and now.failed == 0 < now.pending
    assert_same_bits(sweep_on_ranks(tmp_path, how), tmp_path, local)


def test_a_rank_of_other_code_is_refused_before_any_trial(tmp_path: Path) -> None:
    """One message that names both places; nothing is run."""
    other = other_checkout(tmp_path / "other")
    launcher, *_ = on_ranks()
    words = sweep_command(tmp_path, "--executor", "mpi")
    named = ["env", f"PYTHONPATH={other}", "PYTHONSAFEPATH=1", *words]
    done = subprocess.run([launcher, "-n", "1", *words, ":", "-n", "1", *named], env={**os.environ, "PYTHONPATH": ROOT},
                          capture_output=True, text=True, timeout=200)  # fmt: skip
    assert done.returncode == EXIT_STATUS["start"] and done.stderr.count("runs other code") == 1, done.stderr
    assert str(other) in done.stderr and ROOT in done.stderr
    assert not (tmp_path / "sweep").exists()


def test_a_slurm_task_of_other_code_runs_no_trial(tmp_path: Path) -> None:
    """What is submitted names its code; where it comes to itself as another one, its trials say so."""
    sweep = begun(tmp_path)
    parcel = sent(sweep.work)
    other = replace(parcel.code, folder="/login/node/msim", digest="0" * 64)
    Task(replace(parcel, code=other), 1, 0)([one.key for one in sweep.plan.trials])
    result = result_of(sweep)
    assert result.status.failed == result.status.asked and result.kinds == {"start"}
    assert all("/login/node/msim" in one and ROOT in one for one in result.failures.values())


def descendants(process: int) -> list[int]:
    own = children(process)
    return own + [one for child in own for one in descendants(child)]


def command_of(process: int) -> str:
    return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")


def environment_of(process: int) -> list[str]:
    return Path(f"/proc/{process}/environ").read_text().split("\0")


def test_mpi_without_ranks_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(sweep_command(tmp_path, "--executor", "mpi"), env={**os.environ, "PYTHONPATH": ROOT},
                          capture_output=True, text=True, timeout=100)  # fmt: skip
    assert done.returncode == 2 and "mpiexec -n N" in done.stderr
