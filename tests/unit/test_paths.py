"""A path that is given means one file to every library, or is refused before anything runs."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
import xarray as xr
from small_run import ARMS, SEEDS, TRIALS, about, datasets, started

import msim
from msim.backends.cpp.cache import cache_folder
from msim.base.errors import InputError, StorageError
from msim.base.paths import given_folder, given_new_folder, given_path
from msim.cli import app, main
from msim.definitions.files.file_kinds import files_of
from msim.definitions.files.read import find, shipped
from msim.emulator.files import read_emulator
from msim.plots.sweep_values import sweep_values
from msim.report.write import write_report
from msim.storage import run_store
from msim.storage.checkpoints import read_checkpoint, write_checkpoint
from msim.storage.digest import digest_run
from msim.storage.journal import journal_reach, write_journal
from msim.storage.run_store import MANIFEST, STORE, RunFolder, finish_run, open_run, start_run
from msim.storage.verify import verify_run
from msim.sweep.opened import open_sweep
from msim.sweep.reproduce import reproduce_run, reproduce_trial
from msim.sweep.sensitivity import sensitivity
from msim.sweep.table import sweep_table
from msim.sweep.verify import verify_sweep

ADDRESSES = ("s3://bucket/run", "file:///tmp/run", "simplecache::s3://bucket/run", "memory:/run", "https://a.b/run")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, and an empty working folder beside it."""
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home"


def forms_of(home: Path) -> dict[str, Path]:
    """Ways to write a path, and the place that each of them means."""
    here = home.parent / "here"
    (home / "far").mkdir()
    (here / "link").symlink_to(home / "far")
    (here / "dangling").symlink_to(home / "not_yet")
    (here / "two").symlink_to("link")
    return {
        "run": here / "run", "./run": here / "run", "run/": here / "run", "run/.": here / "run", ".": here,
        "~/run": home / "run", "~": home, "~/a/../run": home / "run", "./~/run": here / "~" / "run",
        "link": home / "far", "link/": home / "far", "two": home / "far", "link/run": home / "far" / "run",
        "link/../run": home / "run", "dangling": home / "not_yet", "../home/run": home / "run", "a::b": here / "a::b",
        "./s3:/run": here / "s3:" / "run", "a b\n": here / "a b\n", "run.zip": here / "run.zip", str(home): home,
    }  # fmt: skip


def test_a_path_is_absolute_the_same_when_read_again_and_what_the_system_means(home: Path) -> None:
    """Whatever its form: '~' of the shell, links followed, '..' taken behind a link, as the system does."""
    for text, place in forms_of(home).items():
        found = given_path(text)
        assert found == place and found.is_absolute(), text
        assert given_path(found) == given_path(str(found)) == given_path(found / ".") == found, text
        if not text.startswith("~"):
            assert os.path.realpath(text) == str(found)


@pytest.mark.parametrize("text", ["", "\0", "a\0b", *ADDRESSES, "~nobody_is_called_so/run", "loop", None, 3])
def test_what_is_no_path_of_this_machine_is_refused(text: Any, home: Path) -> None:
    """With the option's name, in one line."""
    Path("loop").symlink_to("pool")
    Path("pool").symlink_to("loop")
    with pytest.raises(InputError, match="^--out: wants "):
        given_path(text, "--out")


