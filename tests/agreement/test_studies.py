"""Studies from file to table on a few participants and coarse emulators: what has to hold whatever the numbers are."""

from __future__ import annotations

import functools
import html
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from here import msim_here
from typer.testing import CliRunner

pytest.importorskip("nilearn")
pytest.importorskip("mne")

from msim.base.errors import InputError  # noqa: E402
from msim.base.settings import with_settings  # noqa: E402
from msim.cli import app  # noqa: E402
from msim.definitions.files.read import find  # noqa: E402
from msim.definitions.studies.read_study import read_study  # noqa: E402
from msim.definitions.studies.study import StudyDefinition  # noqa: E402
from msim.emulator.fit import FitBudget  # noqa: E402
from msim.emulator.library import Emulators  # noqa: E402
from msim.executors.kinds.local import LocalExecutor  # noqa: E402
from msim.imaging.scan import Label, Scan  # noqa: E402
from msim.report.page import html_of  # noqa: E402
from msim.report.write import page_of  # noqa: E402
from msim.studies.about import read_about  # noqa: E402
from msim.studies.analyses.resting_connectivity import compare_mean_field_spiking as fidelity  # noqa: E402
from msim.studies.context import StudyContext  # noqa: E402
from msim.studies.outcome import Outcome, compare_with_reported, missing  # noqa: E402
from msim.studies.participant_trials import ParticipantJob, followed  # noqa: E402
from msim.studies.run import emulators_for, run_study  # noqa: E402

COARSE = FitBudget(points=240, seconds=0.5, burn_in=0.2, rest=4.0, degree=2, synchrony=1e3)
# Sizes of groups, of visits that some missed, of scans and recordings.
SMALL = {
    "siegel2021_resting_fc": (
        ("n      = 23", "n = 4"), ("n      = 27", "n = 3"), ("absent = [3, 8, 12, 17, 23]", "absent = [3]"),
        ("absent = [7, 21, 22]", "absent = [1]"), ("analysed    = 21", "analysed = 4"), ("runs        = 2", "runs = 1"),
    ),
    "sahib2020_go_nogo": (
        ("n      = 47", "n = 4"), ("n      = 32", "n = 3"), ("absent = [4, 9, 14, 19, 24, 29, 34, 39, 44, 47]", ""),
        ("absent = [2, 7, 12, 17, 22, 27, 32, 37, 42, 46]", "absent = [2]"),
    ),
    "gilbert2018_meg_dcm": (
        ("n      = 18", "n = 3"), ('seconds = "30 second"', 'seconds = "6 second"'), ("trials  = 50", "trials = 5"),
    ),
    "krystal2024_mrs_pet": (("n      = 20", "n = 4"), ('every    = "5 minute"', 'every = "20 minute"')),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _coarse_emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, with_settings(fit_budget=COARSE):
        patch.setenv("MSIM_CACHE", str(tmp_path_factory.mktemp("coarse")))
        yield


def write_small_column(folder: Path) -> None:
    """Participants and a brain whose columns have 200 cells."""
    (folder / "circuits").mkdir(exist_ok=True)
    column, people, brain = (
        find(name, "models") for name in ("circuits/cortical_column", "participants/adults", "brains/brain19")
    )
    text = column.read_text(encoding="utf-8")
    assert "{ value = 1000, source" in text
    text = text.replace("{ value = 1000, source", "{ value = 200, source", 1)
    (folder / "circuits" / "cortical_column.toml").write_text(text, encoding="utf-8")
    (folder / "adults.toml").write_text(people.read_text(encoding="utf-8"), encoding="utf-8")
    text = brain.read_text(encoding="utf-8").replace('"brain19"', f'"{brain.parent / "brain19"}"')
    (folder / "brain19.toml").write_text(text, encoding="utf-8")


def small(name: str, folder: Path) -> Path:
    """A shipped study with a few participants."""
    write_small_column(folder)
    text = find(f"studies/{name}", "experiments").read_text(encoding="utf-8")
    text = text.replace('"participants/adults"', '"adults"').replace('"brains/brain19"', '"brain19"')
    for old, new in SMALL[name]:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


@dataclass(frozen=True)
class Commanded:
    """A study that the command ran: its words, what it printed and wrote, and the outcome in between."""

    path: Path
    out: Path
    page: Path
    words: Sequence[str]
    printed: str
    outcome: Outcome


@pytest.fixture(scope="module")
def commanded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Commanded]:
    """A study by its name, run once and in this process."""
    return functools.cache(lambda name: _commanded(name, tmp_path_factory.mktemp(name)))


