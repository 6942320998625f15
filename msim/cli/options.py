"""Options of the command line as values."""

from __future__ import annotations

import os
from pathlib import Path

from msim.base.errors import InputError
from msim.base.quantities import parse_in, second


def parse_names(text: str | None, option: str) -> list[str] | None:
    """Names separated by commas; None where the option was not given."""
    if text is None:
        return None
    names = [one.strip() for one in text.split(",")]
    if not all(names):
        raise InputError(f"{option}: wants names separated by commas, got '{text}'")
    return names


def parse_seeds(text: str | None) -> list[int] | None:
    """Seeds separated by commas; None where the option was not given."""
    names = parse_names(text, "--seeds")
    for one in names or []:
        if not (one.isascii() and one.isdecimal() and len(one) <= 10 and int(one) < 2**31):
            raise InputError(f"--seeds: wants numbers from 0 to {2**31 - 1} separated by commas, got '{one}'")
    return None if names is None else [int(one) for one in names]


def parse_out(text: str) -> Path:
    """The folder of a run; it needs a name, beside which the run can grow."""
    path = Path(text) if Path(text).name not in ("", "..") else Path(text).resolve()
    if not text or "\0" in text or not path.name:
        raise InputError(f"--out: wants the name of a folder, got '{text}'")
    return path


def parse_time(text: str, where: str) -> float:
    """A time in seconds."""
    return float(parse_in(text, second, where))


def parse_changes(given: list[str]) -> dict[str, str]:
    """'path=value' texts as a mapping."""
    changes: dict[str, str] = {}
    for one in given:
        path, equals, value = one.partition("=")
        if not equals or not path.strip() or not value.strip():
            raise InputError(f"--set: wants path=value, such as eef2k.tau_K='5 minute', got '{one}'")
        if path.strip() in changes:
            raise InputError(f"--set: '{path.strip()}' is given twice")
        changes[path.strip()] = value.strip()
    return changes


def core_count() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
