"""Worker process that runs trials one after the other, whose keys it receives through a pipe."""

from __future__ import annotations

import functools
import importlib
import multiprocessing
import os
import pickle
import resource
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from msim.backends.mpi import SERIAL
from msim.base.code_digest import running_code
from msim.base.signals import stops_held
from msim.executors.executor import STOPPED, ProgressEvent, SentWork, Stop, Stopped, Work
from msim.executors.processes import PRELOADED, begin_alone


def serve(pipe: Connection, environment: dict[str, str], parcel: SentWork) -> None:
    """Run the trials whose keys come through the pipe, until None comes or the other end is closed.

    The first message sent is the code that this process runs; where that is not the parent's, the process ends.
    """
    stop = Stop()
    sys.unraisablehook = _unless_stopped
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, functools.partial(_ask, stop))
    begin_alone(environment)
    try:
        pipe.send(running_code())
        if running_code().digest != parcel.code.digest:
            os._exit(0)
        work: Work = pickle.loads(parcel.pickled)
        stop.at_once = work.limits.at_once
        if work.limits.memory is not None:
            _limit_memory(work.limits.memory)
        while (key := pipe.recv()) is not None and not stop.asked:
            pipe.send(work.run(key, functools.partial(_tell, pipe, stop), stop, SERIAL))
    except (EOFError, OSError, Stopped):
        pass
    # Without cleaning up: nothing is left to do, and Python's own ways wait for threads.
    os._exit(0)


def _limit_memory(size: int) -> None:
    """Limit the memory of this process to a size in B.

    The libraries of numpy and scipy take scratch space at their first product, and try for ever where they get none, so
    they get it before the limit. All modules are imported before it too: a module without room is a broken import.
    """
    from scipy.linalg.blas import dgemm

    for name in PRELOADED:
        importlib.import_module(name)
    some = np.ones((256, 256))
    dgemm(1.0, some @ some, some)
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def _ask(stop: Stop, *_: Any) -> None:
    stop.ask()


def _unless_stopped(lost: Any) -> None:
    """Print an exception that cannot be caught, except a stop, which `_tell` raises again."""
    if not isinstance(lost.exc_value, Stopped):
        sys.__unraisablehook__(lost)


def _tell(pipe: Connection, stop: Stop, news: ProgressEvent) -> None:
    """Send progress.

    raises: Stopped where the process that receives it is gone, or where a stop that ends a trial at once was lost, as
        in the clean-up of an object
    """
    if stop.at_once and stop.asked:
        raise Stopped(STOPPED)
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        raise Stopped("the process that ran it was killed")
    try:
        with stops_held():  # of half a message the rest would be waited for
            pipe.send(news)
    except OSError:
        raise Stopped("the process that ran it was killed") from None