def _commanded(name: str, folder: Path) -> Commanded:
    path, out, page = small(name, folder), folder / "out", folder / "page.png"
    words = ["study", str(path), "--out", str(out), "--figure", str(page), "--json"]
    outcomes: list[Outcome] = []

    def run_and_keep(*arguments: Any) -> Outcome:
        outcomes.append(run_study(*arguments))
        return outcomes[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("msim.studies.run.run_study", run_and_keep)
        printed = msim_here(words)
    return Commanded(path, out, page, words, printed, *outcomes)


@pytest.fixture(scope="module")
def found(commanded: Callable[[str], Commanded]) -> Callable[[str], Outcome]:
    """What came of it."""
    return lambda name: commanded(name).outcome


@pytest.mark.parametrize("name", SMALL)
def test_every_row_is_a_statistic_of_those_who_were_seen(name: str, found: Callable[[str], Outcome]) -> None:
    outcome = found(name)
    study = outcome.cohort.study
    assert len({one.name for one in outcome.rows}) == len(outcome.rows)
    assert not missing(outcome.rows, study.reported)
    assert len(outcome.cohort.seen) == sum(
        study.group(one.group).n - len(one.absent) for one in study.visits
    )
    for row in outcome.rows:
        assert row.n <= len(outcome.cohort.seen)
        assert np.isnan(row.p) or 0 <= row.p <= 1
        assert np.isnan(row.low) or row.low <= row.estimate <= row.high, row
    assert {one.verdict for one in compare_with_reported(outcome.rows, study.reported)} <= {"", "agrees", "differs"}


def test_nothing_changes_without_a_treatment(tmp_path: Path) -> None:
    """Readings of everybody stay where they are, and so does every rating."""
    path = small("krystal2024_mrs_pet", tmp_path)
    text = "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("doses"))
    path.write_text(text, encoding="utf-8")
    outcome = run_study(read_study(path))
    assert all(one.improved == 0 and abs(one.potentiation) < 1e-3 for one in outcome.cohort.seen)
    for readings in outcome.details.readings.values():
        for values in readings.values.values():
            assert values == pytest.approx(np.full(values.shape, values[0]), rel=2e-3)


def test_a_person_is_seen_alike_however_many_take_part(found: Callable[[str], Outcome], tmp_path: Path) -> None:
    """Scans of everybody come to the same in a larger study, but for the last digits of sums."""
    path = small("siegel2021_resting_fc", tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("n = 3", "n = 5"), encoding="utf-8")
    more = run_study(read_study(path))
    first = {one.label.stem: one for one in found("siegel2021_resting_fc").details.scans}
    again = {one.label.stem: one for one in more.details.scans}
    assert first.keys() < again.keys()
    for name, scan in first.items():
        np.testing.assert_allclose(scan.signal, again[name].signal, atol=1e-12)


def test_potentiation_lasts_beyond_the_infusion_and_block_does_not(found: Callable[[str], Outcome]) -> None:
    cohort = found("siegel2021_resting_fc").cohort
    for one in cohort.at("post"):
        assert one.potentiation > 0.02
        assert max(value for name, value in one.states["affected"].items() if name.startswith("block")) < 0.01


class Nobody:
    """An executor to whom nothing may be given."""

    def run(self, work: Any, keys: list[str], report: Any) -> None:
        raise AssertionError(f"{len(keys)} participants were not kept")


def jobs_of(outcome: Outcome, emulators: Emulators) -> list[ParticipantJob]:
    """The first two participants as trials."""
    study = outcome.cohort.study
    return [
        ParticipantJob(
            one, study.population, tuple(study.group(one.group).doses), study.begin,
            outcome.cohort.courses[one.id]["spared"].times, emulators, study.seed,
            tuple(outcome.cohort.courses[one.id]["spared"].slow),
        )
        for one in outcome.cohort.people[:2]
    ]  # fmt: skip


def test_participants_are_kept_and_followed_by_processes_alike(found: Callable[[str], Outcome], tmp_path: Path) -> None:
    """Bit for bit: in this process before, in two others now, and as they were kept after that."""
    outcome = found("krystal2024_mrs_pet")
    emulators = emulators_for(outcome.cohort.study, lambda text: None)
    jobs = jobs_of(outcome, emulators)
    for executor in (LocalExecutor(2), Nobody()):
        for one, courses in zip(jobs, followed(jobs, StudyContext(emulators, executor, tmp_path)), strict=True):
            for kind, wanted in outcome.cohort.courses[one.person.id].items():
                assert [dict(state) for state in courses[kind].states] == [dict(state) for state in wanted.states]
                for name, values in wanted.slow.items():
                    np.testing.assert_array_equal(courses[kind].slow[name], values)


def test_a_participant_is_known_by_all_that_decides_and_not_by_name(found: Callable[[str], Outcome]) -> None:
    outcome = found("krystal2024_mrs_pet")
    job = jobs_of(outcome, emulators_for(outcome.cohort.study, lambda text: None))[0]
    path = next(iter(job.person.spared))
    others = [
        replace(job, person=replace(job.person, weight=job.person.weight + 1)),
        replace(job, person=replace(job.person, spared={**job.person.spared, path: 1.01 * job.person.spared[path]})),
        replace(job, doses=()), replace(job, begin=job.begin - 60), replace(job, times=job.times[:-1]),
        replace(job, seed=job.seed + 1), replace(job, slow=job.slow[:-1]),
    ]  # fmt: skip
    assert len({one.key for one in (job, *others)}) == len(others) + 1
    assert replace(job, person=replace(job.person, id="other01", number=9)).key == job.key


def test_unknown_systems_of_the_brain_are_named(tmp_path: Path) -> None:
    path = small("siegel2021_resting_fc", tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace('["Limbic"]', '["Limbik"]'), encoding="utf-8")
    with pytest.raises(InputError, match="no system or region 'Limbik'; nearest known: 'Limbic'"):
        run_study(read_study(path))


class Stood:
    """A stand-in for spiking scans: what a brain without any fibres or states would show."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan


def test_one_person_is_scanned_in_both_fidelities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both scans of a visit have its states and its seed; directions are those of the numbers beside them."""
    asked: list[tuple[int, Any]] = []

    def spiking_scan(brain: Any, connectome: Any, seconds: float, tr: float, label: Label, seed: int, options: Any,
                     ) -> Stood:  # fmt: skip
        asked.append((seed, options))
        signal = np.random.default_rng(seed).standard_normal((round(seconds / tr), len(connectome.names)))
        return Stood(Scan(label, connectome.names, signal, tr))

    monkeypatch.setattr(fidelity, "spiking_scan", spiking_scan)
    path = small("siegel2021_resting_fc", tmp_path)
    result = CliRunner().invoke(app, ["study", str(path), "--spiking", "patients02", "--cells", "60", "--json"])
    assert result.exit_code == 0, (result.output, result.exception)
    found = json.loads(result.stdout)
    for one in found["systems"]:
        changes = [one[kind]["post"] - one[kind]["pre1"] for kind in fidelity.KINDS]
        assert one["same_direction"] == (changes[0] * changes[1] > 0)
    (first, before), (last, after) = asked
    assert first != last and before.cells == 60
    gains = [np.array([one["ampar_scaling.AMPAR_scale"] for one in options.regional]) for options in (before, after)]
    assert gains[0].min() < 0.95 < gains[0].max() and (gains[1] > gains[0]).all()


def test_spiking_scans_want_a_person_of_a_resting_study(tmp_path: Path) -> None:
    path = small("siegel2021_resting_fc", tmp_path)
    for arguments, part in (
        ([str(path), "--spiking", "patient1"], "has no participant 'patient1'; nearest known: 'patients"),
        ([str(small("krystal2024_mrs_pet", tmp_path)), "--spiking", "patients01"], "wants a study of resting"),
        ([str(path), "--spiking", "patients01", "--out", str(tmp_path / "new")], "--out: wants the whole study"),
    ):
        refused = CliRunner().invoke(app, ["study", *arguments])
        assert part in str(refused.exception), refused.exception


@pytest.mark.parametrize("name", SMALL)
def test_the_command_prints_writes_and_draws(name: str, commanded: Callable[[str], Commanded]) -> None:
    """Same table from JSON and file; a picture; a folder that BIDS would take; a second run into it is refused."""
    ran = commanded(name)
    out = ran.out
    rows = json.loads(ran.printed)["rows"]
    assert [one["statistic"] for one in rows] == [one.name for one in ran.outcome.rows]
    table = (out / "table.tsv").read_text(encoding="utf-8").splitlines()
    assert [line.split("\t")[0] for line in table[1:]] == [one["statistic"] for one in rows]
    assert ran.page.stat().st_size > 20_000
    about = read_about(out)
    assert [one["statistic"] for one in about["beside"]] == [one["statistic"] for one in rows]
    assert all(one["source"] for values in about["values"].values() for one in values)
    report = html.unescape(html_of(page_of(out)))
    assert [one["statistic"] for one in rows if one["statistic"] not in report] == []
    study: StudyDefinition = read_study(ran.path)
    assert (about["study"]["question"], about["study"]["seed"]) == (study.question, study.seed)
    people = (out / "participants.tsv").read_text(encoding="utf-8").splitlines()
    assert len(people) - 1 == sum(one.n for one in study.groups)
    assert (out / "dataset_description.json").is_file()
    assert isinstance(CliRunner().invoke(app, ran.words).exception, Exception)
