"""Worker processes of trials: one thread each, ended within seconds, gone when the run is."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any, NoReturn

from msim.base.code_digest import RunningCode, running_code, validate_same_code
from msim.base.errors import StartError
from msim.base.start import FIRST, safe_start, start_environment
from msim.executors.executor import STOPPED, Stopped

# What a process needs for a trial; imported once, before any of them is forked.
PRELOADED = ["msim.trials.run", "msim.backends.cpp.column", "msim.backends.cpp.network"]
# Processes compute with one thread each: with more, they fight for cores.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
WORKER = "a worker process"
GRACE = 3.5  # s in which a process that is told to end can still store what it recorded


def prepare_workers(preloaded: Sequence[str] = PRELOADED) -> None:
    """Start the process that workers are forked from, which imports the modules that they need beforehand.

    No signal that stops a run ends that process: it learns how workers ended, and ends after them.
    raises: StartError where it cannot be started
    """
    with _environment({**start_environment(), **dict.fromkeys(THREAD_VARIABLES, "1")}), starting():
        resource_tracker.ensure_running()  # as it starts, it lets all signals through
        with _held(signal.SIGINT, signal.SIGTERM):
            multiprocessing.set_forkserver_preload([FIRST, *preloaded])
            forkserver.ensure_running()


def forked_from(preloaded: Sequence[str]) -> Any:
    """Return a context that starts processes forked from one that has imported these modules."""
    prepare_workers(preloaded)
    return multiprocessing.get_context("forkserver")


def begin_alone(environment: Mapping[str, str]) -> None:
    """Give this process the environment of its parent, one thread, and a response to the signal to end."""
    threads = {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ}
    os.environ.clear()
    os.environ.update({**environment, **threads})
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


@contextmanager
def worker_pool(workers: int) -> Iterator[tuple[ProcessPoolExecutor, Any]]:
    """Yield a pool of processes, and the queue that `report_progress` writes to in them; all end where the body raises.

    The process that they are forked from ends with this one; a further process that kept the queue would be left
    over where all the others are killed.
    raises: StartError before the body where a process cannot start, or would run other code than this one
    """
    prepare_workers()
    methods = multiprocessing.get_context("forkserver")
    others = set(multiprocessing.active_children())
    news = methods.Queue()
    with ProcessPoolExecutor(workers, methods, _begin, (news, dict(os.environ), running_code())) as pool:
        try:
            _validate_started(pool)
            yield pool, news
        except BaseException:
            end_processes([one for one in multiprocessing.active_children() if one not in others])
            pool.shutdown(cancel_futures=True)
            raise


def _validate_started(pool: ProcessPoolExecutor) -> None:
    """Check that the first process runs the code of this one, before the pool is given any work."""
    with starting():
        first = pool.submit(running_code)
    try:
        validate_same_code(first.result(), WORKER)
    except BrokenProcessPool:
        raise unstarted() from None


def unstarted() -> StartError:
    """Return the error for a process that ended before it began."""
    return StartError(
        "a worker process cannot start: its own words stand above, if it had any; is there memory, and a process to "
        "spare?"
    )


@contextmanager
def starting() -> Iterator[None]:
    """Hold Ctrl-C back while processes are started in the body: they never get it, and are ended by a request.

    raises: StartError where the process that they are forked from has ended or cannot fork
    """
    try:
        with safe_start(), _held(signal.SIGINT):
            yield
    except (OSError, EOFError):  # that process has ended, or cannot fork
        raise unstarted() from None


@contextmanager
def _held(*signals: signal.Signals) -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _environment(given: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for processes that start in the body."""
    saved = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in saved.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def end_processes(processes: list[BaseProcess]) -> None:
    """Request that processes end, and kill those that have not after a few seconds."""
    for one in processes:
        one.terminate()
    waiting, last = {one.sentinel for one in processes}, time.monotonic() + GRACE
    try:
        while waiting and (left := last - time.monotonic()) > 0:
            waiting.difference_update(wait(list(waiting), left))
    finally:
        for one in processes:
            one.kill()


_news: Any = None
_parent: RunningCode | None = None


def _begin(news: Any, environment: dict[str, str], parent: RunningCode) -> None:
    """Set up a worker: keep the queue, which a process can get only at its start, and take over the environment."""
    global _news, _parent
    begin_alone(environment)
    _parent = parent
    # What is not read any more must not hold up the end of this process.
    news.cancel_join_thread()
    _news = news


def report_progress(news: tuple[Any, ...]) -> None:
    """Send progress to the process that started this one.

    raises: Stopped where that process was killed, so that it cannot take a result, or where a stop came and
        was lost, as in the clean-up of an object
    """
    if _asked:
        raise Stopped(STOPPED)
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        raise Stopped("the process that ran it was killed")
    _news.put(news)


@contextmanager
def ended_by_stop() -> Iterator[None]:
    """Turn the first SIGTERM into Stopped in the body, and end the process after it.

    The process ends without cleaning up: locks shared with other processes may be held by killed ones for ever.
    raises: StartError where this process runs other code than the one that started it
    """
    if _parent is not None:
        validate_same_code(running_code(), WORKER, _parent)
    sys.unraisablehook = _unless_stopped
    signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    except Stopped:
        os._exit(128 + signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        sys.unraisablehook = sys.__unraisablehook__


_asked = False


def _stop(*_: Any) -> NoReturn:
    global _asked
    _asked = True
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped(STOPPED)


def _unless_stopped(lost: Any) -> None:
    """Print an exception that cannot be caught, except a stop, which `report_progress` raises again."""
    if not isinstance(lost.exc_value, Stopped):
        sys.__unraisablehook__(lost)
