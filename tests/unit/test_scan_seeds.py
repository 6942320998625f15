"""Scans of one seed are none of another's: what commands and studies ask for streams by, without a simulation."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import msim
from msim.brain import cohort as cohorts
from msim.brain import go_nogo, scans
from msim.brain.cohort import Visit
from msim.brain.field import SlowNoise
from msim.brain.scans import scan_seed
from msim.cli import main
from msim.definitions.brains.task import read_task
from msim.definitions.studies.participants import read_participants
from msim.definitions.studies.schema import Group
from msim.imaging.scan import Label
from msim.studies.participants import recruited

SEEDS, SUBJECTS = range(4), 3


class Asked(Exception):
    """Ends a command where its scans would begin; holds the seeds that they were asked for with."""


def asked(module: Any, name: str, monkeypatch: pytest.MonkeyPatch, call: Callable[[], object]) -> list[int]:
    """The seeds, last among the arguments, with which a function is called."""

    def scanned(*arguments: Any, **others: Any) -> None:
        raise Asked(*next(one for one in reversed(arguments) if isinstance(one, list) and isinstance(one[0], int)))

    monkeypatch.setattr(module, name, scanned)
    with pytest.raises(Asked) as found:
        call()
    return list(found.value.args)


def command(*arguments: str) -> Callable[[], object]:
    """A command line that is run in this process."""

    def called() -> None:
        sys.argv = ["msim", *arguments]
        main()

    return called


@pytest.mark.parametrize(("module", "name", "line"), [
    (scans, "resting_scans", ("scan", "brains/brain19", "--minutes", "4")),
    (go_nogo, "go_nogo", ("task", "brains/brain19", "tasks/go_nogo")),
])  # fmt: skip
def test_no_subject_of_a_seed_is_one_of_another_seed(
    module: Any, name: str, line: Sequence[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(sys, "argv", [])
    options = ("--subjects", str(SUBJECTS), "--out", str(tmp_path / "out"))
    found = [
        asked(module, name, monkeypatch, command("brain", *line, *options, "--seed", str(seed))) for seed in SEEDS
    ]
    every = [one for seeds in found for one in seeds]
    assert len(set(every)) == len(every) == len(SEEDS) * SUBJECTS
    again = asked(module, name, monkeypatch, command("brain", *line, *options, "--seed", str(SEEDS[-1])))
    assert again == found[-1]


def test_the_first_subject_of_the_command_is_the_scan_of_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    from msim.brain import resting_bold

    found = asked(resting_bold, "resting_scans", monkeypatch, lambda: msim.resting_bold(seed=3))
    assert found == [scan_seed(3, Label("01", "rest"))]


def test_scans_of_many_studies_people_and_visits_never_share_a_fluctuation() -> None:
    """Also not with one that a seed of an option gives."""
    labels = [Label(f"{k:02d}", task, visit, run) for k in range(1, 31) for task in ("rest", "gonogo")
              for visit in ("", "pre") for run in (1, 2)]  # fmt: skip
    seeds = [scan_seed(root, one) for root in range(40) for one in labels]
    assert len(set(seeds)) == len(seeds)
    noise = SlowNoise(("a", "all regions", "b"), (1.5, 1.0, 0.5), [*seeds[:1500], *range(40)])
    assert len(np.unique(noise.last)) == noise.last.size


def test_visits_of_a_cohort_hang_on_who_is_seen_when_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    task, connectome, emulator = read_task("tasks/go_nogo"), SimpleNamespace(names=("VIS",)), SimpleNamespace(axes=())
    monkeypatch.setattr(cohorts, "field_of", lambda *_: None)
    monkeypatch.setattr(cohorts, "joined", lambda fields: None)
    monkeypatch.setattr(cohorts, "go_nogo", lambda brain, field, task, tr, labels, seeds: list(seeds))
    visits = [Visit(f"p{k:02d}", "patients", time, ({},)) for k in range(1, 5) for time in ("TP_1", "TP_2")]
    found = {
        root: cohorts.task_visits(None, connectome, emulator, task, visits, 0.8, root)  # type: ignore[arg-type]
        for root in SEEDS
    }
    every = [one for seeds in found.values() for one in seeds]
    assert len({*map(str, every)}) == len(every)
    reverse = cohorts.task_visits(None, connectome, emulator, task, visits[::-1], 0.8, 1)  # type: ignore[arg-type]
    assert reverse[::-1] == found[1]


def test_people_of_many_seeds_are_all_other_people() -> None:
    population = read_participants("participants/adults")
    groups = [Group(name=name, health="healthy", n=20) for name in ("patients", "controls")]
    people = [one for seed in range(20) for group in groups for one in recruited(population, group, seed)]
    assert len({one.seed for one in people}) == len({one.random_effect("improvement") for one in people}) == len(people)
    assert min(one.seed for one in people) > 2**32
    assert replace(people[0], seed=0) != people[0]
