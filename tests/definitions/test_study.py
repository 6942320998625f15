"""Study files: the shipped ones read, and everything wrong is named with file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from msim.base.errors import DefinitionError, InputError
from msim.definitions.files.read import find, shipped_names
from msim.definitions.studies.read_study import read_study
from msim.studies.checks import check_study

SHIPPED = [one for one in shipped_names("experiments") if one.startswith("studies/")]
SIEGEL = find("studies/siegel2021_resting_fc", "experiments").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_study_reads(name: str) -> None:
    study = read_study(name)
    assert study.groups and study.visits and all(study.visits_of(one.name) for one in study.groups)
    assert study.name == Path(name).name == read_study(Path(name).name).name


def test_all_four_studies_are_shipped() -> None:
    analyses = {read_study(one).analysis for one in SHIPPED}
    assert analyses == {"resting_connectivity", "go_nogo", "meg_dcm", "glutamate"}


def test_visits_come_in_order_and_the_mixed_model_gets_as_many_as_the_paper() -> None:
    """21 patients with 40 observations (FC5)."""
    study = read_study("siegel2021_resting_fc")
    pre1, pre2, post = study.visits_of("patients")
    assert pre1.time < pre2.time < 0 < 96 * 3600 < post.time
    n, analysed = study.group("patients").n, study.options.analysed
    assert [n - len(one.absent) for one in (pre1, pre2, post)] == [23, 18, 20]
    assert analysed + sum(number not in post.absent for number in range(1, analysed + 1)) == 40


def without_visits(text: str) -> str:
    """The file without any time at which somebody is seen."""
    head, *rest = text.split("[[visits]]")
    return head + rest[-1][rest[-1].index("[resting_connectivity]"):]


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("n      = 23", "n      = 1", ("groups.0.n", "at least 3", "got 1")),
        ('health = "depressed"', 'health = "depresed"', ("groups.0.health", "nearest known: 'depressed'")),
        ('group  = "patients"', 'group  = "patient"', ("visits", "unknown group 'patient'", "'patients'")),
        ('after       = "post"', 'after       = "pots"', (".after", "unknown visit 'pots'", "'post'")),
        ('controls    = "controls"', 'controls    = "control"', ("controls", "unknown group 'control'")),
        ('tr          = "2.2 second"', 'tr          = "10 minute"', ("resting_connectivity.tr", "360 s", "600 s")),
        ('tr          = "2.2 second"', 'tr          = "20 second"', ("resting_connectivity.high", "0.025 Hz")),
        ("runs        = 2", "rums        = 2", ("resting_connectivity", "rums")),
        ('brain        = "brains/brain19"', "", ("brain", "missing key 'brain'")),
        ('brain        = "brains/brain19"', 'brain = "brains/brain91"', ("brains/brain91", "nearest known")),
        ("coupling     = 0.25", "coupling     = 2", ("coupling", "at most 1", "got 2")),
        ("absent = [7, 21, 22]", "absent = [7, 21, 24]", ("visits.2.absent", "1 to 23", "got 24")),
        ("[resting_connectivity]", "[go_nogo]\ntask='x'\n[resting_connectivity]", ("go_nogo",)),
        ('begin        = "-4 day"', 'begin        = "-1 day"', ("begin", "before the first visit")),
        ('source       = "siegel2021"', 'source       = "siegel2012"', ("source", "siegel2012")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(old: str, new: str, parts: tuple[str, ...], tmp_path: Path) -> None:
    assert old in SIEGEL
    file = tmp_path / "mine.toml"
    file.write_text(SIEGEL.replace(old, new, 1), encoding="utf-8")
    with pytest.raises((DefinitionError, InputError)) as refusal:
        check_study(read_study(file))
    message = str(refusal.value)
    for part in parts:
        assert part in message, message


def test_a_study_without_visits_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(without_visits(SIEGEL), encoding="utf-8")
    with pytest.raises(DefinitionError, match="visits: wants at least one time"):
        read_study(file)
