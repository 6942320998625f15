"""Compiled libraries: who cannot compile is told why, and whoever builds at the same time leaves one whole entry."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from msim.backends.cpp import cache
from msim.backends.cpp.build import built, compiler
from msim.backends.cpp.network import CompiledNetwork
from msim.base.errors import InputError
from msim.network.spec import Cells, NetworkSpec

# A structure of its own: an entry that another test has left would need no compiler.
BUILD = """
import sys
from msim.backends.cpp.build import built
from msim.network.spec import Cells, NetworkSpec
cells = Cells("built_at_once", 1, "dv/dt = -v/tau : 1", constants={"tau": (0.01, "second")})
print(built(NetworkSpec(1e-4, (cells,))).library)
"""


def network(name: str = "lonely") -> NetworkSpec:
    """A network that compiles as fast as can be."""
    return NetworkSpec(1e-4, (Cells(name, 1, "dv/dt = -v/tau : 1", constants={"tau": (0.01, "second")}),))


def script(path: Path, text: str) -> str:
    """A program that stands in for a compiler."""
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CXX", raising=False)
    return tmp_path / "cache"


def left_in(folder: Path) -> list[str]:
    """Everything in a folder, hidden or not."""
    return sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []


# ---- compilers


def test_no_compiler_is_said_with_the_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(InputError, match="no C[+][+] compiler 'g[+][+]' found; install .*, set CXX, or choose"):
        built(network())


def test_a_compiler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "nonsense --flag")
    with pytest.raises(InputError, match="no C[+][+] compiler 'nonsense' found"):
        built(network())


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_compiler_is_the_usual_one(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    monkeypatch.setenv("CXX", blank)
    assert Path(compiler()[0]).name == "g++"


def test_a_compiler_behind_another_program_is_run_through_it(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CXX may be a wrapper and its compiler, such as 'ccache g++'."""
    monkeypatch.setenv("CXX", script(tmp_path / "wrapper", 'exec "$@"') + " g++")
    assert built(network()).library.is_file()


@pytest.mark.parametrize(("text", "said"), [
    ("exit 1", "failed: "),
    ("echo 'vector.cpp:1: error: I am tired' >&2; exit 1", "failed: vector.cpp:1: error: I am tired"),
    ("kill -9 $$", "failed: "),
])  # fmt: skip
def test_a_failing_compiler_is_named_with_its_error_and_leaves_nothing(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setenv("CXX", script(tmp_path / "broken", text))
    with pytest.raises(InputError, match=f"the compiler .*broken {said}"):
        built(network())
    assert left_in(empty_cache) == []


def test_a_linker_that_fails_leaves_nothing(empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", script(tmp_path / "broken", 'case "$*" in *-shared*) exit 1;; esac\nexec g++ "$@"'))
    with pytest.raises(InputError, match="broken failed"):
        built(network())
    assert left_in(empty_cache) == []


# ---- the cache


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A regular file stands where the folder should be made."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    for place in (tmp_path / "file", tmp_path / "file" / "cache"):
        monkeypatch.setenv("MSIM_CACHE", str(place))
        with pytest.raises(InputError, match=f"^{place}: the cache .* cannot be written .*set MSIM_CACHE"):
            built(network())
        assert cache.entries() == [] and cache.clear() == (0, 0)


def test_a_second_network_of_the_same_structure_is_not_compiled() -> None:
    first, second = (CompiledNetwork(network(), seed) for seed in (1, 2))
    assert second.built.seconds == 0 and second.built.library == first.built.library


def test_processes_that_build_at_once_leave_one_entry(empty_cache: Path, tmp_path: Path) -> None:
    """All succeed, with the same library that one of them has compiled, and nothing else stays behind."""
    note = f'case "$*" in *-shared*) echo >> {tmp_path / "runs"};; esac'
    counting = script(tmp_path / "counting", f'{note}\nexec g++ "$@"')
    processes = [
        subprocess.Popen([sys.executable, "-c", BUILD], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "CXX": counting})
        for _ in range(3)
    ]  # fmt: skip
    outputs = [one.communicate(timeout=120) for one in processes]
    assert [one.returncode for one in processes] == [0, 0, 0], outputs
    assert (tmp_path / "runs").read_text() == "\n"
    found = {out.strip() for out, _ in outputs}
    assert len(found) == 1
    assert left_in(empty_cache) == [Path(found.pop()).parent.name]
    assert len(cache.entries()) == 1


def test_a_killed_builder_leaves_nothing_that_is_found(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while the compiler runs, which goes on; the next one builds anew, and clearing removes the rubbish."""
    slow = script(tmp_path / "slow", f'echo > {tmp_path / "begun"}; sleep 1; exit 1')
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "CXX": slow}
    builder = subprocess.Popen([sys.executable, "-c", BUILD], env=environment)
    deadline = time.monotonic() + 60
    while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    builder.send_signal(signal.SIGKILL)
    builder.wait(60)
    # What it had begun, and its claim to be the one that builds.
    assert len(left_in(empty_cache)) == 2 and cache.entries() == []
    assert built(network()).seconds > 0
    assert len(cache.entries()) == 1
    assert cache.clear()[0] == 1
    abandoned = left_in(empty_cache)
    assert len(abandoned) == 2  # a builder may still be filling what is new
    for one in abandoned:
        os.utime(empty_cache / one, (0, 0))
    assert cache.clear()[0] == 0 and left_in(empty_cache) == []


@pytest.mark.parametrize("lost", [cache.LIBRARY, cache.LAYOUT, cache.ABOUT])
def test_a_damaged_entry_is_built_anew(empty_cache: Path, lost: str) -> None:
    """What somebody's broken copy lost does not stop a run."""
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        for name in (cache.LIBRARY, cache.LAYOUT, cache.ABOUT):
            (folder / name).write_text("{}", encoding="utf-8")

    folder = cache.stored("key", make)
    (folder / lost).unlink()
    assert cache.entries() == [] and cache.found("key") is None
    again = cache.stored("key", make)
    assert again == folder and cache.found("key") == folder and len(made) == 2
    assert left_in(empty_cache) == ["key"]
