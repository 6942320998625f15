"""A report holds everything that was asked, found and assumed, and obeys nothing of it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from plotted_run import begin_run, store_run
from reported import HOSTILE, STATISTICS, hostile_experiment, study_folder, text_of, words
from typer.testing import CliRunner

from msim.base.errors import InputError, SimulationError
from msim.cli import app
from msim.definitions.files.citations import cited, known_sources
from msim.definitions.files.read import shipped
from msim.definitions.studies.analysis import analyses
from msim.plots.experiment import experiment_of
from msim.report.limits import EMULATOR, FILES, PEOPLE, limits, limits_section
from msim.report.optional_imports import require_pages
from msim.report.page import html_of
from msim.report.write import page_of, write_report
from msim.storage.run_store import Run
from msim.storage.trial_store import prepare_own, write_failure_record
from msim.verdicts.verdict import judge
from msim.verdicts.verdict_text import interval_text, number_text


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return store_run(tmp_path_factory.mktemp("report") / "run")


@pytest.fixture(scope="module")
def page(run: Run) -> str:
    return html_of(page_of(run.path))


@pytest.fixture(scope="module")
def text(page: str) -> str:
    return text_of(page)


def test_every_verdict_is_there_with_effect_and_interval(run: Run, text: str) -> None:
    verdicts = judge(run)
    assert len(verdicts) == 9
    for one in verdicts:
        row = text[text.index(f" {one.id} {one.verdict} {one.outcome_was} {one.claim}") :][:400]
        assert number_text(one.effect, one.margin) in row
        assert interval_text(one.ci, one.margin).replace(" .. ", " to ") in row
        assert cited(one.source, known_sources()) in row


def test_every_parameter_is_there_with_value_unit_and_source(run: Run, page: str) -> None:
    model, known = experiment_of(run).model, known_sources()
    rows = {}
    for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", page, flags=re.DOTALL):
        cells = [text_of(one) for one in re.findall(r"<t[hd].*?</t[hd]>", row, flags=re.DOTALL)]
        rows[cells[0]] = cells
    assert len(model.values) > 700
    for path, value in model.values.items():
        holds = model.resolved(path)
        _, told, meaning, source, note = rows[path]
        assert words(holds.text) in told and meaning == words(value.meaning)
        assert cited(holds.source, known) in source and words(holds.note) == note
        assert not re.fullmatch(r"[-+0-9.eE]+", told), "a bare number says that it has no unit"


def test_every_arm_and_every_recorded_quantity_is_there(run: Run, text: str) -> None:
    experiment = experiment_of(run)
    for arm in experiment.arms:
        assert f"{arm.name} {words(arm.meaning)}" in text
    for name in experiment.quantities:
        assert name in text
    assert words(experiment.hypothesis) in text and experiment.title in text


def test_works_and_provenance_are_there(run: Run, text: str) -> None:
    about = run.provenance
    for wanted in (about["commit"], about["host"]["name"], about["started"], "brian2 " + about["versions"]["brian2"]):
        assert wanted in text
    for name in about["model"]["files"]:
        assert f"Model file as it was run: {name}" in text
    assert known_sources()["krystal2024"].title in text


def test_each_known_limit_is_said_in_one_place_and_has_a_use() -> None:
    """A heading that is renamed in the text would silently leave reports."""
    assert set(limits()) == {*FILES, EMULATOR, PEOPLE, *(one.limits for one in analyses().values())}
    assert all(limits().values())


def test_the_limits_of_a_page_are_those_of_its_parts(text: str) -> None:
    assert all(title in text for title in FILES) and "The mean-field emulator" not in text
    titles = [block.title for block in limits_section(["my.toml"], emulator=True).blocks]  # type: ignore[union-attr]
    assert titles == [EMULATOR]
    only = limits_section(["models/circuits/cortical_column.toml"], analysis="meg_dcm")
    assert [block.title for block in only.blocks][-3:] == [EMULATOR, PEOPLE, "MEG and DCM"]  # type: ignore[union-attr]


def test_a_page_asks_no_network(page: str) -> None:
    assert "default-src 'none'" in page
    assert re.findall(r"<(?:script|img|link|iframe)[^>]*\b(?:src|href)=", page) == []


def test_hostile_words_are_text(tmp_path: Path) -> None:
    found = store_run(tmp_path / "run", hostile_experiment(tmp_path))
    made = html_of(page_of(found.path))
    assert "<script>document.title" not in made and "49 </style>" not in text_of(made)
    assert text_of(made).count(words(HOSTILE)) >= 3  # title, hypothesis, an arm's meaning


def test_a_study_is_set_beside_what_was_reported_and_its_words_are_text(tmp_path: Path) -> None:
    made = html_of(page_of(study_folder(tmp_path / "study")))
    seen = text_of(made)
    assert "<script>document.title" not in made and "<b>within" not in made
    for name in STATISTICS:
        assert words(name) in seen
    assert "sign -, p 0.01 agrees fitted to -0.123 -0.2 to -0.05 t(37) = -3.20" in seen
    assert "Reported signs: 1 of 1 agree; it is a calibration row" in seen and "spread.CL 0.13 (no unit)" in seen
    assert words(HOSTILE) in seen and "Absolute V_cycle is a third" in seen


def test_what_is_not_finished_says_so(tmp_path: Path) -> None:
    folder = begin_run(tmp_path / "run", trials=2)
    store = prepare_own(folder.partial)
    write_failure_record(store, "ketamine 1", "SimulationError: ran <away>", "Traceback", "raised")
    seen = text_of(html_of(page_of(tmp_path / "run")))
    assert "This run is not finished. 2 of 12 trials are done" in seen
    assert "vehicle, seed 1 done" in seen and "ketamine, seed 1 failed – SimulationError: ran <away>" in seen
    assert "Predictions, not judged" in seen and "T1_rapid" in seen
    half = text_of(html_of(page_of(study_folder(tmp_path / "study", table=False))))
    assert "This study is not finished." in half and "Reported signs" not in half


def test_a_sweep_with_failed_trials_shows_what_it_has_and_says_what_failed(tmp_path: Path) -> None:
    """A dose beyond the emulator's domain fails; what [sweep.show] names after the end leaves the last recorded."""
    what = ["sweep", "dose_window", "--target", "emulator", "--arms", "bolus", "--seeds", "1", "--until", "3 hour"]
    given = ["--over", "doses.mg_per_kg=0.2,0.5,40", "--workers", "1", "--out", str(tmp_path / "doses")]
    assert isinstance(CliRunner().invoke(app, [*what, *given]).exception, SimulationError)
    seen = text_of(html_of(page_of(tmp_path / "doses")))
    assert "2 of 3 trials done 1 failed" in seen and "This sweep is not whole." in seen
    assert "leave out 1 trial." in seen
    assert re.search(r"40 bolus 1 ExtrapolationError: emulator: outside its domain", seen)
    assert "at 2 h" in seen and "at 3 h" in seen and "nothing to draw" not in seen
    # An arm's mean over the one seed at 0.2 and 0.5 mg/kg, and none at 40.
    assert re.search(r"arm 0\.2 0\.5 40 bolus 1\.\d+ 1\.\d+ –", seen)


