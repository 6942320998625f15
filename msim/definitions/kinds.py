"""Whether a definition file is a model or an experiment, and all files that a path means."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

from msim.base.errors import DefinitionError, InputError
from msim.definitions.experiment import ExperimentDefinition, read_experiment
from msim.definitions.model import ModelDefinition
from msim.definitions.read import display_name, find, read_text, shipped_names
from msim.definitions.read_model import read_model

PART_TABLES = ("mechanisms", "populations", "projections", "drives", "links", "manipulations", "include")


def read_definition(path: Path) -> ModelDefinition | ExperimentDefinition | None:
    """Read and check a definition file.

    returns: None for a part of a model, which can be checked only with the models that include it
    """
    try:
        raw = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as problem:
        raise DefinitionError(display_name(path), f"is not TOML: {problem}") from None
    if "arms" in raw or "hypothesis" in raw or "model" in raw:
        return read_experiment(path)
    if "column" in raw or "include" in raw or not any(key in raw for key in PART_TABLES):
        return read_model(path)
    return None


def files_of(names: Sequence[str]) -> list[Path]:
    """Definition files that paths, folders or shipped names mean."""
    found: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = sorted(path.rglob("*.toml"))
            if not inside:
                raise InputError(f"{name}: holds no definition file (*.toml)")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            found.append(find_any(name))
    return found


def find_any(name: str) -> Path:
    """The file that a path or shipped name of either kind means."""
    for kind in ("experiments", "models"):
        if name.removesuffix(".toml") in shipped_names(kind):
            return find(name, kind)
    return find(name, "models")
