"""Executor 'dask': each trial a task of a Dask scheduler, in a process of its own beside the Dask worker that takes it.

A task whose worker was killed is given to another one by Dask, which gives up after some deaths; a claim of the killed
process keeps the other from its trial until the process is gone.
"""

from __future__ import annotations

import multiprocessing
import platform
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from msim.base.code_digest import running_code, validate_same_code
from msim.base.endings import Failure
from msim.base.errors import InputError, SimulationError, StartError
from msim.executors.executor import ProgressEvent, Report, SentWork, Stop, Stopped, Work, sent
from msim.executors.kinds.local import run_alone
from msim.executors.registry import ExecutorKind, ExecutorOptions

ANSWER = "10 s"  # in which the scheduler has to answer
LEAVING = 10.0  # s beyond the grace of a trial in which its task can come back after a request to stop


@contextmanager
def _start(options: ExecutorOptions) -> Iterator[DaskExecutor]:
    """Yield an executor on the workers of a scheduler; those that come later are taken too.

    raises: InputError where there is no scheduler, StartError where a worker has no msim or other code
    """
    from distributed import Client

    if not options.scheduler:
        raise InputError("--executor dask: wants --scheduler ADDRESS, such as tcp://10.0.0.1:8786")
    try:
        client = Client(options.scheduler, timeout=ANSWER)
    except (OSError, ValueError) as problem:  # a TimeoutError is an OSError
        raise InputError(f"--scheduler: no Dask scheduler answers at '{options.scheduler}': {problem}") from None
    with client:
        try:
            found = client.run(running_code)
        except ImportError as problem:
            raise StartError(f"a Dask worker cannot import msim: {problem}") from None
        for address, code in found.items():
            validate_same_code(code, f"the Dask worker at {address}")
        yield DaskExecutor(client)


EXECUTOR = ExecutorKind(_start, takes=("scheduler",), package="distributed", install="msim[dask]")


@dataclass
class DaskExecutor:
    """Executor on the workers of a Dask scheduler; client: its connection to it."""

    client: Any

    def run(self, work: Work, keys: Sequence[str], report: Report) -> None:
        """Run trials; see Executor.

        raises: SimulationError where the scheduler is gone
        """
        from distributed import as_completed

        parcel, name = sent(work), uuid.uuid4().hex
        futures = {self.client.submit(_in_worker, name, parcel, key, key=f"msim-{name}-{key}"): key for key in keys}
        try:
            for one in as_completed(list(futures)):
                report(_last_event(work, futures[one], one))
        except BaseException:
            with suppress(Exception):  # workers and scheduler may be gone, and what raised this says more
                self._stop(name, list(futures), work.limits.grace + LEAVING)
            raise

    def _stop(self, name: str, futures: list[Any], longest: float) -> None:
        """Ask the trials of all workers to store their states, wait for them, and cancel what is left."""
        from distributed import wait

        self.client.run(_ask, name)
        with suppress(TimeoutError):
            wait(futures, timeout=longest)
        self.client.cancel(futures)


def _last_event(work: Work, key: str, future: Any) -> ProgressEvent:
    """Return what a task came to; where Dask gave it up, that is the failure of its trial."""
    from distributed.client import FutureCancelledError
    from distributed.comm import CommClosedError
    from distributed.scheduler import KilledWorker

    try:
        event: ProgressEvent = future.result()
    except KilledWorker as problem:
        reason = f"its process was killed with its Dask worker, {problem.allowed_failures + 1} times in a row"
        return work.outcome(key) or work.fail(key, Failure("killed", reason))
    except (FutureCancelledError, CommClosedError):
        raise SimulationError("--executor dask: the scheduler is gone; the same command goes on") from None
    return event


_stops: dict[str, list[Stop]] = {}  # of the trials that run in this Dask worker, by the name of their command


def _in_worker(name: str, parcel: SentWork, key: str) -> ProgressEvent:
    """Run a trial in a process of its own, which a Dask worker may have as soon as it is no daemon."""
    multiprocessing.current_process().daemon = False
    stop, stops = Stop(), _stops.setdefault(name, [])
    if any(one.asked for one in stops):
        return ProgressEvent(key, "stopped")
    stops.append(stop)
    try:
        return run_alone(parcel, key, f"the Dask worker on {platform.node()}", stop)
    except Stopped:
        return ProgressEvent(key, "stopped")
    finally:
        stops.remove(stop)


def _ask(name: str) -> None:
    """Ask all trials of a command in this Dask worker to stop, those among them that its tasks have yet to begin."""
    stops = _stops.setdefault(name, [])
    stops.append(Stop())
    for one in stops:
        one.ask()
