"""The command line: help without heavy imports, JSON for programs, one line and status 2 for what cannot be."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_run import TRIALS, about, datasets

from msim import __version__
from msim.base.errors import InputError
from msim.cli import main
from msim.definitions.experiments.effects import deciding_in_bath, validate_decisive
from msim.definitions.files.read import shipped, shipped_names
from msim.definitions.models.read_model import read_model
from msim.definitions.models.values import with_changes
from msim.storage.run_store import finish_run, start_run, write_trial

EXPERIMENT = "ketamine_rapid_and_sustained"
MODEL = "circuits/cortical_column"
HEAVY = ("brian2", "numpy", "scipy", "sympy", "xarray", "matplotlib", "zarr", "pydantic")
COMMANDS = ("list", "show", "check", "run", "judge", "plot", "hash", "tune-background-rates")

Msim = Callable[..., tuple[int, str, str]]


@pytest.fixture
def msim(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Msim:
    """Run a command in this process: exit status, standard output, standard error."""

    def call(*arguments: str, columns: int = 80) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["msim", *arguments])
        monkeypatch.setenv("COLUMNS", str(columns))
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return call


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_starts_without_heavy_imports() -> None:
    """Else msim --help would take seconds."""
    code = f"import sys, msim.cli; print([one for one in {HEAVY} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_a_refusal_of_the_installed_command_is_one_line_and_status_2(here: Path) -> None:
    """As a user meets it, in a process of its own: nothing of Python or Brian2 around it."""
    command = [sys.executable, "-m", "msim", "run", "ketamine_rapid", "--out", "results"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=here)
    assert (done.returncode, done.stdout) == (2, "")
    wanted = "msim: ketamine_rapid: no such file, and no shipped name in experiments; nearest known: "
    assert done.stderr == f"{wanted}'{EXPERIMENT}'\n"
    assert list(here.iterdir()) == []


def test_help_names_every_command_and_each_has_an_example(msim: Msim) -> None:
    status, text, _ = msim("--help")
    assert status == 0 and all(f" {name} " in text for name in COMMANDS)
    for name in COMMANDS:
        status, text, _ = msim(name, "--help")
        assert status == 0 and ("Example: msim" in text or f"msim {name}" in text)


def test_the_version_is_that_of_the_package(msim: Msim) -> None:
    assert msim("--version") == (0, f"msim {__version__}\n", "")


def records(text: str) -> list[dict[str, Any]]:
    """A table as JSON: every row with the same keys."""
    rows = json.loads(text)
    assert rows and all(set(row) == set(rows[0]) for row in rows)
    return list(rows)


def test_list_gives_every_shipped_name(msim: Msim) -> None:
    status, text, _ = msim("list", "--json")
    found = {(row["kind"], row["name"]) for row in records(text)}
    wanted = {(kind.removesuffix("s"), name) for kind in ("models", "experiments") for name in shipped_names(kind)}
    assert status == 0 and found == wanted and all(row["title"] for row in records(text))


def test_list_gives_every_manipulation(msim: Msim) -> None:
    """By the name that an arm has to write, whole, with the values that it sets and who says so."""
    model, shown = read_model(MODEL), msim("list", "manipulations")[1]
    rows = records(msim("list", "manipulations", "--json")[1])
    wanted = {(one.name, one.kind) for one in model.manipulations.values()}
    assert {(row["name"], row["kind"]) for row in rows} == wanted
    assert all(row["meaning"] and row["sources"] and (row["sets"] or row["leaves"]) for row in rows)
    for one in model.manipulations.values():
        assert f"{one.name} " in shown and all(path in shown for part in one.parts for path in part.changes)


def test_list_knows_what_it_lists(msim: Msim) -> None:
    status, _, errors = msim("list", "manipulation")
    assert status == 2 and errors == "msim: list: knows no 'manipulation'; nearest known: 'manipulations'\n"


def test_check_gives_a_row_for_every_file(msim: Msim) -> None:
    status, text, errors = msim("check", str(shipped("models")), str(shipped("experiments")), "--json")
    assert (status, errors) == (0, "")
    assert len(records(text)) == sum(len(shipped_names(kind)) for kind in ("models", "experiments"))


@pytest.mark.parametrize("name", [*shipped_names("models"), *shipped_names("experiments")])
def test_show_gives_tables_of_records(name: str, msim: Msim) -> None:
    """Of parts of models too, whose values may follow some that stand elsewhere."""
    assert msim("show", name)[0] == 0
    status, text, _ = msim("show", name, "--json")
    assert status == 0
    for rows in json.loads(text).values():
        assert not rows or records(json.dumps(rows))


def test_show_gives_every_value_with_its_source(msim: Msim) -> None:
    values = json.loads(msim("show", MODEL, "--json")[1])["values"]
    row = next(one for one in values if one["value"] == "ketamine.CL")
    assert row["is"] == "79 L / hour" and row["unit"] == "m^3/s" and "[kamp2020]" in row["source"]
    assert all(one["is"] and one["source"] and one["meaning"] for one in values)


@pytest.mark.parametrize("columns", [80, 160])
@pytest.mark.parametrize(
    "command",
    [("list",), ("list", "manipulations"), ("check", "models", "experiments"), ("show", MODEL), ("show", EXPERIMENT)],
    ids=" ".join,
)
def test_tables_fit_the_terminal(
    command: tuple[str, ...], columns: int, msim: Msim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line is longer than the terminal is wide, so none is broken by it."""
    monkeypatch.chdir(shipped("models").parent)
    status, text, errors = msim(*command, columns=columns)
    assert (status, errors) == (0, "") and max(map(len, text.splitlines())) <= columns