@pytest.mark.parametrize("form", ["./~/run", "dangling", "link", "~/a::b", "run.zip"])
def test_a_run_stands_in_one_place_whatever_its_path_is_called(
    form: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups and datasets together: it verifies, opens with its values, and nothing lies anywhere else."""
    monkeypatch.setattr(run_store, "flush", lambda folder: None)  # a disk is not what this is about
    place = forms_of(home)[form] if form != "~/a::b" else home / "a::b"
    final = finish_run(started(given_folder(form, "--out")))
    assert final == place and {one.name for one in place.iterdir()} == {STORE, MANIFEST}
    inside = {path for path in home.parent.rglob("zarr.json")}
    assert inside and all(place in path.parents for path in inside)
    assert verify_run(form) == [] and digest_run(form).sha256 == digest_run(place).sha256
    run = open_run(form)
    for name, given in datasets(*TRIALS[0]).items():
        xr.testing.assert_identical(run.trial(*TRIALS[0], name), given)
    assert run.path == place and run.arms == ARMS and run.seeds == SEEDS


@pytest.mark.parametrize("form", ["~/run", "a::b", "dangling"])
def test_what_is_kept_of_a_stopped_trial_stands_there_too(form: str, home: Path) -> None:
    """Records and checkpoints are found again by any form of the same path."""
    place = forms_of(home)[form]
    run = start_run(given_folder(form, "--out"), about())
    write_journal(run, *TRIALS[0], {"times": np.arange(3.0)}, 20.0, "stopped")
    write_checkpoint(run.partial / "own", {"a": datasets(*TRIALS[0])["samples"]["time"].values}, {"at": 1})
    assert run.partial.parent == place.parent
    for path in (form, place):
        assert journal_reach(RunFolder(given_path(path, "run")), *TRIALS[0]) == 20.0
    assert read_checkpoint(run.partial / "own") is not None
    assert not (home.parent / "here" / "~").exists()


READERS: dict[str, Callable[[str], object]] = {
    "open_run": open_run, "hash": digest_run, "verify": verify_run, "report": write_report, "open_sweep": open_sweep,
    "open_unfinished": lambda path: msim.open_unfinished(path, "vehicle", 1), "verify_sweep": verify_sweep,
    "sweep_trial": lambda path: msim.sweep_trial(path, "vehicle", 1), "table": sweep_table, "emulator": read_emulator,
    "sweep_values": sweep_values, "reproduce": reproduce_run, "reproduce_trial": lambda path: reproduce_trial(path, ""),
    "sensitivity": lambda path: sensitivity(path, "q", 0.0, "vehicle"), "model": msim.read_model,
    "experiment": msim.read_experiment, "study": msim.read_study, "files": lambda path: files_of([path]),
    "simulate": lambda path: msim.simulate("no experiment", path),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_every_reader_takes_a_path_the_same_way(name: str, home: Path) -> None:
    """An address is refused, and '~' is the home folder: the message names what is not there by its whole path."""
    with pytest.raises(InputError, match="wants a path on this machine, got the address 's3://bucket/run'"):
        READERS[name]("s3://bucket/run")
    with pytest.raises(InputError) as refused:
        READERS[name]("~/nothing")
    assert "nothing" in str(refused.value) or name == "simulate"
    assert list(home.iterdir()) == list(Path().iterdir()) == []


def test_definition_files_are_found_from_the_home_folder(home: Path) -> None:
    (home / "own.toml").write_text("")
    assert find("~/own.toml", "models") == given_path("~/own.toml") == home / "own.toml" == files_of(["~/own.toml"])[0]
    assert find("circuits/cortical_column", "models") == shipped("models") / "circuits" / "cortical_column.toml"


@pytest.mark.parametrize("name", ["MSIM_CACHE", "XDG_CACHE_HOME"])
def test_the_cache_is_one_folder_from_wherever_it_is_asked_for(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MSIM_CACHE", raising=False)
    monkeypatch.setenv(name, "~/kept")
    assert cache_folder() in (home / "kept", home / "kept" / "msim")
    monkeypatch.setenv(name, "s3://bucket")
    with pytest.raises(InputError, match=f"^{name}: wants a path on this machine"):
        cache_folder()


# What is written


@pytest.mark.parametrize("taken", ["a file", "a full folder", "below a file", "a link to a full folder", "closed"])
def test_a_folder_that_could_not_be_filled_is_refused_at_once(
    taken: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "file").write_text("mine")
    (home / "full").mkdir()
    (home / "full" / "mine").write_text("mine")
    (home / "link").symlink_to("full")
    path = {"a file": "file", "below a file": "file/x", "closed": "closed/x"}.get(taken, "full")
    if taken == "closed":
        monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StorageError, match="^--out: "):
        given_new_folder(f"~/{'link' if 'link' in taken else path}", "--out")
    assert given_new_folder("~/new/deep", "--out") == home / "new" / "deep" if taken != "closed" else True


def test_a_place_where_a_disk_begins_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be renamed, so that no run could take its place in the end."""
    (tmp_path / "disk").mkdir()
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path).name == "disk")
    with pytest.raises(StorageError, match="is where a disk begins"):
        start_run(tmp_path / "disk", about())
    assert not RunFolder(tmp_path / "disk").partial.exists()


