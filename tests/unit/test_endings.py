"""How work ends other than well: each way has a kind of its own, with an exit status, wherever a trial was run."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_run import about

import msim
from msim.backends.context import Context
from msim.backends.cpp.build import compiler
from msim.backends.mpi import SERIAL
from msim.backends.registry import require_target
from msim.base.endings import EXIT_STATUS, Failure, exit_status_of, failure_of, kind_of
from msim.base.errors import DiskFullError, InputError, OwnerError, SimulationError, StartError
from msim.base.file_lease import take
from msim.base.made import MARK
from msim.evidence import trials as evidence_trials
from msim.evidence.trials import Job
from msim.executors.executor import ProgressEvent, Stop
from msim.executors.kinds.local import LocalExecutor
from msim.storage.owner import owned
from msim.storage.run_store import RunFolder, start_run
from msim.storage.trial_store import TrialStore, prepare, prepare_own, read_failure_record
from msim.trials import claimed, run
from msim.trials.kept_values import kept_work


def chained(problem: Exception) -> Exception:
    """As a library passes an error on."""
    outer = RuntimeError("could not write the chunk")
    outer.__cause__ = problem
    return outer


FULL = OSError(errno.ENOSPC, "No space left on device")
NOTHING: Any = SimpleNamespace()  # where an experiment is not looked at
ENDINGS = [
    (SimulationError("ran away"), "raised", ""),
    (TypeError("a slip"), "raised", ""),
    (InputError("outside"), "refused", ""),
    (MemoryError(), "memory", "out of memory: "),
    (OSError(errno.ENOMEM, "Cannot allocate memory"), "memory", "out of memory: "),
    (FULL, "disk", "the disk is full: "),
    (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk", "the disk is full: "),
    (chained(MemoryError()), "memory", "out of memory: "),
    (chained(FULL), "disk", "the disk is full: "),
]


def raising(problem: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise problem

    return fail


def of_a_run(problem: Exception, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Failure:
    """The failure of a trial of `msim run`, in its worker."""
    monkeypatch.setattr(run, "experiment_from_provenance", raising(problem))
    begun = start_run(folder / "run", about())
    work = claimed.ClaimedWork(prepare_own(begun.partial), run.RunTrials(begun, about(), Context()))
    return kept(work, "vehicle 1")


def kept(work: claimed.ClaimedWork, key: str) -> Failure:
    """The failure of a trial, which is on record too, and of which no claim is left."""
    found = failure(work.run(key, lambda news: None, Stop(), SERIAL))
    record = read_failure_record(work.store, key)
    assert (record["kind"], record["reason"]) == (found.kind, found.reason)
    assert not any(one for one in (work.store.root / "claims").iterdir() if one.name != MARK)
    return found


def failure(news: ProgressEvent) -> Failure:
    """What the last event of a trial says."""
    assert news.state == "failed"
    return Failure(news.kind, news.message)


def of_evidence(problem: Exception, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Failure:
    """The failure of a trial of `msim evidence`, in its worker."""
    monkeypatch.setattr(evidence_trials, "trial_values", raising(problem))
    job = Job("0" * 32, SimpleNamespace(), "model", {}, {}, 1, Context(), ())  # type: ignore[arg-type]
    return kept(kept_work({job.key: job}, "cpp", folder), job.key)


def of_a_sweep(problem: Exception, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Failure:
    """The failure of a trial of `msim sweep`, as its record has it."""
    store = prepare(folder / "sweep")
    news = claimed.failed(store, "0" * 32, problem)
    record = read_failure_record(TrialStore(store.root), "0" * 32)
    assert record["reason"] == news.message and news.kind == record["kind"] == kind_of(problem)
    return Failure(record["kind"], record["reason"])


@pytest.mark.parametrize("where", [of_a_run, of_evidence, of_a_sweep])
@pytest.mark.parametrize(("problem", "kind", "word"), ENDINGS, ids=lambda one: repr(one)[:40])
def test_an_ending_is_of_the_same_kind_wherever_it_happens(
    where: Callable[..., Failure], problem: Exception, kind: str, word: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    found = where(problem, tmp_path, monkeypatch)
    assert found.kind == kind and found.reason.startswith(f"{word}{type(problem).__name__}")
    assert str(problem) in found.reason


def test_kinds_have_statuses_of_their_own() -> None:
    """No two alike, none that Python or a shell gives by itself; several kinds are failed trials."""
    own = list(EXIT_STATUS.values())
    assert len(set(own)) == len(own) and all(2 <= one < 120 for one in own)
    assert all(exit_status_of([kind, kind]) == status for kind, status in EXIT_STATUS.items())
    assert exit_status_of(["killed", "raised"]) == exit_status_of(["unknown"]) == SimulationError.exit_status
    errors = {"refused": InputError, "raised": SimulationError, "start": StartError, "disk": DiskFullError,
              "owner": OwnerError}  # fmt: skip
    assert {kind: one.exit_status for kind, one in errors.items()} == {kind: EXIT_STATUS[kind] for kind in errors}


def test_the_page_has_every_status() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/ERRORS.md").read_text(encoding="utf-8")
    table = page.partition("## Exit statuses")[2].partition("\n## ")[0]
    listed = [int(line.split("|")[1]) for line in table.splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert listed == sorted({0, 1, *EXIT_STATUS.values(), 130, 143})


def test_a_trial_whose_traceback_cannot_be_kept_still_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk is full there is no room for that either."""
    monkeypatch.setattr(claimed, "write_failure_record", raising(FULL))
    monkeypatch.setattr(run, "experiment_from_provenance", raising(FULL))
    begun = start_run(tmp_path / "run", about())
    work = claimed.ClaimedWork(prepare_own(begun.partial), run.RunTrials(begun, about(), Context()))
    assert failure(work.run("vehicle 1", lambda news: None, Stop(), SERIAL)) == failure_of(FULL)


