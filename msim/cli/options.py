"""Options of the command line as values."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from msim.base.errors import InputError, StorageError
from msim.base.paths import given_path
from msim.base.quantities import parse_in, second

if TYPE_CHECKING:
    from msim.definitions.experiments.definition import ExperimentDefinition


def parse_names(text: str | None, option: str) -> list[str] | None:
    """Split names at commas; None where the option was not given."""
    if text is None:
        return None
    names = [one.strip() for one in text.split(",")]
    if not all(names):
        raise InputError(f"{option}: wants names separated by commas, got '{text}'")
    return names


def parse_seeds(text: str | None) -> list[int] | None:
    """Split seeds at commas; None where the option was not given."""
    names = parse_names(text, "--seeds")
    for one in names or []:
        if not (one.isascii() and one.isdecimal() and len(one) <= 10 and int(one) < 2**31):
            raise InputError(f"--seeds: wants numbers from 0 to {2**31 - 1} separated by commas, got '{one}'")
    return None if names is None else [int(one) for one in names]


def parse_numbers(text: str, option: str) -> list[float]:
    """Read numbers above 0 separated by commas, each once."""
    found = []
    for one in parse_names(text, option) or []:
        try:
            number = float(one)
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            raise InputError(f"{option}: wants numbers above 0 separated by commas, got '{one}'")
        if number in found:
            raise InputError(f"{option}: '{one}' is given twice")
        found.append(number)
    return found


def parse_figure(text: str, option: str = "--figure") -> Path | None:
    """Return the PNG file of a figure, or None if left out; refuse one that cannot be written before any work."""
    if not text:
        return None
    return parse_file(text, option, (".png",))


def parse_file(text: str, option: str, endings: tuple[str, ...] = ("",)) -> Path:
    """Return the path of a file to be written, refused before anything is computed where it is not writable."""
    path = given_path(text, option)
    if not path.name.endswith(endings) or not path.parent.is_dir() or path.is_dir():
        wanted = f" that ends in {' or '.join(endings)}" if any(endings) else ""
        raise InputError(f"{option}: wants a file{wanted}, in a folder that exists, got '{text}'")
    if not os.access(path.parent, os.W_OK):
        raise StorageError(f"{option}: '{text}' cannot be written: no permission in {path.parent}")
    return path


def parse_time(text: str, where: str) -> float:
    """Read a time in seconds."""
    return float(parse_in(text, second, where))


def parse_changes(given: list[str]) -> dict[str, str]:
    """Read 'path=value' texts as a mapping."""
    changes: dict[str, str] = {}
    for one in given:
        path, equals, value = one.partition("=")
        if not equals or not path.strip() or not value.strip():
            raise InputError(f"--set: wants path=value, such as eef2k.tau_K='5 minute', got '{one}'")
        if path.strip() in changes:
            raise InputError(f"--set: '{path.strip()}' is given twice")
        changes[path.strip()] = value.strip()
    return changes


def read_asked(
    experiment: str, out: str, arms: str | None, seeds: str | None, until: str | None, changes: list[str],
    hypothesis: str = "",
) -> tuple[ExperimentDefinition, Path]:  # fmt: skip
    """Read the experiment that a command is to run, narrowed and changed by its options, and the folder for it."""
    from msim.base.paths import given_folder
    from msim.definitions.experiments.experiment import read_experiment, validate_effective_changes

    folder, end = given_folder(out, "--out"), None if until is None else parse_time(until, "--until")
    definition = read_experiment(experiment, parse_changes(changes), hypothesis)
    definition = definition.narrowed(parse_names(arms, "--arms"), parse_seeds(seeds), end)
    validate_effective_changes(definition)
    return definition, folder


def validate_effective(option: str, given: object, why: str) -> None:
    """Refuse an option that has no effect beside the others.

    given: its value; why: what the effect would take
    """
    raise InputError(f"{option}: has no effect here, as {why}: wants none, got {given}")


def core_count() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