def test_the_command_writes_beside_the_folder_and_replaces_when_told(run: Run, tmp_path: Path) -> None:
    folder = study_folder(tmp_path / "krystal")
    before = sorted(one.name for one in folder.rglob("*"))
    assert CliRunner().invoke(app, ["report", str(folder)]).stdout.strip() == str(tmp_path / "krystal.html")
    assert sorted(one.name for one in folder.rglob("*")) == before
    (tmp_path / "krystal.html").write_text("mine", encoding="utf-8")
    refused = CliRunner().invoke(app, ["report", str(folder)])
    assert refused.exception is not None and "is there already" in str(refused.exception)
    assert (tmp_path / "krystal.html").read_text(encoding="utf-8") == "mine"
    assert CliRunner().invoke(app, ["report", str(folder), "--replace"]).exit_code == 0
    assert (tmp_path / "krystal.html").stat().st_size > 1_000_000
    assert sorted(one.name for one in tmp_path.iterdir()) == ["krystal", "krystal.html"]


REFUSED = {
    "missing": "no such folder", "empty": "holds none of them", "file": "is a file", "old": "run msim study again",
    "broken": "cannot be read", "null": "wants a path", "ending": "ends in .html", "folder": "ends in .html",
    "nowhere": "a folder that exists",
}  # fmt: skip
FILES_GIVEN = {"ending": "page.pdf", "folder": ".", "nowhere": "no/page.html"}


@pytest.mark.parametrize("what", REFUSED)
def test_bad_input_is_refused_in_one_message_and_nothing_is_written(what: str, tmp_path: Path) -> None:
    folder = tmp_path / "given"
    if what in ("empty", "old"):
        folder.mkdir()
    if what == "old":
        (folder / "table.tsv").write_text("statistic\n", encoding="utf-8")
    if what == "file":
        folder.write_text("", encoding="utf-8")
    if what in ("broken", *FILES_GIVEN):
        study_folder(folder)
    if what == "broken":
        (folder / "study.json").write_text('{"format": 1, "study": 3}', encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError) as refused:
        write_report("a\0b" if what == "null" else folder, tmp_path / FILES_GIVEN.get(what, "page.html"))
    assert refused.value.exit_status == 2 and "\n" not in str(refused.value)
    assert REFUSED[what] in str(refused.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bokeh", None)
    with pytest.raises(InputError, match=r"bokeh is not installed.*pip install 'msim\[report\]'"):
        require_pages()


def test_the_text_of_limits_ships_beside_the_models() -> None:
    assert (shipped("models") / "LIMITS.md").is_file()
