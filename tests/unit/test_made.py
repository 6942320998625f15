"""msim removes what it made, and nothing else that has the name; what people share in a cache, all of them can read."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from small_run import TRIALS, about, datasets

import msim
from msim.backends.cpp import cache
from msim.base import file_lease as claims
from msim.base.errors import InputError, StorageError
from msim.base.made import MARK, is_own, make_own, make_own_anew, make_shared, remove_own, remove_own_below
from msim.calibration.fit import _validate_own_file
from msim.emulator.files import validate_own_file
from msim.storage import run_store
from msim.storage.checkpoints import GROWING, remove_checkpoints, write_checkpoint
from msim.storage.journal import write_journal
from msim.storage.run_store import (  # fmt: skip
    MANIFEST,
    STORE,
    UNFINISHED,
    WRITTEN,
    RunFolder,
    finish_run,
    start_run,
    write_trial,
)
from msim.storage.trial_store import (  # fmt: skip
    CLAIMS,
    FAILED,
    WORK,
    place_file,
    prepare,
    prepare_own,
    remove_work,
    write_failure_record,
)

KEY = "0123456789abcdef" * 2
TRIAL = TRIALS[0]
ARRAYS = {"a": np.arange(3.0)}


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk is not what this is about."""
    monkeypatch.setattr(run_store, "flush", lambda folder: None)


def others(place: Path, kind: str, elsewhere: Path) -> Path:
    """Something of somebody else's under a name of ours; returns the file that must stay."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if kind == "a folder":
        place.mkdir()
        mine = place / "mine"
    elif kind == "a link":
        elsewhere.mkdir(parents=True)
        place.symlink_to(elsewhere)
        mine = elsewhere / "mine"
    else:
        make_own(elsewhere)
        place.symlink_to(elsewhere)
        mine = elsewhere / "mine"
    mine.write_text("mine")
    return mine


KINDS = ("a folder", "a link", "a link to a folder that msim made")


# The rule


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_folder_that_carries_the_mark_is_removed(kind: str, tmp_path: Path) -> None:
    mine = others(tmp_path / "place", kind, tmp_path / "elsewhere")
    assert not is_own(tmp_path / "place") and not remove_own(tmp_path / "place")
    remove_own_below(tmp_path / "place")
    with pytest.raises(StorageError, match="did not make what is there"):
        make_own_anew(tmp_path / "place")
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("mark", ["another text", "a folder", "none"])
def test_a_mark_is_a_file_with_its_text(mark: str, tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "mine").write_text("mine")
    if mark == "another text":
        (tmp_path / "place" / MARK).write_text("no")
    elif mark == "a folder":
        (tmp_path / "place" / MARK).mkdir()
    assert not remove_own(tmp_path / "place") and (tmp_path / "place" / "mine").exists()


def test_a_link_inside_goes_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    own = make_own(tmp_path / "own")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    (own / "link").symlink_to(tmp_path / "mine")
    (own / "deep").mkdir()
    (own / "deep" / "link").symlink_to(tmp_path / "mine")
    assert remove_own(own) and not own.exists()
    assert (tmp_path / "mine" / "file").read_text() == "mine"


def test_what_is_killed_before_it_marks_its_folder_is_taken_up(tmp_path: Path) -> None:
    """An empty folder is nobody's loss."""
    (tmp_path / "own").mkdir()
    assert is_own(make_own_anew(tmp_path / "own"))


def test_processes_that_make_a_folder_at_once_all_have_it(tmp_path: Path) -> None:
    """And none takes what another has just laid into it for somebody else's."""
    def made(number: int) -> bool:
        (make_own(tmp_path / "own") / str(number)).write_text("")
        return is_own(tmp_path / "own")

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(made, range(200)))
    assert {one.name for one in (tmp_path / "own").iterdir()} == {MARK, *map(str, range(200))}


def test_one_function_removes_trees() -> None:
    """No other module of msim does; files go by the name that their own process has given them."""
    package = Path(msim.__file__).parent
    found = [str(one.relative_to(package)) for one in package.rglob("*.py") if "rmtree" in one.read_text("utf-8")]
    assert found == ["base/made.py"]


# Every place that removes something


def run_of(folder: Path) -> RunFolder:
    return start_run(folder / "run", about())


