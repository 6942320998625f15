"""A file of one kind where another is wanted is refused in one line that names both."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from msim.base.errors import DefinitionError
from msim.definitions.brains.brain import read_brain
from msim.definitions.brains.task import read_task
from msim.definitions.evidence.rows import own_rows
from msim.definitions.experiments.experiment import read_experiment
from msim.definitions.files.read import shipped
from msim.definitions.models.read_model import read_model
from msim.definitions.studies.participants import read_participants
from msim.definitions.studies.read_study import read_study

READERS: dict[str, Callable[[Path], Any]] = {
    "a model": read_model, "an experiment": read_experiment, "a brain": read_brain, "a task": read_task,
    "a study": read_study, "a file of participants": read_participants, "a file of evidence rows": own_rows,
}  # fmt: skip


def shipped_files() -> dict[str, Path]:
    """One shipped file of every kind."""
    models, experiments = shipped("models"), shipped("experiments")
    places = {
        "a model": models / "circuits", "an experiment": experiments, "a brain": models / "brains",
        "a task": models / "tasks", "a study": experiments / "studies",
        "a file of participants": models / "participants",
        "a file of evidence rows": experiments / "evidence",
    }  # fmt: skip
    return {kind: min(folder.glob("*.toml")) for kind, folder in places.items()}


@pytest.mark.parametrize(("wanted", "came"), list(itertools.permutations(READERS, 2)))
def test_a_file_of_another_kind_is_named(wanted: str, came: str) -> None:
    with pytest.raises(DefinitionError, match=f": wants {wanted}, got {came}$"):
        READERS[wanted](shipped_files()[came])
