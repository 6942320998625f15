"""Kinds of definition files, such as model or experiment, and the files that a path stands for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from msim.base.errors import DefinitionError, InputError, nearest
from msim.base.paths import given_path
from msim.definitions.brains.brain import BrainDefinition, read_brain
from msim.definitions.brains.task import TaskDefinition, read_task
from msim.definitions.evidence.exposures import Exposures, read_exposures
from msim.definitions.evidence.rows import EvidenceRow, own_rows
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import read_experiment
from msim.definitions.files.read import display_name, find, read_tables, read_text, shipped_names
from msim.definitions.files.table_kinds import kind_of_tables
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_model, read_part
from msim.definitions.studies.participants import Population, read_participants
from msim.definitions.studies.read_study import read_study
from msim.definitions.studies.study import StudyDefinition


def kind_of(path: Path) -> str:
    """Return the kind of a file.

    returns: 'experiment', 'evidence', 'exposure', 'study', 'participants', 'brain', 'task', 'model', or 'part', which
        makes a model only together with other files
    """
    raw = read_tables(read_text(path), display_name(path))
    if not raw:
        raise DefinitionError(display_name(path), "wants a model or an experiment, got an empty file")
    return kind_of_tables(raw) or "model"


Definition = (
    ModelDefinition | ExperimentDefinition | BrainDefinition | TaskDefinition | StudyDefinition | Population
    | list[EvidenceRow] | Exposures
)  # fmt: skip


def read_definition(path: Path) -> Definition:
    """Read and check a definition file; for a part of a model, check as much as is possible without the other files."""
    kind = kind_of(path)
    if kind == "study":
        return read_study(path)
    if kind == "participants":
        return read_participants(path)
    if kind == "brain":
        return read_brain(path)
    if kind == "task":
        return read_task(path)
    if kind == "evidence":
        return own_rows(path)
    if kind == "exposure":
        return read_exposures(path)
    if kind == "experiment":
        return read_experiment(path)
    return read_model(path) if kind == "model" else read_part(path)


def files_of(names: Sequence[str]) -> list[Path]:
    """Return the definition files that paths, folders or shipped names stand for."""
    found: list[Path] = []
    for name in names:
        path = given_path(name, "file")
        if os.path.isdir(path):
            inside = sorted(path.rglob("*.toml"))
            if not inside:
                raise InputError(f"{name}: holds no definition file (*.toml)")
            found += inside
        elif os.path.exists(path):
            found.append(path)
        else:
            found.append(find_any(name))
    return found


def find_any(name: str) -> Path:
    """Return the file that a shipped name of any kind stands for."""
    known = {kind: shipped_names(kind) for kind in ("experiments", "models")}
    for kind, names in known.items():
        if name.removesuffix(".toml") in names:
            return find(name, kind)
    every = [*known["experiments"], *known["models"]]
    raise InputError(f"{name}: no such file, and no shipped model or experiment{nearest(name, every)}")