def finished(run: RunFolder) -> None:
    for arm, seed in TRIALS:
        write_trial(run, arm, seed, {"samples": datasets(arm, seed)["samples"]})
    write_failure_record(prepare_own(run.partial), KEY, "why", "Traceback", "raised")
    finish_run(run)


def checked(run: RunFolder) -> None:
    root = run.partial / "own"
    for _ in range(3):
        write_checkpoint(root, ARRAYS, {})
    remove_checkpoints(root)


def swept(run: RunFolder) -> None:
    store = prepare(run.final / "sweep")
    with suppress(StorageError):
        write_failure_record(store, KEY, "why", "", "raised")
    remove_work(store, KEY)


PLACES: dict[str, tuple[str, Callable[[RunFolder], None]]] = {
    "the beginning of a run": (".run.beginning", lambda run: None),
    "a trial that grows": (f".run.partial/.{TRIAL[0]}.seed_{TRIAL[1]}.partial", finished),
    **{f"{name} of a run": (f".run.partial/{name}", finished) for name in (FAILED, CLAIMS, WORK, UNFINISHED, WRITTEN)},
    "a checkpoint that grows": (f".run.partial/own/{GROWING}", checked),
    "a checkpoint": (".run.partial/own/1", checked),
    "work of a sweep": (f"run/sweep/work/{KEY}", swept),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PLACES)
def test_what_is_not_ours_stays_wherever_msim_removes(name: str, kind: str, tmp_path: Path) -> None:
    """Under the very name that msim would use: it is refused or gone around, and stays to the last byte."""
    place, intervention = PLACES[name]
    if ".beginning" not in place and "/sweep/" not in place:
        run_of(tmp_path)
    mine = others(tmp_path / place, kind, tmp_path / "elsewhere")
    if place.startswith("run/"):
        (tmp_path / "run" / "sweep" / "plans").mkdir()
    with suppress(StorageError, OSError):
        intervention(RunFolder(tmp_path / "run") if place.startswith("run/") else run_of(tmp_path))
    moved = tmp_path / "run" / place.removeprefix(".run.partial/") / "mine"
    assert (mine if mine.exists() else moved).read_text() == "mine"


def test_all_that_is_ours_goes(tmp_path: Path) -> None:
    """Nothing of it is left in a finished run or beside it."""
    run = run_of(tmp_path)
    checked(run)
    write_journal(run, *TRIAL, ARRAYS, 1.0, "stopped")
    write_checkpoint(make_own(prepare_own(run.partial).work(KEY)) / "checkpoints", ARRAYS, {})
    finished(run)
    assert {one.name for one in (tmp_path / "run").iterdir()} == {STORE, MANIFEST}
    assert [one.name for one in tmp_path.iterdir()] == ["run"]
    store = prepare(tmp_path / "sweep")
    write_failure_record(store, KEY, "why", "", "raised")
    remove_work(store, KEY)
    assert not store.work(KEY).exists()


