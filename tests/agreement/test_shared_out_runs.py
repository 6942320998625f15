"""A run shared out over ranks, killed and taken up again on other ranks: the same to the last bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from other_checkout import PACKAGE, other_checkout

import msim
from msim.base.endings import EXIT_STATUS
from msim.storage.run_store import UNFINISHED
from tests.agreement.test_run_end_to_end import EXPERIMENT

MPIEXEC = Path(sys.executable).with_name("mpiexec")
pytestmark = pytest.mark.skipif(not MPIEXEC.exists(), reason="no mpiexec beside this Python")
SECONDS = 30.0  # in which a run has to end, however busy the machine is; a free one takes one or two
TREATED = """treatment = [
  { name = "GABA_A_modulator", from = "-90 second", until = "2 minute" },
  { name = "eEF2K_inhibitor", from = "-30 second" },
]"""
ONE = ("--arms", "ketamine", "--seeds", "1")


def msim_run(folder: Path, out: str, ranks: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the experiment as a user does."""
    command = [sys.executable, "-m", "msim", "run", "block.toml", "--out", out, "--ranks", str(ranks), *ONE]
    return finished([*command, *arguments], folder)


def finished(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder to its end."""
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=300)


def environment(**more: str) -> dict[str, str]:
    """The environment of a run from another folder."""
    return {**os.environ, "PYTHONPATH": str(Path(msim.__file__).parent.parent), **more}


def hash_of(folder: Path, out: str) -> str:
    """What `msim hash` says of a run."""
    done = finished([sys.executable, "-m", "msim", "hash", out], folder)
    return done.stdout.split()[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the experiment, values of both scales changed in time, and what one rank makes of it."""
    path = tmp_path_factory.mktemp("ranks")
    dosed = EXPERIMENT.partition("[[predict]]")[0]
    (path / "block.toml").write_text(dosed.replace("doses =", f"{TREATED}\ndoses =", 1), encoding="utf-8")
    done = msim_run(path, "alone", 0)
    assert done.returncode == 0, done.stderr
    return path


@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_change_no_bit(folder: Path, ranks: int) -> None:
    done = msim_run(folder, f"on_{ranks}", ranks)
    assert done.returncode == 0, done.stderr
    assert hash_of(folder, f"on_{ranks}") == hash_of(folder, "alone")


def test_mpiexec_from_outside_does_the_same(folder: Path) -> None:
    command = [str(MPIEXEC), "-n", "2", sys.executable, "-m", "msim", "run", "block.toml", "--out", "outside", *ONE]
    done = finished(command, folder)
    assert done.returncode == 0, done.stderr
    assert hash_of(folder, "outside") == hash_of(folder, "alone")


def test_ranks_started_in_another_checkout_run_the_command_s_code(folder: Path, tmp_path: Path) -> None:
    """The working folder holds another msim and modules of Python's names; ranks look into it last."""
    other = other_checkout(tmp_path)
    for name in ("random.py", "queue.py", "signal.py"):
        (other / name).write_text("raise SystemExit('a module of the working folder')\n", encoding="utf-8")
    # As the installed command is one, which lies elsewhere.
    script = folder / "msim_command.py"
    script.write_text("from msim.__main__ import main\nmain()\n", encoding="utf-8")
    command = [sys.executable, str(script), "run", str(folder / "block.toml"), "--out", str(folder / "inside")]
    done = finished([*command, "--ranks", "2", *ONE], other)
    assert done.returncode == 0, done.stderr
    assert hash_of(folder, "inside") == hash_of(folder, "alone")


def test_a_rank_of_other_code_is_refused(folder: Path, tmp_path: Path) -> None:
    """One message that names both places, and no folder."""
    other = other_checkout(tmp_path)
    words = [sys.executable, "-m", "msim", "run", "block.toml", "--out", "mixed", *ONE]
    named = ["env", f"PYTHONPATH={other}", *words]
    done = finished([str(MPIEXEC), "-n", "1", *words, ":", "-n", "1", *named], folder)
    assert done.returncode == EXIT_STATUS["start"], done.stderr
    assert done.stderr.count("msim: rank 1 runs other code") == 1, done.stderr
    assert str(other) in done.stderr and str(PACKAGE) in done.stderr
    assert not list(folder.glob("*mixed*"))


class Started:
    """A run on two ranks that is going on, with a checkpoint and a journal on disk."""

    def __init__(self, folder: Path, out: str) -> None:
        command = [str(MPIEXEC), "-n", "2", sys.executable, "-m", "msim", "run", "block.toml", "--out", out, *ONE]
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment(MSIM_CHECKPOINT_EVERY="0"), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        partial = folder / f".{out}.partial"
        until = time.monotonic() + 200
        while not list(partial.glob("work/*/checkpoints/[0-9]*")) or not list(partial.glob(f"{UNFINISHED}/*/*.npz")):
            assert self.process.poll() is None and time.monotonic() < until, self.process.communicate()
            time.sleep(0.02)

    def ranks(self) -> list[int]:
        """Process numbers of the ranks, by rank."""
        tree = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
        pairs = [tuple(map(int, line.split())) for line in tree.splitlines()[1:]]
        below = {self.process.pid}
        found = []
        for _ in range(3):
            new = {pid for pid, parent in pairs if parent in below} - below
            found += sorted(new)
            below |= new
        return [pid for pid in found if b"msim" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]

    def ends(self) -> tuple[int, str]:
        """Status and output, once it has ended, in time."""
        began = time.monotonic()
        output, _ = self.process.communicate(timeout=60)
        assert time.monotonic() - began < SECONDS
        return self.process.returncode, output


def test_a_dead_rank_ends_all_and_another_number_of_ranks_takes_the_trial_up(folder: Path) -> None:
    started = Started(folder, "killed")
    os.kill(started.ranks()[-1], signal.SIGKILL)
    status, _ = started.ends()
    assert status != 0
    assert not (folder / "killed").exists()
    left = msim.open_unfinished(folder / "killed", "ketamine", 1)
    assert left.reached > -120 and left.datasets["bursts"].sizes["burst"] > 1
    done = msim_run(folder, "killed", 3)
    assert done.returncode == 0, done.stderr
    assert hash_of(folder, "killed") == hash_of(folder, "alone")


@pytest.mark.parametrize("rank", [0, 1])
def test_a_signal_to_one_rank_ends_all(folder: Path, rank: int) -> None:
    started = Started(folder, f"told_{rank}")
    os.kill(started.ranks()[rank], signal.SIGTERM)
    status, output = started.ends()
    assert status == 128 + signal.SIGTERM, output
    assert msim.open_unfinished(folder / f"told_{rank}", "ketamine", 1).reached > -120


def test_input_is_refused_before_ranks_start(folder: Path) -> None:
    for arguments, wanted in (
        (("--set", "column.n_cells=-3"), "column.n_cells"),
        (("--partition", "region"), "at most as many ranks as regions (1), got 2"),
        (("--target", "numpy"), "one rank"),
    ):
        done = msim_run(folder, "refused", 2, *arguments)
        assert done.returncode == 2 and wanted in done.stderr and done.stderr.count("msim:") == 1, done.stderr
    assert not list(folder.glob("*refused*"))
