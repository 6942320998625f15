"""What a user reads is the same on any terminal: no digit is lost, no character stops a command, nor a lost reader."""

from __future__ import annotations

import errno
import functools
import io
import json
import os
import pty
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plotted_run import store_run
from rich.cells import cell_len

import msim.backends.cpp.cache
import msim.calibration.background_rates
import msim.cli
import msim.cli.emulator
import msim.cli.sweeping
import msim.definitions.files.file_kinds
import msim.definitions.files.titles
import msim.definitions.models.checks
import msim.definitions.models.read_model
import msim.storage.run_store
import msim.studies.run
import msim.sweep.sensitivity
from msim.cli import main
from msim.cli.bars import add_part, bars, say_beside
from msim.cli.tables import plain, print_grid, print_table, wrapped
from msim.cli.terminal import encodable, show_progress, width
from msim.definitions.files.read import shipped
from msim.definitions.studies.read_study import read_study
from msim.imaging.group import Test
from msim.sweep.sensitivity import Share
from msim.sweep.status import Status

WIDEST = "2000"
SCREENS = [(columns, "utf-8") for columns in ("0", "1", "10", "20", "40", "80", "200")] + [
    ("20", "ascii"), ("abc", "ascii")
]  # fmt: skip
Screen = Callable[..., tuple[int, str, str]]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Run a command as a terminal of some width and encoding shows it: exit status, standard output, standard error."""

    def call(arguments: Sequence[str], columns: str, encoding: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["msim", *arguments])
        monkeypatch.setenv("COLUMNS", columns)
        streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
        monkeypatch.setattr(sys, "stdout", streams[0])
        monkeypatch.setattr(sys, "stderr", streams[1])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        for one in streams:
            one.flush()
        out, err = (one.buffer.getvalue().decode(encoding) for one in streams)  # type: ignore[attr-defined]
        return status, out, err

    return call


def numbers(text: str, encoding: str = "utf-8") -> Counter[str]:
    """Words with digits, as an encoding can hold them; a name that stands before its value counts as a name."""
    return Counter(word.rstrip(":") for word in encodable(text, encoding).split() if re.search(r"\d", word))


SMALL = """
title       = "Ketamine potentiates within 2 h"
hypothesis  = "Block of NMDA receptors lets AMPA synapses grow."
source      = "krystal2024"
model       = "circuits/cortical_column"
seeds       = [1, 2, 3]
begin       = "-30 minute"
duration    = "2.5 hour"
body_weight = "70 kg"

[[arms]]
name = "vehicle"

[[arms]]
name  = "ketamine"
doses = [{ drug = "ketamine", mg_per_kg = 0.5, route = "intravenous", at = "0 minute", duration = "40 minute" }]

[[record]]
quantity = "ampar_scaling.AMPAR_scale"
every    = "30 minute"

[[record]]
quantity = "pyramidal.firing_rate"
at       = ["2 hour"]

[[predict]]
id       = "T1_rapid"
quantity = "ampar_scaling.AMPAR_scale"
at       = "2 hour"
claim    = "ketamine > vehicle"
margin   = 0.05
source   = "krystal2024"
"""


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs whose verdicts are printed one by one, and by hypothesis."""
    folder = tmp_path_factory.mktemp("runs")
    for name, more in (("plain", ""), ("crossed", 'hypotheses = ["H1", "H2"]\n')):
        (folder / f"{name}.toml").write_text(more + SMALL, encoding="utf-8")
        store_run(folder / name, folder / f"{name}.toml")
    return folder


COMMANDS = [
    "list", "list manipulations", "show circuits/cortical_column", "show ketamine_rapid_and_sustained",
    "show studies/siegel2021_resting_fc", "show brains/brain19", "show participants/adults", "show tasks/go_nogo",
    "show evidence/receptors", "check models experiments", "judge plain", "judge crossed",
    "emulator show circuits/cortical_column", "emulator ask circuits/cortical_column --at block_pv.b=0.1", "cache",
    "sweep status sweep", "sensitivity sweep --quantity a.b --at 3hour --arm one",
    "tune-background-rates circuits/cortical_column", "study siegel2021_resting_fc", "check nothing", "show nothing",
]  # fmt: skip