# The cache


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in a folder of everything."""
    monkeypatch.setenv("MSIM_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


def filled(folder: Path) -> None:
    """What a compiler would leave."""
    (folder / cache.LIBRARY).write_bytes(b"library")
    (folder / cache.LAYOUT).write_text("{}")
    (folder / cache.ABOUT).write_text(json.dumps({"network": "a", "generated_s": 1, "compiled_s": 1, "made": 1}))


def aged(root: Path) -> None:
    """As if everything had lain there for long."""
    for one in root.iterdir():
        os.utime(one, (1, 1), follow_symlinks=False)


def test_clearing_a_cache_in_a_home_folder_takes_libraries_alone(shared: Path, tmp_path: Path) -> None:
    """Dot-folders, files and folders that are named like ours, and links, stay; what killed builders left goes."""
    library = cache.stored(KEY, filled)
    mine = [others(shared / name, "a folder", tmp_path) for name in (
        ".ssh", ".config", "papers", "f" * 32, f".{'e' * 32}.abcdefgh", f".{'e' * 32}.claim", ".clock." + "a" * 32)]
    mine += [others(shared / ("d" * 32), "a link to a folder that msim made", tmp_path / "elsewhere")]
    filled(shared / ("f" * 32))
    for name in (".bashrc", ".netrc", f".{'c' * 32}.claim"):
        (shared / name).write_text("mine")
        mine.append(shared / name)
    ours = [make_own(shared / f".{'b' * 32}.abcdefgh"), shared / f".{'b' * 32}.claim", shared / f".clock.{'b' * 32}"]
    ours[1].write_text(json.dumps({"owner": "a-1-2", "machine": "a"}))
    ours[2].touch()
    aged(shared)
    assert cache.clear()[0] == 1
    assert not library.exists() and not any(one.exists() for one in ours)
    assert all(one.read_text() == "mine" for one in mine)


def test_a_library_without_a_mark_is_one_where_nothing_else_lies_in_it(shared: Path) -> None:
    """As earlier versions stored them."""
    for name in ("a" * 32, "b" * 32):
        (shared / name).mkdir()
        filled(shared / name)
    (shared / ("b" * 32) / "mine").write_text("mine")
    assert len(cache.entries()) == 2 and cache.clear()[0] == 1
    assert [one.name for one in shared.iterdir()] == ["b" * 32]


@pytest.mark.parametrize("about", ["", "[]", "{}", '{"network": 1}'])
def test_a_folder_named_like_a_library_that_is_none_is_not_listed(about: str, shared: Path) -> None:
    (shared / KEY).mkdir()
    filled(shared / KEY)
    (shared / KEY / cache.ABOUT).write_text(about)
    assert cache.entries() == [] and cache.clear() == (0, 0) and (shared / KEY / cache.ABOUT).exists()


def test_a_library_does_not_take_the_place_of_what_is_not_ours(shared: Path, tmp_path: Path) -> None:
    mine = others(shared / KEY, "a folder", tmp_path)
    with pytest.raises(InputError, match="did not make what is there"):
        cache.stored(KEY, filled)
    assert mine.read_text() == "mine" and [one.name for one in shared.iterdir()] == [KEY]


@pytest.fixture
def private() -> Iterator[None]:
    """The mask of somebody who shares nothing."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o2770, 0o755, 0o2775, 0o1777])
def test_who_may_read_a_shared_cache_may_read_all_that_is_in_it(mode: int, shared: Path, private: None) -> None:
    """Whatever the mask of who was first; only who made a file may change it, and folders hand their group down."""
    shared.chmod(mode)
    library = cache.stored(KEY, filled)
    for path in library.iterdir():
        assert mode_of(path) == 0o600 | mode & 0o044
    assert mode_of(library) & 0o777 == 0o700 | mode & 0o055
    assert bool(mode_of(library) & stat.S_ISGID) == bool(mode & stat.S_ISGID)
    inner = make_shared(shared / "emulators")
    assert mode_of(inner) & 0o777 == 0o700 | mode & 0o077
    assert mode_of(inner) & stat.S_ISVTX == mode & stat.S_ISVTX and mode_of(inner) & stat.S_ISGID == mode & stat.S_ISGID
    assert claims.take(shared / "claim") and mode_of(shared / "claim") == 0o600 | mode & 0o044


def test_a_claim_that_cannot_be_put_aside_keeps_nobody_waiting(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a shared folder with the sticky bit the claim of somebody else's dead process cannot be renamed."""
    (shared / f".{KEY}.claim").write_text(json.dumps({"owner": f"{os.uname().nodename}-1-0", "machine": "a"}))

    def rename(one: str, other: str) -> None:
        if "claim" in Path(one).name:
            raise PermissionError
        os.replace(one, other)

    monkeypatch.setattr(claims.os, "rename", rename)
    assert cache.stored(KEY, filled) == shared / KEY


# Files in the place of others


def test_a_file_keeps_the_mode_of_the_one_that_it_replaces(tmp_path: Path, private: None) -> None:
    (tmp_path / "model.toml").write_text("a")
    (tmp_path / "model.toml").chmod(0o664)
    place_file(tmp_path / "model.toml", b"b")
    assert (tmp_path / "model.toml").read_text() == "b" and mode_of(tmp_path / "model.toml") == 0o664


def test_a_run_is_as_open_as_the_folder_that_was_made_for_it(tmp_path: Path, private: None) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o2775)
    finished(run_of(tmp_path))
    assert mode_of(tmp_path / "run") == 0o2775


@pytest.mark.parametrize("text", ["mine", '{"own": 1}', "[1]\n", '{"msim_emulator', "\0"])
def test_neither_a_emulator_nor_a_study_takes_the_place_of_another_file(text: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(text)
    for refuse in (validate_own_file, _validate_own_file):
        with pytest.raises(StorageError, match="is there already"):
            refuse(tmp_path / "file")
        refuse(tmp_path / "another")
    assert (tmp_path / "file").read_text() == text
