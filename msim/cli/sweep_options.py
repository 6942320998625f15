"""Options of msim sweep as values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msim.base.errors import InputError
from msim.cli.options import parse_time

if TYPE_CHECKING:
    from msim.executors.executor import Limits

_SIZES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "MiB": 2**20, "GiB": 2**30}
_MEMORY = re.compile(r"(?P<number>\d{1,12}(?:\.\d{1,6})?)\s*(?P<unit>[A-Za-z]+)")
SMALLEST_MEMORY = 50 * 10**6


def parse_limits(limit: str | None, memory: str | None, checkpoint_every: str) -> Limits:
    """Read the limits of every trial."""
    from msim.executors.executor import Limits

    longest = None if limit is None else parse_time(limit, "--limit")
    every = parse_time(checkpoint_every, "--checkpoint-every")
    if longest is not None and longest <= 0:
        raise InputError(f"--limit: wants more than 0, got '{limit}'")
    if every < 0:
        raise InputError(f"--checkpoint-every: wants 0 or more, got '{checkpoint_every}'")
    return Limits(longest, None if memory is None else parse_memory(memory), every)


def parse_memory(text: str) -> int:
    """Read an amount of memory, such as '4GB', as a number of bytes."""
    found = _MEMORY.fullmatch(text.strip())
    if found is None or found["unit"] not in _SIZES:
        raise InputError(f"--memory: wants a number and one of {', '.join(_SIZES)}, such as 4GB, got '{text}'")
    size = int(float(found["number"]) * _SIZES[found["unit"]])
    if size < SMALLEST_MEMORY:
        raise InputError(f"--memory: wants at least {SMALLEST_MEMORY // 10**6}MB, got '{text}'")
    return size
