"""Worker processes of trials, forked from one that is prepared for it: one thread each."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from typing import Any

from msim.base.errors import StartError
from msim.base.start import FIRST, safe_start, start_environment

# What a process needs for a trial; imported once, before any of them is forked.
PRELOADED = [
    "msim.executors.worker", "msim.trials.run", "msim.backends.cpp.column", "msim.backends.cpp.network",
    "msim.trials.datasets", "msim.storage.trial_file", "zarr",
]  # fmt: skip
# Processes compute with one thread each: with more, they fight for cores.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
WORKER = "a worker process"


def prepare_workers() -> None:
    """Start the process that workers are forked from, which imports the modules that they need beforehand.

    No signal that stops a run ends that process: it learns how workers ended, and ends after them.
    raises: StartError where it cannot be started
    """
    with _environment({**start_environment(), **dict.fromkeys(THREAD_VARIABLES, "1")}), starting():
        resource_tracker.ensure_running()  # as it starts, it lets all signals through
        with _held(signal.SIGINT, signal.SIGTERM):
            multiprocessing.set_forkserver_preload([FIRST, *PRELOADED])
            forkserver.ensure_running()


def forked_from_prepared() -> Any:
    """Return a context that starts processes forked from the one that `prepare_workers` starts."""
    prepare_workers()
    return multiprocessing.get_context("forkserver")


def begin_alone(environment: Mapping[str, str]) -> None:
    """Give this process the environment of its parent, one thread, and a response to the signal to end."""
    threads = {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ}
    os.environ.clear()
    os.environ.update({**environment, **threads})
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


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
