"""Processes that msim starts run the code of the one that started them, whatever lies in the folder they work in."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from other_checkout import PACKAGE, other_checkout
from small_sweep import begun

import msim
from msim.base.code_digest import validate_same_code
from msim.base.errors import StartError
from msim.base.start import safe_path, start_command
from msim.executors.executor import ProgressEvent, SentWork, opened, sent
from msim.executors.kinds import local
from msim.executors.kinds.local import LocalExecutor

# What multiprocessing, and all that it imports, would take from a folder that stands before Python's own.
SHADOWS = ("random.py", "queue.py", "signal.py", "threading.py", "selectors.py", "numpy.py", "msim_start.py")
# No guard: a script is not run again by what it starts.
PROBE = """
from msim.base.code_digest import running_code
from msim.executors.processes import forked_from_prepared, starting
import dataclasses, json, sys
import told

methods = forked_from_prepared()
ours, theirs = methods.Pipe()
with starting():
    process = methods.Process(target=told.tell, args=(theirs,))
    process.start()
child, path = ours.recv()
print(json.dumps([[dataclasses.asdict(one) for one in (running_code(), child)], path]))
"""
TOLD = """
import sys
from msim.base.code_digest import running_code
def tell(pipe):
    pipe.send((running_code(), sys.path))
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to work in that holds modules of Python's names and another msim, each of which ends who imports it."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "msim").mkdir()
    for name in (*SHADOWS, "msim/__init__.py"):
        (folder / name).write_text("raise SystemExit('a module of the working folder')\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a script and a module of its own."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "script.py").write_text(PROBE, encoding="utf-8")
    (folder / "told.py").write_text(TOLD, encoding="utf-8")
    return folder


def python(*words: str, folder: Path, path: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """Python in a folder, to its end."""
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, input=code, capture_output=True, text=True, timeout=120
    )


def assert_same_code(done: subprocess.CompletedProcess[str], package: Path, folder: Path) -> None:
    """The child runs the parent's package, and looks into the working folder after Python's own, if at all."""
    assert done.returncode == 0, done.stderr
    (parent, child), path = json.loads(done.stdout)
    assert parent == child and child["folder"] == str(package)
    library = path.index(os.path.dirname(os.__file__))
    assert all(index > library for index, one in enumerate(path) if os.path.abspath(one) == str(folder)), path


def as_in_a_notebook() -> str:
    """The script's text, given to Python by itself: imported first, then with the working folder in front."""
    begin = "import sys\nbefore = sys.path[:]\nsys.path[:] = [one for one in before if one]\n"
    return begin + PROBE.replace("import told\n", "import told\nsys.path[:] = before\nassert '' in before\n")


def test_a_script_from_a_hostile_folder(own: Path, hostile: Path) -> None:
    """As the installed command is one: Python puts the script's folder first, multiprocessing the working one."""
    done = python(str(own / "script.py"), folder=hostile, path=str(PACKAGE.parent))
    assert_same_code(done, PACKAGE, hostile)


