"""Options of the command line as values."""

from __future__ import annotations

import os

from msim.base.errors import InputError
from msim.base.quantities import parse_in, second


def parse_names(text: str) -> list[str] | None:
    """Names separated by commas; None where there are none."""
    names = [one.strip() for one in text.split(",") if one.strip()]
    return names or None


def parse_seeds(text: str) -> list[int] | None:
    """Seeds separated by commas; None where there are none."""
    names = parse_names(text)
    if names is None:
        return None
    bad = next((one for one in names if not one.isdecimal() or int(one) >= 2**31), None)
    if bad is not None:
        raise InputError(f"--seeds: wants numbers from 0 to 2147483647 separated by commas, got '{bad}'")
    if len(set(names)) < len(names):
        raise InputError(f"--seeds: wants each seed once, got '{text}'")
    return [int(one) for one in names]


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