def test_names_are_not_broken_at_80_columns(msim: Msim, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a name can be copied from the terminal."""
    monkeypatch.chdir(shipped("models").parent)
    listed, checked = msim("list")[1], msim("check", "models", "experiments")[1]
    for kind in ("models", "experiments"):
        for name in shipped_names(kind):
            assert f"{name} " in listed and f"{kind}/{name}.toml " in checked
    shown = msim("show", MODEL)[1]
    assert all(name in shown for name in ("k_a_intraperitoneal", "pyramidal.ampa_background.gain", "0.1136 / minute"))


def test_an_equation_stands_above_its_values(msim: Msim) -> None:
    shown = msim("show", MODEL, columns=120)[1]
    wanted = [
        "ketamine_binding  channel", "0.71 uM", "Gilling", "block_evoked  trapping",
        "db_2A_ketamine/dt = rho * k_off_ketamine", "block_resting  trapping",
    ]  # fmt: skip
    places = [shown.index(one) for one in wanted]
    assert places == sorted(places)


def test_everything_wrong_is_reported_at_once_and_the_rest_is_still_checked(msim: Msim, here: Path) -> None:
    (here / "a.toml").write_text("title = 3")
    (here / "b.toml").write_text('titel = "x"')
    status, text, errors = msim("check", ".")
    assert status == 2 and text.count("refused") == 2
    assert errors.splitlines() == [
        "msim: a.toml: title: wants a text, got 3",
        "msim: b.toml: titel: unknown key 'titel'; nearest known: 'title'",
    ]


def test_a_file_with_a_line_break_in_its_name_has_one_line(msim: Msim, here: Path) -> None:
    """The same name as in the message that says what is wrong with it."""
    (here / "a\nb.toml").write_text("title = 3")
    status, text, errors = msim("check", ".")
    assert status == 2 and "\na\\nb.toml  " in text and errors == "msim: a\\nb.toml: title: wants a text, got 3\n"


def test_hashes_tell_equal_runs_from_others(msim: Msim, here: Path) -> None:
    """One line a run, parts below it, the same as JSON; with --same status 1 and where they differ first."""
    for name, bursts in (("first", 3), ("again", 3), ("other", 4)):
        run = start_run(here / name, about())
        for arm, seed in TRIALS:
            write_trial(run, arm, seed, datasets(arm, seed, bursts))
        finish_run(run)
    lines = [line.split("  ") for line in msim("hash", "first", "again", "other")[1].splitlines()]
    assert [one[1] for one in lines] == ["first", "again", "other"]
    assert lines[0][0] == lines[1][0] != lines[2][0] and len(lines[0][0]) == 64
    assert msim("hash", "first", "again", "--same") == (0, f"{lines[0][0]}  first\n{lines[0][0]}  again\n", "")
    status, text, errors = msim("hash", "first", "again", "other", "--same")
    assert status == 1 and len(text.splitlines()) == 3
    assert errors.startswith("msim: first and other differ first in ketamine, seed 1, bursts: burst: shape is [3]")
    whole, *parts = msim("hash", "first", "--parts")[1].splitlines()
    found = json.loads(msim("hash", "first", "--parts", "--json")[1])
    assert whole == f"{found['sha256']}  {found['run']}" and len(parts) == 5 * len(TRIALS)
    assert parts == [f"  {one['sha256']}  {one['arm']}, seed {one['seed']}, {one['dataset']}" for one in found["parts"]]
    assert [one["run"] for one in json.loads(msim("hash", "first", "other", "--json")[1])] == ["first", "other"]


RUN = ("run", EXPERIMENT, "--out", "results")
ASK = ("emulator", "ask", MODEL, "--at")
TWICE = ("--range", "block_pv.b=0:0.5", "--range", "block_pv.b=0:0.7")
REFUSED = [
    (("run", MODEL, "--out", "results"), ("circuits/cortical_column: no such file", "experiments")),
    (("run", "nothing.toml", "--out", "results"), ("nothing.toml: no such file",)),
    ((*RUN, "--arms", "vehicle,ketamin"), ("arms", "unknown arm 'ketamin'", "nearest known: 'ketamine'")),
    ((*RUN, "--arms", "vehicle,vehicle"), ("arms", "each name once", "'vehicle' twice")),
    ((*RUN, "--arms", ""), ("--arms: wants names separated by commas, got ''",)),
    ((*RUN, "--arms", "vehicle,"), ("--arms: wants names separated by commas, got 'vehicle,'",)),
    ((*RUN, "--seeds", "1,two"), ("--seeds: wants numbers from 0 to 2147483647", "got 'two'")),
    ((*RUN, "--seeds", "-1"), ("--seeds: wants numbers", "got '-1'")),
    ((*RUN, "--seeds", "1.5"), ("--seeds: wants numbers", "got '1.5'")),
    ((*RUN, "--seeds", "2147483648"), ("--seeds: wants numbers", "got '2147483648'")),
    ((*RUN, "--seeds", "9" * 9000), ("--seeds: wants numbers", "999 ... 999")),
    ((*RUN, "--seeds", "\u0661"), ("--seeds: wants numbers", "got '\u0661'")),
    ((*RUN, "--seeds", "1,1"), ("seeds: wants each seed once, got '1' twice",)),
    ((*RUN, "--seeds", "1,01"), ("seeds: wants each seed once, got '1' twice",)),
    ((*RUN, "--seeds", ","), ("--seeds: wants names separated by commas, got ','",)),
    ((*RUN, "--until", "tomorrow"), ("--until: unknown unit 'tomorrow'",)),
    ((*RUN, "--until", "3 kg"), ("--until: wants a value in s, got '3 kg'",)),
    ((*RUN, "--until", "3"), ("--until: wants a value in s, got '3'",)),
    ((*RUN, "--until", ""), ("--until: wants a number with a unit",)),
    ((*RUN, "--until", "-1 hour"), ("until: wants a time after -10 minute", "got -1 hour")),
    ((*RUN, "--until", "52 week"), ("until: wants a time after -10 minute up to the end at 7 day, got 364 day",)),
    ((*RUN, "--set", "eef2k.n"), ("--set: wants path=value", "got 'eef2k.n'")),
    ((*RUN, "--set", "=3"), ("--set: wants path=value", "got '=3'")),
    ((*RUN, "--set", "eef2k.N=3"), ("--set: the model has no value 'eef2k.N'", "nearest known: 'eef2k.n'")),
    ((*RUN, "--set", "eef2k.n=0"), ("--set: eef2k.n: wants at least 1, got '0'",)),
    ((*RUN, "--set", "eef2k.tau_K=5"), ("--set: eef2k.tau_K: wants a value in s, got '5'",)),
    ((*RUN, "--set", "eef2k.n=__import__('os')"), ("--set: eef2k.n: wants a number with a unit",)),
    ((*RUN, "--set", "pv.share=0.5"), ("populations: wants shares that add up to 1",)),
    ((*RUN, "--set", "eef2k.n=2", "--set", "eef2k.n=3"), ("--set: 'eef2k.n' is given twice",)),
    ((*RUN, "--set", "block_pv.K_Mg=1 mM"), ("--set: 'block_pv.K_Mg' follows 'nmda.K_Mg'",)),
    ((*RUN, "--target", "runtim"), ("unknown target 'runtim'", "nearest known: 'runtime'")),
    (("run", EXPERIMENT, "--out", ""), ("--out: wants the name of a folder, got ''",)),
    (("run", EXPERIMENT, "--out", "/"), ("--out: wants the name of a folder, got '/'",)),
    (("run", EXPERIMENT, "--out", "file/results"), ("file/results: cannot be written: Not a directory",)),
    (("run", EXPERIMENT, "--out", "file"), ("file: already holds something else",)),
    (("run", EXPERIMENT, "--out", "finished"), ("finished: already holds a finished run",)),
    (("run", EXPERIMENT, "--out", "a" * 300), ("cannot be written: File name too long",)),
    (("show", "circuits/cortical_colum"), ("no shipped model or experiment", f"nearest known: '{MODEL}'")),
    (("show", "ketamine_rapid"), ("no shipped model or experiment", f"nearest known: '{EXPERIMENT}'")),
    (("show", "finished"), ("finished: wants one file, got a folder",)),
    (("show", "file"), ("file: is not TOML: ",)),
    (("check", "nothing"), ("nothing: no such file",)),
    (("check", "finished"), ("finished: holds no definition file (*.toml)",)),
    (("check", "a" * 9000), ("no such file",)),
    (("judge", "nothing"), ("nothing: holds no finished run",)),
    (("judge", "finished"), ("finished/MANIFEST.json: cannot be read",)),
    (("judge", "."), (": holds no finished run",)),
    (("hash", "nothing"), ("nothing: holds no finished run",)),
    (("hash", "finished"), ("finished/MANIFEST.json: cannot be read",)),
    (("hash", "finished", "--same"), ("--same: wants two runs or more, got 'finished' alone",)),
    (("plot", "nothing"), ("nothing: holds no finished run",)),
    ((*ASK, "block_pv.b=0.1", "--at", "block_pv.b=0.2"), ("--at: 'block_pv.b' is given twice",)),
    ((*ASK, "block_pv.b=3 mV"), ("--at: block_pv.b: wants a value in 1 (dimensionless), got '3 mV'",)),
    ((*ASK, "background_pv.rate=9 mM"), ("--at: background_pv.rate: wants a value in Hz, got '9 mM'",)),
    (("emulator", "fit", MODEL, *TWICE), ("--range: 'block_pv.b' is given twice",)),
    (("tune-background-rates", "circuits/cortical"), ("no shipped name in models", f"nearest known: '{MODEL}'")),
    (("tune-background-rates", "drugs/ketamine"), ("drugs/ketamine: wants a model with populations",)),
    (
        ("tune-background-rates", MODEL, "--set", "pv.shar=1"),
        ("--set: the model has no value", "nearest known: 'pv.share'"),
    ),
    (("tune-background-rates", MODEL, "--set", "pv.share=0.9"), ("wants shares that add up to 1",)),
]


@pytest.mark.parametrize(("arguments", "said"), REFUSED, ids=[" ".join(one[0])[:60] for one in REFUSED])
def test_bad_input_is_refused_in_one_line_before_anything_is_written(
    arguments: tuple[str, ...], said: tuple[str, ...], msim: Msim, here: Path
) -> None:
    (here / "file").write_text("{")
    (here / "finished").mkdir()
    (here / "finished" / "MANIFEST.json").write_text("{}")
    before = sorted(here.rglob("*"))
    status, text, errors = msim(*arguments)
    assert (status, text) == (2, "")
    (line,) = errors.splitlines()
    assert line.startswith("msim: ") and line.isprintable() and len(line) < 1100
    assert all(one in line for one in said)
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", EXPERIMENT), "Missing option '--out'"),
        ((*RUN, "--workers", "-1"), "'--workers'"),
        ((*RUN, "--arm", "vehicle"), "No such option: --arm"),
        (("shw",), "No such command 'shw'"),
        (("check",), "Missing argument"),
        (("tune-background-rates", MODEL, "--seconds", "nan"), "'--seconds'"),
        (("tune-background-rates", MODEL, "--seconds", "inf"), "'--seconds'"),
        (("tune-background-rates", MODEL, "--seed", "99999999999"), "'--seed'"),
    ],
)
def test_a_wrong_call_is_told_how_to_call(arguments: tuple[str, ...], said: str, msim: Msim, here: Path) -> None:
    status, text, errors = msim(*arguments, columns=160)
    assert (status, text) == (2, "") and said in errors and "Traceback" not in errors
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", EXPERIMENT, "--ranks", "2", "--workers", "2"), "--workers: has no effect here"),
        (("run", EXPERIMENT, "--partition", "region"), "--partition: has no effect here"),
        (("sweep", "dose_window", "--executor", "slurm", "--workers", "2"), "--workers: has no effect here"),
        (("sweep", "dose_window", "--executor", "mpi", "--ranks", "2"), "--ranks: has no effect here"),
        (("sweep", "dose_window", "--points", "4"), "--points: is for a sample"),
        (("sweep", "dose_window", "--sample-seed", "4"), "--sample-seed: is for a sample"),
        (("sweep", "dose_window", "--over", "doses.mg_per_kg=1 to 2 in 3", "--sample", "latin", "--points", "4"),
         "a sample has --points"),
        (("run", EXPERIMENT, "--arms", "vehicle", "--set", "doses.mg_per_kg=1"), "changes nothing in vehicle"),
    ],
)  # fmt: skip
def test_an_option_without_effect_is_refused(
    msim: Msim, here: Path, arguments: tuple[str, ...], message: str
) -> None:
    """Before anything runs or is written."""
    status, _, err = msim(*arguments, "--out", str(here / "out"), columns=300)
    assert (status, list(here.iterdir())) == (2, []) and message in err


@pytest.mark.parametrize(
    ("command", "idle", "what"),
    [
        (("evidence", "--quick", "--only", "T3"), "memantine.k_e0=1/second", "the rows that are run"),
        (("physiology",), "ketamine.CL=100 liter/hour", "physiology"),
        (("emulator", "fit", MODEL), "mecp2_loop.tau_M=3 hour", "the emulator"),
        (("tune-background-rates", MODEL), "mecp2_loop.tau_M=3 hour", "the resting column"),
    ],
)
def test_a_change_of_a_model_on_which_nothing_depends_is_refused(
    msim: Msim, here: Path, command: tuple[str, ...], idle: str, what: str
) -> None:
    """One that sets what holds without it, or that something depends on, is none of these."""
    status, _, err = msim(*command, "--set", idle, columns=300)
    assert (status, list(here.iterdir())) == (2, [])
    assert f"--set: wants a change that something depends on: '{idle.split('=')[0]}' changes nothing in {what}" in err


def test_what_decides_on_a_result_tells_changes_apart() -> None:
    model = read_model(MODEL)

    def bath(some: dict[str, Any]) -> Any:
        return deciding_in_bath(with_changes(model, some, "--set"), "ketamine")

    validate_decisive(model, {"pyramidal_membrane.g_L": "11 nS", "eef2k.tau_K": "7 minute"}, bath, "physiology")
    same = {"ketamine.CL": model.values["ketamine.CL"].text}
    validate_decisive(model, same, bath, "physiology")
    with pytest.raises(InputError, match="'ketamine.CL' changes nothing"):
        validate_decisive(model, {"pyramidal_membrane.g_L": "11 nS", "ketamine.CL": "1 liter/hour"}, bath, "physiology")
