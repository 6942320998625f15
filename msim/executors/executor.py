"""Interfaces of executors: the work that is given to them, its limits, and the progress that they report."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from msim.base.code_digest import RunningCode, running_code, validate_same_code
from msim.base.endings import Failure
from msim.base.quantities import quantity_text, second

if TYPE_CHECKING:
    from msim.backends.mpi import RankGroup

STOPPED = "the run was stopped"


@dataclass(frozen=True)
class Limits:
    """Limits of every trial.

    limit: s of the clock on the wall, after which it has failed; None for none
    memory: bytes; None for as much as there is
    checkpoint_every: s of the clock on the wall
    grace: s in which a trial with a request to end can still store its state
    at_once: whether such a request ends a trial where it is, and not after its current burst
    """

    limit: float | None = None
    memory: int | None = None
    checkpoint_every: float = 30.0
    grace: float = 10.0
    at_once: bool = False


@dataclass(frozen=True)
class ProgressEvent:
    """State of a trial, or its progress.

    state: 'running', 'done', 'failed', 'elsewhere' (another process runs it), 'stopped', or 'stored' (done before)
    time: s, simulated time reached; message: why it failed, or the progress of a burst of spikes
    kind: of a failure, as in msim.base.endings
    """

    key: str
    state: str
    time: float = 0.0
    message: str = ""
    kind: str = ""


Report = Callable[[ProgressEvent], None]


class Stopped(BaseException):
    """A request that this process end. Not an Exception, so that no library takes it for one of its own."""


class Stop:
    """Request, set by a signal, that a trial store its state and end; at_once: as in Limits."""

    def __init__(self, at_once: bool = False) -> None:
        self.at_once = at_once
        self.asked = False
        self.leaps = 0

    def ask(self) -> None:
        """Request that the trial store its state and end; further requests change nothing.

        raises: Stopped where it is to end at once
        """
        first, self.asked = not self.asked, True
        if self.at_once and first:
            raise Stopped(STOPPED)

    def leapt(self) -> None:
        """Count a leap after the request.

        raises: Stopped at the second one, where the target could not give its state at the first
        """
        if self.asked:
            self.leaps += 1
            if self.leaps > 1:
                raise Stopped(STOPPED)


class Work(Protocol):
    """Interface of trials that executors run, each named by its key; every outcome is written to a store.

    It is pickled to reach the processes that run its trials, so that it holds what they cannot read from files.
    """

    @property
    def limits(self) -> Limits:
        """Return the limits of every trial."""

    @property
    def target(self) -> str:
        """Return what code runs the cells, as `Context.target` names it."""

    def run(self, key: str, report: Report, stop: Stop, ranks: RankGroup) -> ProgressEvent:
        """Run a trial in this process, store what it comes to, and return its last event.

        Any exception of the trial is returned as its failure. A trial that another process has claimed is returned as
        'elsewhere', and left to it.
        raises: Stopped where the trial has stored its state after a request to stop
        """

    def fail(self, key: str, failure: Failure) -> ProgressEvent:
        """Store the failure of a trial that cannot do so itself, as its process is gone, and return its last event."""

    def outcome(self, key: str) -> ProgressEvent | None:
        """Return 'done' or 'failed' as the store has it of a trial since this command began; None without either."""

    def is_claimed(self, key: str) -> bool:
        """Return whether a living process runs a trial."""


class Executor(Protocol):
    """Interface of what runs trials somewhere."""

    def run(self, work: Work, keys: Sequence[str], report: Report) -> None:
        """Run the trials with these keys, and report the last event of each.

        An exception that `report` raises ends the run of all others; they store their states.
        raises: StartError where a process cannot start, or would run other code
        """


@dataclass(frozen=True)
class SentWork:
    """Work on its way to another process, with the code of the process that sent it."""

    code: RunningCode
    pickled: bytes


def sent(work: Work) -> SentWork:
    """Return work as it is sent to other processes."""
    return SentWork(running_code(), pickle.dumps(work))


def opened(parcel: SentWork, who: str) -> Work:
    """Return work that was sent to this process, unless this process runs other code.

    who: text that names this process, such as 'a worker process'
    raises: StartError that names both places
    """
    validate_same_code(running_code(), who, parcel.code)
    work: Work = pickle.loads(parcel.pickled)
    return work


def past_limit(limits: Limits) -> Failure:
    """Return the failure of a trial that took longer than its limit."""
    return Failure("limit", f"took longer than its limit of {quantity_text((limits.limit or 0) * second)}")
