"""Definition files are data: whatever stands in them, reading executes nothing and writes nothing."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from edits import EXPERIMENT, MODEL, edited

from msim.base.errors import LONGEST_MESSAGE, DefinitionError, InputError, printable
from msim.base.quantities import parse_quantity
from msim.cli.show_text import print_experiment, print_model
from msim.definitions.experiments.claims import parse_claim
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import build_experiment, read_experiment
from msim.definitions.files.file_kinds import files_of, read_definition
from msim.definitions.files.read import read_entries, shipped
from msim.definitions.files.schema import ExperimentFile
from msim.definitions.models.read_model import read_model, read_model_beside, read_model_texts
from msim.definitions.models.tables import experiment_tables, model_tables

CANARY = "written_by_a_definition"
HOSTILE = {
    "import": f"__import__('os').system('touch {CANARY}')",
    "import in a product": f"2 * __import__('os').system('touch {CANARY}')",
    "open": f"open('{CANARY}', 'w')",
    "condition": f"1 if open('{CANARY}', 'w') else 2",
    "lambda": "(lambda: 1)()",
    "comprehension": f"[open('{CANARY}', 'w') for _ in (1,)]",
    "f-string": f"f\"{{open('{CANARY}', 'w')}}\"",
    "format": "{0.__class__.__init__.__globals__}",
    "percent": "%(x)s %n %s",
    "attributes": "().__class__.__bases__[0].__subclasses__()",
    "walrus": "(second := 1)",
    "tower of powers": "9**9**9**9",
    "tower of brackets": "(" * 10_000 + ")" * 10_000,
    "row of minus signs": "-" * 119 + "1",
    "very long": "x" * 30_000,
    "very blank": " " * 30_000,
    "null byte": "second\0",
    "two lines": "1 second\n2 second",
    "escape sequence": "\x1b[31mred\x1b[0m",
    "right to left": "\u202e1 second",
    "foreign digits": "\u0661 second",
    "foreign letters": "1 ｓｅｃｏｎｄ",
    "shell": f"$(touch {CANARY}); `touch {CANARY}` | tee {CANARY}",
    "markup": "[red]x[/red] [/] [link=file:///etc/passwd]y[/link] :smile:",
    "path": "../../../../etc/passwd",
    "class": "__class__",
    "dots": "a.b.c",
    "nothing": "",
}

NOTED = 'source = "assumed", note = "a test"'
# Where the string goes: file, table, key, and the TOML around it, in which X is the quoted string.
PLACES = (
    (MODEL, "", "title", "X"),
    (MODEL, "", "notes", "X"),
    (MODEL, "", "X", "1"),
    (MODEL, "column", "n_cells", "{ value = X, " + NOTED + " }"),
    (MODEL, "column", "n_cells", '{ value = 100, source = X, note = "a test" }'),
    (MODEL, "column", "n_cells", '{ value = 100, source = "assumed", note = X }'),
    (MODEL, "column", "n_cells", "{ same_as = X }"),
    (MODEL, "column", "n_cells", "{ X = 1 }"),
    (MODEL, "mechanisms.X", "form", '"ampa"'),
    (MODEL, "mechanisms.own", "form", "X"),
    (MODEL, "mechanisms.own", "form", '"ampa"\nX = 1'),
    (MODEL, "mechanisms.own", "form", '"eef2k"\non = X'),
    (MODEL, "projections.pv_to_pv", "to", "X"),
    (MODEL, "projections.pv_to_pv", "peak.X", '{ value = "1 nS", ' + NOTED + " }"),
    (MODEL, "links.potential_of_pv", "from", "X"),
    (MODEL, "links.potential_of_pv", "to", "X"),
    (MODEL, "manipulations.X", "kind", '"mutant"\nmeaning = "x"\nset = { "eef2k.n" = { value = 4, ' + NOTED + " } }"),
    (MODEL, "manipulations.GluA2", "meaning", "X"),
    (MODEL, "manipulations.GluA2", "set", "{ X = { value = 1, " + NOTED + " } }"),
    (EXPERIMENT, "", "title", "X"),
    (EXPERIMENT, "", "source", "X"),
    (EXPERIMENT, "", "duration", "X"),
    (EXPERIMENT, "", "body_weight", "X"),
    (EXPERIMENT, "set", "X", "1"),
    (EXPERIMENT, "set", '"eef2k.tau_K"', "X"),
    (EXPERIMENT, "arms.1", "name", "X"),
    (EXPERIMENT, "arms.1", "meaning", "X"),
    (EXPERIMENT, "arms.1", "knockout", "[X]"),
    (EXPERIMENT, "arms.1", "doses", '[{ drug = X, route = "intravenous", mg = 1, at = "0 s" }]'),
    (EXPERIMENT, "arms.1", "doses", '[{ drug = "ketamine", route = X, mg = 1, at = "0 s" }]'),
    (EXPERIMENT, "arms.1", "doses", '[{ drug = "ketamine", route = "intravenous", mg = 1, at = X }]'),
    (EXPERIMENT, "record.4", "quantity", "X"),
    (EXPERIMENT, "record.4", "every", "X"),
    (EXPERIMENT, "predict.0", "id", "X"),
    (EXPERIMENT, "predict.0", "claim", "X"),
    (EXPERIMENT, "predict.0", "source", "X"),
)

_done: list[str] = []
_watching = False
STARTS_SOMETHING = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "socket.connect")
CHANGES_FILES = ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.truncate")


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching:
        return
    writes = event == "open" and isinstance(arguments[1], str) and not set(arguments[1]) <= set("rbtU")
    if event in STARTS_SOMETHING or event in CHANGES_FILES or writes:
        _done.append(f"{event} {arguments}")


@contextmanager
def nothing_done() -> Iterator[None]:
    """Fail where the interpreter starts a process, opens a connection or changes a file."""
    global _watching
    _done.clear()
    _watching = True
    try:
        yield
    finally:
        _watching = False
    assert _done == []


@pytest.fixture(scope="module", autouse=True)
def _hook() -> None:
    sys.addaudithook(_watch)


@pytest.fixture(scope="module")
def shipped_experiment() -> ExperimentDefinition:
    """The experiment that the strings are put into, and its model."""
    return read_experiment(shipped("experiments") / Path(EXPERIMENT).name)


def accepted(file: str, table: str, key: str, value: str, shipped_one: ExperimentDefinition) -> Callable[[], Any]:
    """Read the shipped model or experiment with one change; what is accepted can be shown and printed as JSON."""
    if file == EXPERIMENT:
        text = edited(shipped_one.text, table, key, value)
        entry = read_entries(text, file, ExperimentFile)
        experiment = build_experiment(entry, "own", file, text, shipped_one.model, {})
        return partial(show, print_experiment, experiment_tables, experiment)
    texts = {
        name: edited(text, table, key, value) if name.endswith(Path(MODEL).name) else text
        for name, text in shipped_one.model.files.items()
    }
    model = read_model_texts("own", texts)
    return partial(show, print_model, model_tables, model)


def show(as_text: Callable[[Any], None], as_tables: Callable[[Any], Any], found: Any) -> None:
    """What msim show does, with and without --json."""
    as_text(found)
    json.dumps(as_tables(found), allow_nan=False)


def quoted(text: str) -> str:
    """A TOML string with whatever is in the text."""
    return json.dumps(text, ensure_ascii=False)


def test_the_watch_sees_what_must_not_happen(tmp_path: Path) -> None:
    """Else the tests below would pass whatever was done."""
    for act in (lambda: (tmp_path / "x").mkdir(), lambda: (tmp_path / "y").write_text("z"), lambda: os.system("true")):
        with pytest.raises(AssertionError), nothing_done():
            act()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_string_is_refused_or_harmless(
    name: str, shipped_experiment: ExperimentDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it stands."""
    monkeypatch.chdir(tmp_path)
    hostile = quoted(HOSTILE[name])
    for file, *place in PLACES:
        table, key, value = (part.replace("X", hostile) for part in place)
        with nothing_done():
            try:
                accepted(file, table, key, value, shipped_experiment)
            except InputError as problem:
                assert problem.exit_status == 2 and str(problem).isprintable() and len(str(problem)) <= LONGEST_MESSAGE
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["markup", "escape sequence", "right to left", "null byte", "two lines", "format"])
def test_a_hostile_text_is_shown_as_it_is_written(
    name: str, shipped_experiment: ExperimentDefinition, capsys: pytest.CaptureFixture[str]
) -> None:
    """Brackets and colons are no colors and faces, and the terminal gets nothing to obey."""
    for file, table, key in ((EXPERIMENT, "", "title"), (EXPERIMENT, "arms.1", "meaning"), (MODEL, "", "title")):
        shown_by = accepted(file, table, key, quoted(HOSTILE[name]), shipped_experiment)
        with nothing_done():
            shown_by()
        shown = capsys.readouterr().out
        assert all(one.isprintable() or one == "\n" for one in shown)
        lines = [printable(line) for line in HOSTILE[name].split("\n")]
        assert all(" ".join(line.split()) in " ".join(shown.split()) for line in lines)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_leads_to_no_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a model, as an include, or in the command line."""
    monkeypatch.chdir(tmp_path)
    include = tmp_path / "include.toml"
    include.write_text(f"include = [{quoted(HOSTILE[name])}]")
    for read in (
        lambda: read_model(include),
        lambda: read_model(HOSTILE[name]),
        lambda: read_model_beside(tmp_path / "own.toml", HOSTILE[name], "here"),
        lambda: read_experiment(HOSTILE[name]),
        lambda: [read_definition(path) for path in files_of([HOSTILE[name] or "?"])],
    ):
        with nothing_done(), pytest.raises(InputError) as refused:
            read()
        assert str(refused.value).isprintable() and len(str(refused.value)) <= LONGEST_MESSAGE
    assert list(tmp_path.iterdir()) == [include]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_quantity_is_refused(name: str) -> None:
    """But for signs, which are arithmetic."""
    with nothing_done():
        if name == "row of minus signs":
            assert float(parse_quantity(HOSTILE[name], "here")) == -1
            return
        with pytest.raises(DefinitionError, match="^here: "):
            parse_quantity(HOSTILE[name], "here")


@pytest.mark.parametrize("text", ["(" * 100_000 + "1" + ")" * 100_000, "1" + "**2" * 100_000, "1*" * 900_000 + "1"])
def test_a_tower_of_arithmetic_is_refused_at_once(text: str) -> None:
    """Its length is looked at before its content."""
    with pytest.raises(DefinitionError, match="got a text of [0-9]+ characters"):
        parse_quantity(text, "here")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_claim_is_refused(name: str) -> None:
    """On either side of a relation, and as a time."""
    for claim in (HOSTILE[name], f"a > {HOSTILE[name]}", f"{HOSTILE[name]} = a", f"a > b at {HOSTILE[name]}"):
        with nothing_done(), pytest.raises(DefinitionError, match="^here: "):
            parse_claim(claim, ("a", "b"), 0.0, "here")
