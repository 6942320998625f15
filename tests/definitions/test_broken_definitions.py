"""Wrong models and experiments are refused with file, key, what was wanted and what came; nothing is written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from broken_experiments import BROKEN_EXPERIMENTS
from broken_models import BROKEN_MODELS
from edits import EXPERIMENT, MODEL, Edit

from msim.base.errors import LONGEST_MESSAGE, InputError
from msim.definitions.experiments.experiment import read_experiment
from msim.definitions.files.read import shipped
from msim.definitions.models.checks import check_files
from msim.definitions.models.interventions import manipulated
from msim.definitions.models.read_model import read_model


def cases(groups: dict[str, list[Edit]]) -> list[object]:
    """One test a change, named as it."""
    return [pytest.param(one, id=f"{group}: {one.name}") for group, edits in groups.items() for one in edits]


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the shipped models and experiments, in which the test runs."""
    for kind in ("models", "experiments"):
        shutil.copytree(shipped(kind), tmp_path / kind, ignore=shutil.ignore_patterns("emulators"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def everything(root: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file() and not path.is_symlink()}


def refusal(copy: Path, read: Callable[[], object]) -> str:
    """The one line with which a definition is refused."""
    before = everything(copy)
    with pytest.raises(InputError) as refused:
        read()
    assert refused.value.exit_status == 2
    assert everything(copy) == before
    message = str(refused.value)
    assert message.isprintable() and len(message) <= LONGEST_MESSAGE
    return message


def test_the_unchanged_copies_are_accepted(copy: Path) -> None:
    """So every refusal below is due to its one change."""
    experiment = read_experiment(Path(EXPERIMENT))
    assert MODEL in experiment.model.files
    assert not check_files(["models", "experiments"])[1]


@pytest.mark.parametrize("edit", cases(BROKEN_MODELS))
def test_a_wrong_model_is_refused(edit: Edit, copy: Path) -> None:
    edit.apply(copy)
    message = refusal(copy, lambda: read_model(Path(MODEL)))
    place, *wanted = edit.wanted
    assert message.split(": ")[0].endswith(".toml")
    assert place in message.partition(": ")[2]
    for one in wanted:
        assert one in message


@pytest.mark.parametrize("edit", cases(BROKEN_EXPERIMENTS))
def test_a_wrong_experiment_is_refused(edit: Edit, copy: Path) -> None:
    edit.apply(copy)
    message = refusal(copy, lambda: read_experiment(Path(EXPERIMENT)))
    place, *wanted = edit.wanted
    assert message.split(": ")[0].endswith(".toml")
    assert place in message.partition(": ")[2]
    for one in wanted:
        assert one in message


@pytest.mark.parametrize("name", ["arms", "record"])
def test_an_experiment_without_arms_or_recordings_is_refused(name: str, copy: Path) -> None:
    """Whether the tables are left out or there are none of them."""
    path = copy / EXPERIMENT
    tables = path.read_text().split("\n[[")
    path.write_text("\n[[".join(one for one in tables if not one.startswith(f"{name}]]")))
    message = refusal(copy, lambda: read_experiment(Path(EXPERIMENT)))
    assert message == f"{EXPERIMENT}: {name}: missing key '{name}'"
    path.write_text(f"{name} = []\n" + path.read_text())
    message = refusal(copy, lambda: read_experiment(Path(EXPERIMENT)))
    assert message == f"{EXPERIMENT}: {name}: wants at least one entry, got []"


def test_a_field_cannot_be_predicted_between_probes(copy: Path) -> None:
    """Bands of the field are known at probes only, although other readouts are known at samples."""
    for key, value in (("quantity", '"gamma.power"'), ("at", '"1 hour"'), ("margin", '"1 A^2"')):
        Edit("", EXPERIMENT, "predict.0", key, value, ()).apply(copy)
    message = refusal(copy, lambda: read_experiment(Path(EXPERIMENT)))
    assert "predict.0.at: 'gamma.power' is not recorded at 1 hour: wants one of " in message


def test_two_manipulations_of_one_value_are_refused(copy: Path) -> None:
    """Else their order in the file would decide."""
    edit = Edit(
        "", MODEL, "manipulations.half", "kind", '"mutant"\nmeaning = "half of the kinase"\n'
        'set = { "eef2k.eEF2K" = { value = 0.5, source = "assumed", note = "a test" } }', (),
    )  # fmt: skip
    edit.apply(copy)
    Edit("", EXPERIMENT, "arms.3", "mutant", '["half"]', ()).apply(copy)
    message = refusal(copy, lambda: read_experiment(Path(EXPERIMENT)))
    assert "arms.3.mutant.0: wants one change of 'eef2k.eEF2K', got mutant 'half' after knockout 'eEF2K'" in message


def test_a_manipulation_may_follow_a_value_of_the_model(copy: Path) -> None:
    """It takes over the number, not nothing."""
    text = '{ "bdnf_trkb.TrkB" = { same_as = "bdnf_trkb.K_T" } }'
    Edit("", MODEL, "manipulations.GluA2", "set", text, ()).apply(copy)
    changed = manipulated(read_model(Path(MODEL)), "knockout", "GluA2")
    assert changed["bdnf_trkb.TrkB"] == changed["bdnf_trkb.K_T"] > 0


def instead_of(path: Path, make: Callable[[], object]) -> Callable[[], None]:
    """Take the file away and put something else in its place."""

    def change() -> None:
        path.unlink()
        make()

    return change


def unreadable(path: Path) -> dict[str, tuple[Callable[[], object], str]]:
    """What may stand where a definition file is looked for, and what is said of it."""
    too_long = "wants at most 2000000 bytes, got 3000000"
    deep = "title = " + ("{" + ".".join("abcdefghijkl") + "=") * 90 + "1" + "}" * 90
    return {
        "a link to nothing": (instead_of(path, lambda: path.symlink_to(path.parent / "gone")), "No such file"),
        "a link to itself": (instead_of(path, lambda: path.symlink_to(path)), "cannot be read"),
        "a folder": (instead_of(path, path.mkdir), "wants a file, got a folder"),
        "a pipe": (instead_of(path, partial(os.mkfifo, path)), "wants a file, got a folder or a device"),
        "bytes": (lambda: path.write_bytes(bytes(range(256))), "wants a text in UTF-8, got other bytes"),
        "Latin-1": (lambda: path.write_bytes('title = "Ströme"'.encode("latin-1")), "wants a text in UTF-8"),
        "nothing in it": (lambda: path.write_text(""), "wants a model or an experiment, got an empty file"),
        "a comment in it": (lambda: path.write_text("# later"), "wants a model or an experiment, got an empty file"),
        "no TOML": (lambda: path.write_text("title: x"), "is not TOML: Expected '='"),
        "half of it": (lambda: path.write_text(path.read_text()[:-9]), "is not TOML: "),
        "much of it": (lambda: path.write_text("#" * 3_000_000), too_long),
        "a deep list": (lambda: path.write_text("title = " + "[" * 9000), "nested too deeply"),
        "a deep table": (lambda: path.write_text("title = " + "{a=" * 200 + "1" + "}" * 200), "at most 16 levels"),
        "a long key": (lambda: path.write_text(".".join("a" * 100_000) + " = 1"), "line 1: wants keys of fewer than"),
        "a long header": (lambda: path.write_text("\n[" + " . ".join(["'b'"] * 9000) + "]"), "line 2: wants keys of"),
        "deep keys in deep tables": (lambda: path.write_text(deep), "at most 16 levels"),
    }


@pytest.mark.parametrize("what", unreadable(Path()))
@pytest.mark.parametrize("file", [MODEL, EXPERIMENT])
def test_an_unreadable_file_is_refused(file: str, what: str, copy: Path) -> None:
    """By msim check, which has to decide first what kind of file it is; the message names it."""
    path = copy / file
    for other in path.parent.rglob("*.toml"):  # which would be checked along with it
        if other != path:
            other.unlink()
    make, said = unreadable(path)[what]
    make()
    before = everything(copy)
    rows, problems = check_files([str(path.relative_to(copy).parent)])
    assert [row[2] for row in rows if row[0] == file] == ["refused"] and everything(copy) == before
    (message,) = problems
    assert message.startswith(f"{file}: ") and said in message
    assert message.isprintable() and len(message) <= LONGEST_MESSAGE


def test_a_complaint_about_a_part_is_made_once(copy: Path) -> None:
    """Although the model, the experiment and the part itself each come upon it."""
    Edit("", "models/receptors/nmdar.toml", "mechanisms.nmda", "Mg_o", "3", ()).apply(copy)
    rows, problems = check_files(["models", "experiments"])
    assert sum(row[2] == "refused" for row in rows) >= 3 and len(problems) == 1


def test_a_part_that_no_model_includes_is_checked_too(copy: Path) -> None:
    """Sources and units of its wiring; its links need a model."""
    text = '[projections.x]\nfrom = "a"\nto = "b"\n' + "\n".join(
        f'{key} = {{ value = {value}, source = "assumed", note = "a test" }}'
        for key, value in (
            ("in_degree", "1"), ("weight_sigma", "0"), ("delay_low", '"1 ms"'), ("delay_high", '"2 kg"'),
            ("peak.ampa", '"1 nS"'),
        )
    )  # fmt: skip
    (copy / "models" / "own.toml").write_text(text)
    _, problems = check_files(["models"])
    assert problems == ["models/own.toml: projections.x.delay_high: wants a value in s, got '2 kg'"]


def test_a_chain_of_includes_comes_to_an_end(copy: Path) -> None:
    for number in range(40):
        (copy / "models" / f"chain{number}.toml").write_text(f'include = ["chain{number + 1}"]')
    (copy / "models" / "chain40.toml").write_text("")
    message = refusal(copy, lambda: read_model(Path("models/chain0.toml")))
    assert "include: wants at most 20 files including one another" in message


def test_a_model_without_mechanisms_is_none(copy: Path) -> None:
    (copy / "models" / "own.toml").write_text('title = "nothing"')
    message = refusal(copy, lambda: read_model(Path("models/own.toml")))
    assert message == "models/own.toml: wants a model with at least one mechanism, got none"


def test_a_byte_order_mark_does_no_harm(copy: Path) -> None:
    """Some editors write one in front of any UTF-8 text."""
    path = copy / EXPERIMENT
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_experiment(Path(EXPERIMENT)).arms
