"""Executor 'local': processes of this machine, one thread and one trial each; a killed process loses only its trial."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from msim.backends.registry import require_target
from msim.base.code_digest import RunningCode, validate_same_code
from msim.base.endings import Failure
from msim.base.errors import InputError
from msim.base.signals import stops_held
from msim.executors.executor import (
    STOPPED,
    Executor,
    Limits,
    ProgressEvent,
    Report,
    SentWork,
    Stop,
    Stopped,
    Work,
    opened,
    past_limit,
    sent,
)
from msim.executors.processes import WORKER, forked_from_prepared, starting, unstarted
from msim.executors.registry import ExecutorKind, ExecutorOptions
from msim.executors.shared import SharedExecutor
from msim.executors.worker import serve

POLL = 0.2  # s
ENDING = 2.0  # s that a process may take to end after it has closed its pipe


@contextmanager
def _start(options: ExecutorOptions) -> Iterator[Executor]:
    """Yield an executor in processes of this machine, or on the ranks that mpiexec started."""
    if options.ranks.size == 1:
        yield LocalExecutor(options.workers)
    elif options.memory is not None:
        raise InputError("--memory: cannot be held for a trial that several ranks share; leave it to what starts them")
    else:
        yield SharedExecutor(options.ranks)


EXECUTOR = ExecutorKind(_start, takes=("workers", "ranks"))


@dataclass
class _Slot:
    """A process and the trial that it runs.

    began: monotonic time in s at which its trial began to run; None before its first progress
    ends: monotonic time in s at which it is killed, once it was asked to end
    over: whether it ended before its trial
    begun: whether it has sent the code that it runs
    """

    process: Any
    pipe: Connection
    key: str | None = None
    began: float | None = None
    ends: float | None = None
    over: bool = field(default=False)
    begun: bool = field(default=False)


@dataclass
class LocalExecutor:
    """Executor of trials in `workers` processes of this machine; stop: request that ends them all."""

    workers: int
    stop: Stop = field(default_factory=Stop)

    def run(self, work: Work, keys: Sequence[str], report: Report) -> None:
        """Run trials; see Executor.

        raises: Stopped after a request to stop, when all processes have ended
        """
        require_target(work.target)
        parcel, waiting = sent(work), deque(keys)
        slots: list[_Slot] = []
        try:
            while waiting or any(one.key for one in slots):
                with stops_held() as stops:  # raised in between, a stop would leave a process that no slot knows
                    slots = self._filled(slots, parcel, waiting)
                    _listen(slots, work, report, stops)
                if self.stop.asked:
                    raise Stopped(STOPPED)
        except BaseException:
            _end(slots, work.limits.grace)
            raise
        for one in slots:
            with suppress(OSError):
                one.pipe.send(None)
        _end(slots, work.limits.grace, asked=True)

    def _filled(self, slots: list[_Slot], parcel: SentWork, waiting: deque[str]) -> list[_Slot]:
        """Return living processes, each with a trial as long as there are any."""
        living = [one for one in slots if one.key or (not one.over and one.process.exitcode is None)]
        wanted = min(self.workers, len(waiting) + sum(one.key is not None for one in living))
        while len(living) < wanted:
            living.append(_started(parcel))
        for one in living:
            if one.key is None and waiting:
                one.key, one.began, one.ends = waiting.popleft(), None, None
                with suppress(OSError):  # a process that was killed meanwhile is found dead below
                    one.pipe.send(one.key)
        return living


def run_alone(parcel: SentWork, key: str, who: str, stop: Stop | None = None) -> ProgressEvent:
    """Run one trial of work that was sent to this process, in a process of its own, and return its last event.

    who: text that names this process; stop: request that ends it
    raises: StartError where this process runs other code than the one that sent the work
    """
    told: list[ProgressEvent] = []
    LocalExecutor(1, stop or Stop()).run(opened(parcel, who), [key], told.append)
    return told[-1]


def _started(parcel: SentWork) -> _Slot:
    methods = forked_from_prepared()
    ours, theirs = methods.Pipe()
    process = methods.Process(target=serve, daemon=True, args=(theirs, dict(os.environ), parcel))
    with starting():
        process.start()
    theirs.close()
    return _Slot(process, ours)


def _listen(slots: list[_Slot], work: Work, report: Report, stops: Sequence[object]) -> None:
    """Receive progress of processes, find those that were killed, and end those that take too long.

    stops: signals that stop this process; one to all processes ends them all, and is no failure of their trials
    """
    busy = [one for one in slots if one.key]
    ready = set(wait([one.pipe for one in busy] + [one.process.sentinel for one in busy], POLL))
    for slot in busy:
        if slot.pipe in ready or slot.process.sentinel in ready:
            ended = _take(slot, report)
            if slot.key and ended and not stops:
                report(_found_dead(slot, work))
        if slot.key:
            _hold_to_limit(slot, work.limits)


def _take(slot: _Slot, report: Report) -> bool:
    """Receive the progress that a process sent.

    returns: True where the process has ended and all its progress is received
    """
    while slot.key:
        try:
            if not slot.pipe.poll():
                return slot.process.exitcode is not None
            news: ProgressEvent | RunningCode = slot.pipe.recv()
        except (EOFError, ConnectionError):
            slot.process.join(ENDING)
            slot.process.kill()
            slot.process.join()
            return True
        if isinstance(news, RunningCode):
            validate_same_code(news, WORKER)
            slot.begun = True
            continue
        if news.state != "running":
            slot.key = None
        elif slot.began is None:
            slot.began = time.monotonic()  # the limit is the trial's, not that of its process to start
        report(news)
    return False


def _found_dead(slot: _Slot, work: Work) -> ProgressEvent:
    """Record the failure of a trial whose process ended before it."""
    if not slot.begun and slot.process.exitcode >= 0:
        raise unstarted()
    key, slot.key, slot.over = slot.key, None, True
    assert key is not None
    if slot.ends is not None:
        return work.fail(key, past_limit(work.limits))
    return work.fail(key, Failure("killed", _end_text(slot.process.exitcode, work.limits.memory)))


def _end_text(code: int, memory: int | None) -> str:
    if code >= 0:
        return f"its process was killed, or ended by itself with status {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    limit = f" or because of its limit of {memory / 1e6:g} MB" if memory is not None else ""
    return f"its process was killed by {name}" + (f", perhaps for want of memory{limit}" if code != -15 else "")


def _hold_to_limit(slot: _Slot, limits: Limits) -> None:
    """Request that a trial which takes too long store its state and end, and kill it where it does not."""
    if limits.limit is None:
        return
    now = time.monotonic()
    if slot.ends is None and slot.began is not None and now - slot.began > limits.limit:
        slot.ends = now + limits.grace
        slot.process.terminate()
    elif slot.ends is not None and now > slot.ends:
        slot.process.kill()


def _end(slots: list[_Slot], grace: float, asked: bool = False) -> None:
    """End processes: send a request unless they have one, and kill those that take longer than `grace`."""
    if not asked:
        for one in slots:
            one.process.terminate()
    last = time.monotonic() + grace
    try:
        for one in slots:
            # What nobody takes any more must not keep a process from ending.
            while one.process.exitcode is None and time.monotonic() < last:
                with suppress(EOFError, OSError):
                    while one.pipe.poll():
                        one.pipe.recv()
                one.process.join(0.05)
    finally:
        for one in slots:
            one.process.kill()
            one.process.join()
            one.pipe.close()
