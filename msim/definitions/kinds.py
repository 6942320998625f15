"""Whether a definition file is a model or an experiment, and all files that a path means."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from msim.base.errors import DefinitionError, InputError, nearest
from msim.definitions.experiment import ExperimentDefinition, read_experiment
from msim.definitions.model import ModelDefinition
from msim.definitions.read import display_name, find, read_tables, read_text, shipped_names
from msim.definitions.read_model import read_model, read_part

EXPERIMENT_KEYS = ("arms", "hypothesis", "model", "predict", "record")
PART_TABLES = ("mechanisms", "populations", "projections", "drives", "links", "manipulations")


def kind_of(path: Path) -> str:
    """What a definition file is: 'experiment', 'model', or 'part' of a model, which is whole with others only."""
    raw = read_tables(read_text(path), display_name(path))
    if not raw:
        raise DefinitionError(display_name(path), "wants a model or an experiment, got an empty file")
    if any(key in raw for key in EXPERIMENT_KEYS):
        return "experiment"
    if "column" in raw or "include" in raw or not any(key in raw for key in PART_TABLES):
        return "model"
    return "part"


def read_definition(path: Path) -> ModelDefinition | ExperimentDefinition:
    """Read and check a definition file; of a part of a model, what can be checked without the others."""
    kind = kind_of(path)
    if kind == "experiment":
        return read_experiment(path)
    return read_model(path) if kind == "model" else read_part(path)


def files_of(names: Sequence[str]) -> list[Path]:
    """Definition files that paths, folders or shipped names mean."""
    found: list[Path] = []
    for name in names:
        path = Path(name)
        if os.path.isdir(path):
            inside = sorted(path.rglob("*.toml"))
            if not inside:
                raise InputError(f"{name}: holds no definition file (*.toml)")
            found += inside
        elif os.path.lexists(path):
            found.append(path)
        else:
            found.append(find_any(name))
    return found


def find_any(name: str) -> Path:
    """The file that a shipped name of either kind means."""
    known = {kind: shipped_names(kind) for kind in ("experiments", "models")}
    for kind, names in known.items():
        if name.removesuffix(".toml") in names:
            return find(name, kind)
    every = [*known["experiments"], *known["models"]]
    raise InputError(f"{name}: no such file, and no shipped model or experiment{nearest(name, every)}")
