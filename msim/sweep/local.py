"""Executor 'local': processes of this machine, one thread and one trial each; a killed process loses only its trial."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from msim.backends.registry import require_target
from msim.base.code_digest import RunningCode, running_code, validate_same_code
from msim.base.signals import stops_held
from msim.storage.trial_store import write_failure_record
from msim.sweep.one_trial import past_limit
from msim.sweep.plan import Trial
from msim.sweep.settings import ProgressEvent, Report, Sweep
from msim.sweep.worker import PRELOADED, serve
from msim.trials.workers import WORKER, forked_from, starting, unstarted

POLL = 0.2  # s
ENDING = 2.0  # s that a process may take to end after it has closed its pipe


class DiskFull(Exception):
    """A full disk, on which no trial can be stored, so that no further trial runs."""


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
    trial: Trial | None = None
    began: float | None = None
    ends: float | None = None
    over: bool = field(default=False)
    begun: bool = field(default=False)


@dataclass
class LocalExecutor:
    """Executor of trials in `workers` processes of this machine."""

    workers: int

    def run(self, sweep: Sweep, trials: Sequence[Trial], report: Report) -> None:
        """Run trials; see Executor.

        raises: DiskFull where nothing more can be stored; StartError where a process cannot start, or runs other code
        """
        require_target(str(sweep.plan.about["target"]).split()[0])
        waiting = deque(trials)
        slots: list[_Slot] = []
        try:
            while waiting or any(one.trial for one in slots):
                with stops_held():  # raised in between, a stop would leave a process that no slot knows
                    slots = self._filled(slots, sweep, waiting)
                    _listen(slots, sweep, report)
        except BaseException:
            _end(slots, sweep.settings.grace)
            raise
        for one in slots:
            with suppress(OSError):
                one.pipe.send(None)
        _end(slots, sweep.settings.grace, asked=True)

    def _filled(self, slots: list[_Slot], sweep: Sweep, waiting: deque[Trial]) -> list[_Slot]:
        """Return living processes, each with a trial as long as there are any."""
        living = [one for one in slots if one.trial or (not one.over and one.process.exitcode is None)]
        wanted = min(self.workers, len(waiting) + sum(one.trial is not None for one in living))
        while len(living) < wanted:
            living.append(_started(sweep))
        for one in living:
            if one.trial is None and waiting:
                trial = waiting.popleft()
                one.trial, one.began, one.ends = trial, None, None
                with suppress(OSError):  # a process that was killed meanwhile is found dead below
                    one.pipe.send(sweep.plan.number(trial))
        return living


def _started(sweep: Sweep) -> _Slot:
    methods = forked_from(PRELOADED)
    ours, theirs = methods.Pipe()
    process = methods.Process(
        target=serve, daemon=True,
        args=(theirs, dict(os.environ), running_code(), sweep.store.root, sweep.plan_file, sweep.settings, sweep.since),
    )  # fmt: skip
    with starting():
        process.start()
    theirs.close()
    return _Slot(process, ours)


def _listen(slots: list[_Slot], sweep: Sweep, report: Report) -> None:
    """Receive progress of processes, find those that were killed, and end those that take too long."""
    busy = [one for one in slots if one.trial]
    ready = set(wait([one.pipe for one in busy] + [one.process.sentinel for one in busy], POLL))
    for slot in busy:
        if slot.pipe in ready or slot.process.sentinel in ready:
            ended = _take(slot, report)
            if slot.trial and ended:
                _found_dead(slot, sweep, report)
        if slot.trial and sweep.settings.limit is not None:
            _hold_to_limit(slot, sweep.settings.limit, sweep.settings.grace)


def _take(slot: _Slot, report: Report) -> bool:
    """Receive the progress that a process sent.

    returns: True where the process has ended and all its progress is received
    """
    while slot.trial:
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
            slot.trial = None
        elif slot.began is None:
            slot.began = time.monotonic()  # the limit is the trial's, not that of its process to start
        report(news)
        if news.disk_is_full:
            raise DiskFull(news.message)
    return False


def _found_dead(slot: _Slot, sweep: Sweep, report: Report) -> None:
    """Record the failure of a trial whose process ended before it."""
    if not slot.begun and slot.process.exitcode >= 0:
        raise unstarted()
    trial, slot.trial, slot.over = slot.trial, None, True
    assert trial is not None
    if slot.ends is not None:
        report(past_limit(sweep, trial))
        return
    reason = _end_text(slot.process.exitcode, sweep.settings.memory)
    with suppress(OSError):
        write_failure_record(sweep.store, trial.key, reason, "", "killed")
    report(ProgressEvent(trial.key, "failed", message=reason))


def _end_text(code: int, memory: int | None) -> str:
    if code >= 0:
        return f"its process ended with status {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    limit = f" or because of its limit of {memory / 1e6:g} MB" if memory is not None else ""
    return f"its process was killed by {name}" + (f", perhaps for want of memory{limit}" if code != -15 else "")


def _hold_to_limit(slot: _Slot, limit: float, grace: float) -> None:
    """Request that a trial which takes too long store its state and end, and kill it where it does not."""
    now = time.monotonic()
    if slot.ends is None and slot.began is not None and now - slot.began > limit:
        slot.ends = now + grace
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
