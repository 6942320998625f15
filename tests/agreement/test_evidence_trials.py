"""Trials of evidence are shared, claimed and taken up as those of a sweep are, and come to the same values."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from msim.backends.context import Context
from msim.backends.mpi import SERIAL
from msim.base.file_lease import owner, release, take
from msim.definitions.evidence.rows import read_evidence, shipped_evidence
from msim.definitions.models.model import ModelDefinition
from msim.evidence import trials
from msim.evidence.plan import plan_rows
from msim.evidence.trials import Job, jobs_of
from msim.executors.executor import Limits, ProgressEvent, Stop
from msim.executors.kinds.local import LocalExecutor
from msim.storage.trial_store import read_failure_record
from msim.trials import claimed
from msim.trials.claimed import ClaimedWork, run_all
from msim.trials.kept_values import keep_values, kept_work


@pytest.fixture(scope="module")
def job(small_model: ModelDefinition) -> Job:
    """A trial of a shipped row on a small column."""
    rows = read_evidence(shipped_evidence())
    changes = {"column.n_cells": 100}
    plans = plan_rows([one for one in rows if one.id == "T2_rapid"], small_model, changes, "", rows)[1]
    return jobs_of(next(iter(plans.values())), small_model, changes, (1,), Context())[1]


def work_of(job: Job, folder: Path) -> ClaimedWork:
    """A command's work on a folder that holds that trial's values, with a checkpoint after every leap."""
    return kept_work({job.key: job}, "cpp", folder, Limits(checkpoint_every=0, grace=5))


def values(work: ClaimedWork, key: str) -> object:
    return json.loads((work.store.root / f"{key}.json").read_text(encoding="utf-8"))


def run(work: ClaimedWork, key: str, act: Callable[[ProgressEvent], None] = lambda news: None) -> list[ProgressEvent]:
    """All events of the trial in a process of its own."""
    told: list[ProgressEvent] = []

    def report(news: ProgressEvent) -> None:
        told.append(news)
        act(news)

    run_all(work, [key], LocalExecutor(1), report)
    return told


def test_a_killed_trial_goes_on_from_its_checkpoint(job: Job, tmp_path: Path) -> None:
    """It is a failure with its reason; the next command simulates what is left, and comes to the same values."""
    undisturbed = work_of(job, tmp_path / "undisturbed")
    leaps = len(run(undisturbed, job.key))
    disturbed = work_of(job, tmp_path / "disturbed")

    def kill(news: ProgressEvent) -> None:
        saved = any(disturbed.store.work(job.key).glob("checkpoints/[0-9]*/MANIFEST.json"))
        if saved and news.state == "running" and news.time > 0:
            os.kill(int(owner(disturbed.store.claim(job.key)).rsplit("-", 2)[1]), signal.SIGKILL)

    assert run(disturbed, job.key, kill)[-1].kind == "killed"
    assert "killed by SIGKILL" in read_failure_record(disturbed.store, job.key)["reason"]
    again = work_of(job, tmp_path / "disturbed")
    assert again.outcome(job.key) is None
    told = run(again, job.key)
    assert told[-1].state == "done" and len(told) < leaps
    assert values(again, job.key) == values(undisturbed, job.key)
    for name in ("failed", "claims", "work"):
        assert not any((again.store.root / name).iterdir()), name


def test_a_trial_of_another_command_is_left_to_it(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its values are waited for; where it ends without them, the trial is run here."""
    monkeypatch.setattr(claimed, "POLL", 0.0)
    for ends in ("with values", "without"):
        work, ran = work_of(job, tmp_path / ends), []
        claim = work.store.claim(job.key)
        assert take(claim)
        assert work.run(job.key, lambda news: None, Stop(), SERIAL).state == "elsewhere"

        class Here:
            def run(self, work: ClaimedWork, keys: list[str], report: Callable[[ProgressEvent], None]) -> None:
                ran.append(keys)
                if len(ran) == 2:  # nobody else has it any more
                    report(ProgressEvent(keys[0], "done"))
                    return
                report(work.run(keys[0], report, Stop(), SERIAL))
                if ends == "with values":
                    keep_values(work.store.root, job.key, [[*key, 1.0] for key in job.keys])
                release(claim)

        told: list[ProgressEvent] = []
        run_all(work, [job.key], Here(), told.append)
        assert [one.state for one in told] == ["elsewhere", "done"]
        assert len(ran) == (1 if ends == "with values" else 2)


def test_one_trial_of_several_conditions_keeps_the_values_of_all(job: Job) -> None:
    other = replace(job, keys=(("eef2k.p_eEF2", "cv", 60.0),))
    assert trials._by_key([job, other, job]) == {job.key: replace(job, keys=(*job.keys, *other.keys))}