def small_results(patch: pytest.MonkeyPatch) -> None:
    """Made-up results of what takes long, with numbers of every kind."""
    shares = [Share("dose", 0.12345, 0.0234, 0.5, 0.1), Share("eef2k.tau_K", -1.5e-5, 12, None, None)]
    patch.setattr(msim.sweep.sensitivity, "sensitivity", lambda *_: shares)
    rates = [SimpleNamespace(path=f"background_{name}.rate", before="1234.5 Hz", after="0.00123 kHz", population=name,
                             wanted=12.34, reached=9.87654) for name in ("pyramidal", "pv")]
    patch.setattr(msim.calibration.background_rates, "background_rates", lambda *_: rates)
    cohort = SimpleNamespace(study=read_study("siegel2021_resting_fc"))
    rows = (Test("FC within DMN: patients - controls", -0.123, -0.25, -1e-5, "t", -3.21, 37.5, 0.0031, -0.53, 40),)
    found = SimpleNamespace(cohort=cohort, rows=rows, facts={"cells at rest": "2.5 Hz"}, details=None)
    patch.setattr(msim.studies.run, "run_study", lambda *_: found)
    entries = [SimpleNamespace(folder=Path("0123456789abcdef0123"), network="pyramidal, pv", made="2026-01-02 03:04",
                               seconds=4.25, size=1_234_567)]
    patch.setattr(msim.backends.cpp.cache, "entries", lambda: entries)
    plan = SimpleNamespace(design=SimpleNamespace(axes=[SimpleNamespace(name="dose")]))
    failed = {"dose": "0.125 mg/kg", "arm": "ketamine", "seed": 12345, "status": "failed",
              "reason": "SimulationError: pyramidal: 1234 Hz at 12.5 minute is more than 500 Hz"}  # fmt: skip
    for name, value in {
        "latest_plan": lambda root: root, "read_plan": lambda path: plan, "TrialStore": lambda root: root,
        "status": lambda *_: Status(1200, 1100, 1, 99, 2, 0.0123, 8130.0), "rows": lambda *_: [failed],
    }.items():  # fmt: skip
        patch.setattr(msim.cli.sweeping, name, value)


