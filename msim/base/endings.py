"""Kinds of failure of a trial, each with its word and the exit status of the command that ran the trial."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from msim.base.errors import DiskFullError, InputError, SimulationError

FULL = (errno.ENOSPC, errno.EDQUOT)
# By kind: what stands before a reason, and the exit status. docs/ERRORS.md has the same table.
WORDS = {"memory": "out of memory: ", "disk": "the disk is full: "}
EXIT_STATUS = {
    "refused": InputError.exit_status, "raised": SimulationError.exit_status, "start": 4, "killed": 5, "memory": 6,
    "disk": DiskFullError.exit_status, "owner": 8, "limit": 9,
}  # fmt: skip


@dataclass(frozen=True)
class Failure:
    """Reason for which a trial has no result; kind: a key of EXIT_STATUS."""

    kind: str
    reason: str


def failure_of(problem: BaseException) -> Failure:
    """Return the failure of a trial that an exception ended."""
    kind, text = kind_of(problem), type(problem).__name__
    return Failure(kind, WORDS.get(kind, "") + (f"{text}: {problem}" if str(problem) else text))


def kind_of(problem: BaseException) -> str:
    """Return the kind of failure that an exception is: 'memory', 'disk', 'refused', or 'raised'."""
    if any(is_full(one) for one in _led_to(problem)):
        return "disk"
    if any(_is_want_of_memory(one) for one in _led_to(problem)):
        return "memory"
    return "refused" if isinstance(problem, InputError) else "raised"


def is_full(problem: BaseException) -> bool:
    """Return whether an error says that the disk, or the user's quota on it, is full."""
    return isinstance(problem, DiskFullError) or (isinstance(problem, OSError) and problem.errno in FULL)


def _is_want_of_memory(problem: BaseException) -> bool:
    return isinstance(problem, MemoryError) or (isinstance(problem, OSError) and problem.errno == errno.ENOMEM)


def _led_to(problem: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those that led to it."""
    while problem is not None:
        yield problem
        problem = problem.__cause__ or problem.__context__


def ended_by(problem: SimulationError, failures: Iterable[Failure]) -> SimulationError:
    """Return the error that failed trials end a command with, with the exit status of their kind."""
    problem.exit_status = exit_status_of(one.kind for one in failures)
    return problem


def exit_status_of(kinds: Iterable[str]) -> int:
    """Return the exit status of a command with failed trials: that of their kind, or 'raised' where kinds differ."""
    found = set(kinds)
    return EXIT_STATUS.get(found.pop(), SimulationError.exit_status) if len(found) == 1 else SimulationError.exit_status