@pytest.mark.parametrize("how", ["-c", "-"])
def test_code_without_a_file_from_a_hostile_folder(how: str, own: Path, hostile: Path) -> None:
    """Typed, piped, or run by a notebook: there is no program that a worker could run again."""
    words, code = (["-c", as_in_a_notebook()], "") if how == "-c" else (["-"], as_in_a_notebook())
    done = python(*words, folder=hostile, path=f"{PACKAGE.parent}{os.pathsep}{own}", code=code)
    assert_same_code(done, PACKAGE, hostile)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another checkout, with other code."""
    folder = other_checkout(tmp_path_factory.mktemp("other"))
    (folder / "script.py").write_text(PROBE, encoding="utf-8")
    (folder / "told.py").write_text(TOLD, encoding="utf-8")
    return folder


@pytest.mark.parametrize("how", ["-m", "PYTHONPATH"])
def test_a_checkout_that_is_asked_for_is_what_children_run(how: str, other: Path, own: Path, hostile: Path) -> None:
    """Run inside it, or named before an installed one: the parent's code is the child's."""
    if how == "-m":
        done = python("-m", "script", folder=other, path=str(PACKAGE.parent))
        assert_same_code(done, other / "msim", other)
    else:
        done = python(str(own / "script.py"), folder=hostile, path=f"{other}{os.pathsep}{PACKAGE.parent}")
        assert_same_code(done, other / "msim", hostile)


def test_a_started_module_is_that_of_the_package(hostile: Path) -> None:
    """What mpiexec and Slurm are given to run, the word of submitit included."""
    words = [*start_command(), "-u", "-m", "msim", "--version"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(words, cwd=hostile, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, f"msim {msim.__version__}\n"), done.stderr


def test_msim_as_a_module_looks_into_the_working_folder_last(tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text("raise SystemExit('shadowed')\n", encoding="utf-8")
    done = python("-m", "msim", "list", "--json", folder=tmp_path, path=str(PACKAGE.parent))
    assert done.returncode == 0 and json.loads(done.stdout), done.stderr


def test_a_safe_path_is_the_same_folders_with_pythonpath_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, working = tmp_path / "given", tmp_path / "working"
    given.mkdir()
    working.mkdir()
    monkeypatch.chdir(working)
    before = [str(one) for one in ("", given, *sys.path)]
    monkeypatch.setattr(sys, "path", before)
    assert safe_path()[1] == str(given) and str(working) in safe_path()[-3:]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(given), "."]))
    assert safe_path()[1:3] == [str(working), str(given)]
    assert {os.path.abspath(one) if os.path.exists(one or ".") else one for one in before} == set(safe_path()[1:])


def no_report(news: ProgressEvent) -> None:
    raise AssertionError(f"a trial began: {news}")


def of_other_code(parcel: SentWork) -> SentWork:
    """Work sent by a parent that runs other code than what lies on the disk, as where files were changed meanwhile."""
    code = dataclasses.replace(parcel.code, folder="/the/parent/msim", digest="0" * 64)
    return dataclasses.replace(parcel, code=code)


def test_a_worker_of_other_code_is_refused_by_name_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message with both places; the worker compares for itself and runs nothing."""
    code = of_other_code(sent(begun(tmp_path))).code
    monkeypatch.setattr(local, "sent", lambda work: of_other_code(sent(work)))
    monkeypatch.setattr(local, "validate_same_code", lambda one, who: validate_same_code(one, who, code))
    sweep = begun(tmp_path)
    with pytest.raises(StartError, match="a worker process runs other code") as refused:
        LocalExecutor(1).run(sweep.work, [sweep.plan.trials[0].key], no_report)
    assert code.folder in str(refused.value) and str(PACKAGE) in str(refused.value) and refused.value.exit_status == 4
    assert not any((sweep.store.root / "claims").iterdir())


def test_work_of_other_code_is_not_opened(tmp_path: Path) -> None:
    """As by a rank, a task of Slurm or a worker of Dask, which come to themselves elsewhere."""
    with pytest.raises(StartError, match="a rank runs other code"):
        opened(of_other_code(sent(begun(tmp_path))), "a rank")


@pytest.mark.parametrize("problem", [ConnectionRefusedError(), EOFError(), BlockingIOError()], ids=repr)
def test_a_worker_that_cannot_be_forked_cannot_start(
    problem: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What multiprocessing raises where the process that it forks from is gone, or there is no room for another."""

    def fail(*_: object) -> None:
        raise problem

    monkeypatch.setattr("multiprocessing.popen_forkserver.Popen.__init__", fail)
    sweep = begun(tmp_path)
    with pytest.raises(StartError, match="a worker process cannot start"):
        LocalExecutor(1).run(sweep.work, [sweep.plan.trials[0].key], no_report)


def test_a_worker_that_ends_as_it_starts_cannot_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "serve", leave)
    sweep = begun(tmp_path)
    with pytest.raises(StartError, match="a worker process cannot start"):
        LocalExecutor(1).run(sweep.work, [sweep.plan.trials[0].key], no_report)


def leave(*_: object) -> None:
    os._exit(0)


def test_nothing_else_starts_a_python() -> None:
    """A new kind of child has to go through msim.base.start and the comparison of codes."""
    starts = re.compile(r"sys\.executable|get_context\(|multiprocessing\.Process|os\.fork|runpy")
    found = {
        path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")
        if starts.search(path.read_text(encoding="utf-8"))
    }  # fmt: skip
    # ranks: looks for mpiexec beside Python
    assert found == {"base/start/__init__.py", "base/start/msim_start.py", "executors/processes.py", "cli/ranks.py"}
