"""Options of msim sweep as values."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from msim.base.errors import InputError, nearest
from msim.base.paths import given_path
from msim.cli.options import core_count, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msim.backends.mpi import RankGroup
    from msim.sweep.settings import Executor, Settings
    from msim.sweep.slurm import SlurmOptions

EXECUTORS = ("local", "mpi", "slurm")
_SIZES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "MiB": 2**20, "GiB": 2**30}
_MEMORY = re.compile(r"(?P<number>\d{1,12}(?:\.\d{1,6})?)\s*(?P<unit>[A-Za-z]+)")
_WORD = re.compile(r"[A-Za-z0-9][\w.,:+-]*")
SMALLEST_MEMORY = 50 * 10**6


def parse_settings(limit: str | None, memory: str | None, checkpoint_every: str) -> Settings:
    """Read the limits of every trial."""
    from msim.sweep.settings import Settings

    longest = None if limit is None else parse_time(limit, "--limit")
    every = parse_time(checkpoint_every, "--checkpoint-every")
    if longest is not None and longest <= 0:
        raise InputError(f"--limit: wants more than 0, got '{limit}'")
    if every < 0:
        raise InputError(f"--checkpoint-every: wants 0 or more, got '{checkpoint_every}'")
    return Settings(longest, None if memory is None else parse_memory(memory), every)


def parse_memory(text: str) -> int:
    """Read an amount of memory, such as '4GB', as a number of bytes."""
    found = _MEMORY.fullmatch(text.strip())
    if found is None or found["unit"] not in _SIZES:
        raise InputError(f"--memory: wants a number and one of {', '.join(_SIZES)}, such as 4GB, got '{text}'")
    size = int(float(found["number"]) * _SIZES[found["unit"]])
    if size < SMALLEST_MEMORY:
        raise InputError(f"--memory: wants at least {SMALLEST_MEMORY // 10**6}MB, got '{text}'")
    return size


@contextmanager
def executor_of(
    name: str, workers: int, ranks: RankGroup, options: SlurmOptions | None, memory: int | None = None
) -> Iterator[Executor | None]:
    """Yield the executor with this name; None in a process that has only served others."""
    if memory is not None and name != "mpi" and ranks.size > 1:
        raise InputError("--memory: cannot be held for a trial that several ranks share; leave it to what starts them")
    if name not in EXECUTORS:
        raise InputError(f"--executor: unknown executor '{name}'{nearest(name, EXECUTORS)}")
    if options is not None and name != "slurm":
        raise InputError(f"--slurm and --profile are for --executor slurm, got --executor {name}")
    if name == "mpi":
        from msim.sweep.mpi import MpiExecutor, pool_of_ranks

        with pool_of_ranks() as pool:
            yield None if pool is None else MpiExecutor(pool)
    elif name == "slurm":
        from msim.sweep.slurm import SlurmExecutor, SlurmOptions

        yield SlurmExecutor(options or SlurmOptions())
    elif ranks.size > 1:
        from msim.sweep.mpi import SharedExecutor

        yield SharedExecutor(ranks)
    else:
        from msim.sweep.local import LocalExecutor

        yield LocalExecutor(workers or core_count())


def parse_slurm(profile: str, given: list[str], memory: int | None) -> SlurmOptions | None:
    """Read the request to Slurm: a profile file's keys, and 'key=value' texts in their place; None without any.

    raises: InputError for keys that are unknown and values of another kind
    """
    from msim.definitions.files.read import read_tables, read_text
    from msim.sweep.slurm import SlurmOptions

    values: dict[str, Any] = {}
    if profile:
        values.update(read_tables(read_text(given_path(profile, "--profile")), profile))
    for one in given:
        key, equals, value = one.partition("=")
        if not equals or not value.strip():
            raise InputError(f"--slurm: wants key=value, such as partition=debug, got '{one}'")
        values[key.strip()] = value.strip()
    if memory is not None and "memory" not in values and (profile or given):
        values["memory"] = f"{memory // 10**6 + 200}MB"
    known = {one.name: one for one in fields(SlurmOptions)}
    for key, value in values.items():
        if key not in known:
            raise InputError(f"--slurm: unknown key '{key}'{nearest(key, known)}")
        values[key] = _slurm_value(key, value, known[key].default)
    return SlurmOptions(**values) if values else None


def _slurm_value(key: str, value: Any, default: Any) -> Any:
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise InputError(f"--slurm: {key}: wants a list of texts in a profile file, got {value!r}")
    if isinstance(default, str):
        if isinstance(value, str) and _WORD.fullmatch(value):
            return value
        raise InputError(f"--slurm: {key}: wants a word, got {value!r}")
    least = 0 if key == "requeues" else 1
    if str(value).isdecimal() and least <= int(value) < 10**6:
        return int(value)
    raise InputError(f"--slurm: {key}: wants a whole number of at least {least}, got {value!r}")
