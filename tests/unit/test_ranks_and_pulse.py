"""Ranks from the command line, and news from inside a burst."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from msim.backends import mpi as exchange
from msim.backends.context import Context
from msim.backends.mpi import SERIAL, RankGroup
from msim.backends.progress import BurstProgress, burst_progress
from msim.base.errors import InputError
from msim.base.made import make_own
from msim.base.settings import with_settings
from msim.cli import app
from msim.cli.ranks import CROWD, shared_out


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*exchange.LAUNCHED, "SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "COBALT_JOBID", "MSIM_MPIEXEC"):
        monkeypatch.delenv(name, raising=False)


def test_one_rank_needs_no_mpi() -> None:
    for wanted in (0, 1):
        with shared_out(wanted, lambda: pytest.fail("nothing to check")) as ranks:
            assert ranks is SERIAL


def test_a_crowd_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msim.cli.ranks.core_count", lambda: 2)
    monkeypatch.setattr("msim.cli.ranks._start", lambda wanted: pytest.fail("started"))
    with pytest.raises(InputError, match=rf"2 cores; wants at most {2 * CROWD} ranks, got {2 * CROWD + 1}"):
        with shared_out(2 * CROWD + 1, lambda: None):
            pass


def test_a_batch_system_may_start_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    monkeypatch.setattr("msim.cli.ranks.core_count", lambda: 2)
    monkeypatch.setattr("msim.cli.ranks._start", started.append)
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    with shared_out(100, lambda: None):
        assert started == [100]


def test_no_mpiexec_is_one_clear_word(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MSIM_MPIEXEC", str(tmp_path / "nothing"))
    with pytest.raises(InputError, match="no nothing found.*pip install mpich"):
        with shared_out(2, lambda: None):
            pass


def test_only_target_cpp_knows_ranks_and_precision() -> None:
    with pytest.raises(InputError, match="one rank"):
        Context("runtime", ranks=RankGroup(0, 2))
    with pytest.raises(InputError, match="precision"):
        Context("numpy", precision="single")
    with pytest.raises(InputError, match="unknown partition 'cells'.*'cell'"):
        Context(partition="cells")
    assert Context().about == "cpp" and Context(precision="single").about == "cpp in single precision"


def test_pulses_come_while_the_body_runs_and_not_after() -> None:
    told: list[BurstProgress] = []
    began = time.monotonic()
    with with_settings(progress_every=0.01), burst_progress(
        lambda: 2 * (time.monotonic() - began), 10.0, told.append
    ):
        while len(told) < 3 and time.monotonic() < began + 30:
            time.sleep(0.005)
    count = len(told)
    time.sleep(0.05)
    assert len(told) == count >= 3
    assert all(one.done < two.done for one, two in zip(told, told[1:], strict=False))
    last = told[-1]
    assert last.left == pytest.approx((10.0 - last.done) / last.speed)


def test_what_telling_raises_is_raised_after_the_body(capsys: pytest.CaptureFixture[str]) -> None:
    """In the caller's thread, once, and nothing is printed by the thread that told."""
    told: list[BurstProgress] = []

    def tell(now: BurstProgress) -> None:
        told.append(now)
        raise KeyboardInterrupt("nobody is left")

    began = time.monotonic()
    raises = pytest.raises(KeyboardInterrupt, match="nobody is left")
    with raises, with_settings(progress_every=0.01), burst_progress(lambda: 1.0, 10.0, tell):
        while not told and time.monotonic() < began + 30:
            time.sleep(0.005)
        time.sleep(0.05)
    assert len(told) == 1
    assert capsys.readouterr().err == ""


def test_what_the_body_raises_comes_first() -> None:

    def tell(now: BurstProgress) -> None:
        raise KeyboardInterrupt

    raises = pytest.raises(ZeroDivisionError)
    with raises, with_settings(progress_every=0.01), burst_progress(lambda: 1.0, 10.0, tell):
        time.sleep(0.1)
        raise ZeroDivisionError


def test_nobody_listens_no_thread() -> None:
    with burst_progress(lambda: pytest.fail("asked"), 1.0, None):
        pass


def test_the_cache_is_listed_and_cleared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MSIM_CACHE", str(tmp_path))
    folder = make_own(tmp_path / ("0123456789abcdef" * 2))
    about = {"network": "pv", "made": 0.0, "generated_s": 1.0, "compiled_s": 2.0}
    for name, text in (("model.so", "x" * 1000), ("layout.json", "{}"), ("about.json", json.dumps(about))):
        (folder / name).write_text(text, encoding="utf-8")
    (tmp_path / ".growing").mkdir()
    listed = CliRunner().invoke(app, ["cache", "--json"])
    (row,) = json.loads(listed.stdout)["libraries"]
    assert row["populations"] == "pv" and row["took"] == "3.0 s"
    cleared = json.loads(CliRunner().invoke(app, ["cache", "--clear", "--json"]).stdout)
    assert cleared["removed"] == 1 and cleared["bytes"] > 1000
    assert not folder.exists()