def remember(patch: pytest.MonkeyPatch) -> None:
    """Read each file once, as reading takes longer than printing."""
    for module, name in (
        (msim.definitions.files.file_kinds, "read_definition"), (msim.definitions.models.read_model, "read_model"),
        (msim.definitions.files.titles, "shipped_titles"), (msim.cli.emulator, "_emulator"),
        (msim.storage.run_store, "open_run"),
    ):  # fmt: skip
        patch.setattr(module, name, functools.cache(getattr(module, name)))
    checked = functools.cache(lambda paths, further: msim_check(list(paths), further))
    msim_check = msim.definitions.models.checks.check_files
    patch.setattr(msim.definitions.models.checks, "check_files", lambda paths, further: checked(tuple(paths), further))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_number_is_whole_on_every_terminal(
    command: str, screen: Screen, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit status and numbers are those of a terminal on which nothing has to be broken."""
    small_results(monkeypatch)
    remember(monkeypatch)
    monkeypatch.chdir(stored if "judge" in command else shipped("models").parent)
    status, wanted, errors = screen(command.split(), WIDEST, "utf-8")
    assert wanted or errors
    for columns, encoding in SCREENS:
        found = screen(command.split(), columns, encoding)
        assert (found[0], found[2]) == (status, encodable(errors, encoding))
        assert numbers(found[1], encoding) >= numbers(wanted, encoding), (columns, encoding)
        verdicts = [line.split() for line in wanted.splitlines() if " agree" in line]
        assert all(" ".join(line) in " ".join(found[1].split()) for line in verdicts)


@pytest.mark.parametrize(("given_size", "wanted"), [
    ("0", 80), ("", 80), ("abc", 80), ("-5", 80), ("1.5", 80), ("\u00b2", 80), ("\u0664\u0660", 80), ("1", 20),
    ("19", 20), ("0132", 132), ("9" * 5000, 9999),
])  # fmt: skip
def test_a_width_is_one_that_can_be_laid_out_for(
    given_size: str, wanted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no number above 0 is none."""
    monkeypatch.setenv("COLUMNS", given_size)
    monkeypatch.setattr(msim.cli.terminal, "_columns_of", lambda number: 0)
    assert width() == wanted


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
NUMBERS = st.floats(allow_nan=False).map("{:.6g}".format) | st.integers().map(str)
CELLS = st.lists(NUMBERS | WORDS | st.sampled_from(["\n", "mM", "..", "\u2026"]), max_size=6).map(
    lambda words: "\n".join(line.strip() for line in " ".join(words).split("\n"))
)  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """Heads and rows."""
    count = draw(st.integers(1, 6))
    return draw(st.lists(CELLS, min_size=count, max_size=count)), draw(
        st.lists(st.lists(CELLS, min_size=count, max_size=count), max_size=4)
    )


@settings(max_examples=150, deadline=None)
@given(table=tables(), columns=st.integers(0, 250), encoding=st.sampled_from(["ascii", "latin-1", "utf-8"]))
def test_no_table_breaks_a_word(table: tuple[list[str], list[list[str]]], columns: int, encoding: str) -> None:
    """Whatever stands in it; and no line is wider than the terminal but for a word that is."""
    heads, rows = table
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        patch.setattr(sys, "stdout", stream)
        words = Counter(word for row in rows for cell in row for word in plain(cell).plain.split())
        room = max([width(), *(cell_len(word) + 2 for one in [*heads, *words] for word in plain(one).plain.split())])
        print_table("", heads, rows)
        print_grid([[plain(cell) for cell in row] for row in rows], 2)
        stream.flush()
        shown = stream.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    assert all(Counter(shown.split())[word] >= 2 * count for word, count in words.items())
    assert all(cell_len(line) <= room + 2 for line in shown.split("\n"))


@given(text=CELLS, columns=st.integers(1, 40))
def test_lines_are_as_full_as_words_allow(text: str, columns: int) -> None:
    """None could take the first word of the next one, and together they are the text."""
    for line in (" ".join(one.split()) for one in text.split("\n")):
        parts = [one.plain for one in wrapped(plain(line), columns)]
        assert " ".join(parts).split() == plain(line).plain.split()
        for one, other in zip(parts, parts[1:], strict=False):
            assert cell_len(f"{one} {other.split()[0]}") > columns


class Gone(io.RawIOBase):
    """What nobody reads, or a full disk: it takes so many bytes, and then fails."""

    def __init__(self, problem: int, takes: int = 0) -> None:
        self.problem, self.takes, self.taken = problem, takes, b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if len(self.taken) >= self.takes:
            raise OSError(self.problem, os.strerror(self.problem))
        self.taken += bytes(data)
        return len(data)


def run_into(
    out: io.RawIOBase, err: io.RawIOBase, arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> int:
    """Exit status of a command whose standard streams are these."""
    streams = [io.TextIOWrapper(io.BufferedWriter(one, 64), encoding="utf-8") for one in (out, err)]
    monkeypatch.setattr(sys, "argv", ["msim", *arguments])
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        for one in streams:
            with suppress(OSError):
                one.detach()  # as what is left in it would fail again
    return 0


@pytest.mark.parametrize("takes", [0, 1, 100])
def test_a_reader_that_leaves_stops_no_work(takes: int, stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `| head -1` does: what is to be written is written, with the status of a command that is read to its end."""
    monkeypatch.chdir(stored)
    (stored / "plain" / "verdict.json").unlink(missing_ok=True)
    for arguments, status in ((["judge", "crossed", "plain"], 0), (["judge", "nothing"], 2)):
        assert run_into(Gone(errno.EPIPE, takes), Gone(errno.EPIPE, takes), arguments, monkeypatch) == status
    assert (stored / "plain" / "verdict.json").is_file()


def test_a_full_disk_under_standard_output_is_said(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line, with a status that is not 0; one under standard error stops nothing."""
    monkeypatch.chdir(stored)
    said = Gone(errno.EPIPE, 10_000)
    assert run_into(Gone(errno.ENOSPC), said, ["judge", "plain"], monkeypatch) == 7
    wanted = "msim: the disk is full: standard output cannot be written: No space left on device\n"
    assert said.taken.decode() == wanted
    assert run_into(io.BytesIO(), Gone(errno.ENOSPC), ["judge", "plain"], monkeypatch) == 0  # type: ignore[arg-type]
    assert run_into(io.BytesIO(), Gone(errno.ENOSPC), ["judge", "no"], monkeypatch) == 2  # type: ignore[arg-type]


def test_a_terminal_that_is_gone_stops_no_work() -> None:
    """Whose window was closed over a command that goes on."""
    ours, theirs = pty.openpty()
    with open(theirs, "w", encoding="utf-8") as terminal:
        stream = msim.cli.terminal.SteadyStream(terminal, "standard output")
        os.close(ours)
        stream.write("nobody sees it")
        stream.flush()


CLOSED = {
    "no stderr": "judge plain 2>&-", "none": "judge plain <&- >&- 2>&-", "no stdin": "judge plain <&-",
    "left": "judge plain | head -1", "refused": "judge nothing 2>&-",
}  # fmt: skip


@pytest.mark.parametrize("name", CLOSED)
def test_closed_streams_change_neither_status_nor_files(name: str, stored: Path) -> None:
    """In real processes, whose next file would get the number of a closed stream."""
    (stored / "plain" / "verdict.json").unlink(missing_ok=True)
    command = f"set -o pipefail; {sys.executable} -m msim {CLOSED[name]}"
    done = subprocess.run(["bash", "-c", command], cwd=stored, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == ((2, "") if name == "refused" else (0, ""))
    if name != "refused":
        assert json.loads((stored / "plain" / "verdict.json").read_text(encoding="utf-8"))
    title = "plain: 3 seeds\n"
    assert done.stdout.startswith(title) if name in ("no stderr", "no stdin", "left") else done.stdout == ""


class Terminal(io.StringIO):
    """A terminal of some encoding."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        text.encode(self.encoding)
        return super().write(text)


def shown_bars(columns: str, encoding: str, patch: pytest.MonkeyPatch) -> str:
    """The last look of bars on a terminal, without its escapes and times."""
    terminal = Terminal(encoding)
    patch.setattr(sys, "stderr", msim.cli.terminal.SteadyStream(terminal, ""))
    patch.setenv("COLUMNS", columns)
    patch.setenv("TERM", "xterm")
    with bars("12 trials", 12, 3) as (shown, whole):
        part = add_part(shown, "ketamine [bold]no[/], seed 12345")
        shown.update(part, completed=0.47, phase="at 2.35 hour (burst: 12 of 40 s)")
        shown.update(whole, completed=6, phase="6 of 12")
        say_beside(shown, "point 7: failed: 1234 Hz\u2026")
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\d:\d\d:\d\d", "", terminal.getvalue())


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("columns", ["20", "40", "80"])
def test_bars_lose_no_digit(columns: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """How far things are is whole on a narrow terminal too."""
    wanted = shown_bars("200", "utf-8", monkeypatch)
    assert "ketamine [bold]no[/], seed 12345  47 % at 2.35 hour (burst: 12 of 40 s)" in wanted
    assert set(numbers(wanted, encoding)) <= set(numbers(shown_bars(columns, encoding, monkeypatch), encoding))


def test_progress_is_one_line_on_a_terminal_and_lines_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said later covers what was said before; a file or a terminal that cannot go back gets no returns."""
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("TERM", "xterm")
    terminal, file = Terminal("utf-8"), io.StringIO()
    for stream, term in ((terminal, "xterm"), (file, "xterm"), (dumb := Terminal("utf-8"), "dumb")):
        monkeypatch.setenv("TERM", term)
        monkeypatch.setattr(sys, "stderr", stream)
        show_progress("far too long for a line of twenty", False)
        show_progress("12 of 12", True)
    assert terminal.getvalue() == f"\r{'far too long for a line of twenty'[:19]}\r{'12 of 12':<19}\n"
    assert file.getvalue() == dumb.getvalue() == "far too long for a line of twenty\n12 of 12\n"


def test_nothing_prints_tables_by_itself() -> None:
    """Else it would be held by none of the tests here."""
    folder = Path(msim.cli.__file__).parent
    makers = {path.name for path in folder.glob("*.py") if re.search(
        r"rich\.(console|table|progress|live|panel|columns|pretty)\b|^\s*print\((?!.*file=file)|\\r",
        path.read_text(encoding="utf-8"), re.MULTILINE,
    )}  # fmt: skip
    assert makers == {"tables.py", "bars.py", "terminal.py"}