def test_evidence_of_trials_that_were_killed_is_none() -> None:
    """Nor of those without memory or disk: they say nothing about the model, and no row is judged by them."""
    with pytest.raises(SimulationError, match="killed, perhaps for want of memory; finished ones are kept") as ended:
        evidence_trials._validate_answered(
            {0: Failure("killed", "its process was killed, perhaps for want of memory")}  # type: ignore[dict-item]
        )
    assert ended.value.exit_status == EXIT_STATUS["killed"]
    evidence_trials._validate_answered({0: Failure("raised", "SimulationError: ran away")})  # type: ignore[dict-item]


# One process a folder


def test_a_second_run_into_a_folder_is_refused_with_who_owns_it(tmp_path: Path) -> None:
    with owned(tmp_path / "run"):
        with pytest.raises(OwnerError, match=f"run: process {os.getpid()} on .* since .* runs into it"):
            with owned(tmp_path / "run"):
                raise AssertionError("two of them")
    with owned(tmp_path / "run"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_who_was_killed_owns_nothing(tmp_path: Path) -> None:
    code = f"import os, sys; from pathlib import Path; from msim.storage.owner import owned\n" \
           f"with owned(Path({str(tmp_path / 'run')!r})):\n    os._exit(0)"
    environment = {**os.environ, "PYTHONPATH": str(Path(msim.__file__).parent.parent)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
    assert any(tmp_path.iterdir())
    with owned(tmp_path / "run"):
        pass


def test_a_run_refuses_another_owner_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the function that all callers use."""
    monkeypatch.setattr(run, "provenance", lambda *_: about())
    monkeypatch.setattr(run, "trial_keys", lambda *_: defaultdict(str))
    folder = RunFolder(tmp_path / "run")
    assert take(folder.partial.with_suffix(".owner"))
    before = set(tmp_path.iterdir())
    with pytest.raises(OwnerError):
        run.run_experiment(NOTHING, folder.final, Context("numpy"), LocalExecutor(1))
    assert set(tmp_path.iterdir()) == before


# A full disk


def test_a_run_on_a_full_disk_ends_with_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is noticed: as the folder is laid down, and as the whole is sealed."""
    monkeypatch.setattr(run, "provenance", lambda *_: about())
    monkeypatch.setattr(run, "trial_keys", lambda *_: defaultdict(str))
    for place in ("msim.storage.run_store._begin", "msim.trials.run._run"):
        with monkeypatch.context() as patch:
            patch.setattr(place, raising(FULL))
            with pytest.raises(DiskFullError, match="the disk is full.*the same command goes on"):
                run.run_experiment(NOTHING, tmp_path / "run", Context("numpy"), LocalExecutor(1))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_any_command_on_a_full_disk_ends_with_a_message() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(msim.__file__).parent.parent)}
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "msim", "list", "--json"], stdout=full, stderr=subprocess.PIPE, env=environment,
            text=True, timeout=60,
        )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (EXIT_STATUS["disk"], 1)
    assert done.stderr.startswith("msim: the disk is full: ")


# The compiler


@pytest.mark.parametrize("target", ["cpp", "runtime"])
@pytest.mark.parametrize("given", ["nowhere++", "nowhere++ -O1", "'g++"])
def test_the_compiler_is_asked_for_in_one_way(target: str, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything runs, and by name."""
    monkeypatch.setenv("CXX", given)
    with pytest.raises(InputError, match="no C\\+\\+ compiler 'nowhere\\+\\+' found|CXX: wants a command"):
        require_target(target)
    require_target("numpy")


@pytest.mark.parametrize("given", ["", " ", "g++", "g++ -O1", "'g++' -O1"])
def test_words_of_the_compiler_are_those_of_a_shell(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", given)
    path, *rest = compiler()
    assert Path(path).name == "g++" and rest == (["-O1"] if "-O1" in given else [])
    require_target("cpp")


def test_one_place_reads_cxx() -> None:
    package = Path(msim.__file__).parent
    found = [path.name for path in package.rglob("*.py") if '"CXX"' in path.read_text(encoding="utf-8")]
    assert found == ["build.py"]