# The command line

GIVEN = {
    "experiment": "ketamine_rapid_and_sustained", "model": "circuits/cortical_column", "brain": "brains/brain19",
    "what": "tasks/go_nogo", "file": "siegel2021_resting_fc", "run": "nothing", "runs": "nothing", "sweep": "nothing",
    "folder": "nothing", "path": "circuits/cortical_column", "paths": "circuits/cortical_column",
}  # fmt: skip
REQUIRED = {"--out": "results", "--arm": "ketamine", "--quantity": "q", "--at": "1 hour"}
PATH_OPTIONS = {"--out", "--figure", "--emulator", "--rows", "--store", "--profile", "--log", "--log-json"}
ADDRESS = "s3://bucket/x"


def commands(group: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, (*before, name))
        else:
            yield (*before, name), one


def calls() -> Iterator[list[str]]:
    """Every command, once with an address in the place of each path that it takes."""
    for words, command in commands(typer.main.get_command(app)):
        takes = [one for one in command.params if one.param_type_name == "argument" and words != ("list",)]
        plain = [GIVEN[str(one.name)] for one in takes if words != ("sweep",) or one.name != "folder"]
        options = {name: one for one in command.params if one.param_type_name == "option" for name in one.opts}
        always = [word for name, one in options.items() if one.required for word in (name, REQUIRED[name])]
        always += (
            ["--target", "emulator"] if "--emulator" in options else ["--out", "results"] if words == ("sweep",) else []
        )
        for place in range(len(plain)):
            yield [*words, *plain[:place], ADDRESS, *plain[place + 1:], *always]
        for name in PATH_OPTIONS & options.keys():
            # A profile has no effect on another executor, which is said first.
            yield [*words, *plain, *always, *(("--executor", "slurm") if name == "--profile" else ()), name, ADDRESS]


@pytest.mark.parametrize("words", sorted(calls()), ids=" ".join)
def test_every_command_refuses_an_address_before_anything_runs(
    words: list[str], home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["msim", *words])
    with pytest.raises(SystemExit) as end:
        main()
    shown = capsys.readouterr()
    assert (end.value.code, shown.out) == (2, ""), shown
    assert f"got the address '{ADDRESS}'" in shown.err and shown.err.count("\n") == 1
    assert list(Path().iterdir()) == list(home.iterdir()) == []


# The law


def test_no_function_reads_a_given_path_for_itself() -> None:
    """What takes a text or a path hands it to `given_path`, alone or in what it calls; 'Path(' is for our own names."""
    package = Path(msim.__file__).parent
    wrong = []
    for file in sorted(package.rglob("*.py")):
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                wrong += [f"{file.relative_to(package)}: {function.name}: {one}" for one in read_by_itself(function)]
    assert wrong == []


def read_by_itself(function: ast.FunctionDef) -> Iterator[str]:
    """Parameters that may be a text and a path, or are one of the command line, and are made a path by 'Path(...)'."""
    given = {
        one.arg for one in [*function.args.args, *function.args.kwonlyargs]
        if one.annotation is not None and ast.unparse(one.annotation) in ("str | Path", "Path | str")
        or any(isinstance(call, ast.Call) and "typer" in ast.unparse(call.func) for call in function.args.defaults)
    }  # fmt: skip
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("Path", "os.path.expanduser", "os.path.abspath"):
            for one in call.args:
                if isinstance(one, ast.Name) and one.id in given:
                    yield one.id
