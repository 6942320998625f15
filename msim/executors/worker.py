"""Worker process that runs trials one after the other, whose keys it receives through a pipe."""

from __future__ import annotations

import functools
import importlib
import multiprocessing
import os
import pickle
import resource
import signal
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from msim.backends.mpi import SERIAL
from msim.base.code_digest import running_code
from msim.executors.executor import ProgressEvent, SentWork, Stop, Stopped, Work
from msim.executors.processes import begin_alone

# What trials need; imported once, before any process is forked.
PRELOADED = [
    "msim.executors.worker", "msim.backends.cpp.column", "msim.backends.cpp.network", "msim.trials.datasets",
    "msim.storage.trial_file", "zarr",
]  # fmt: skip


def serve(pipe: Connection, environment: dict[str, str], parcel: SentWork) -> None:
    """Run the trials whose keys come through the pipe, until None comes or the other end is closed.

    The first message sent is the code that this process runs; where that is not the parent's, the process ends.
    """
    stop = Stop()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, functools.partial(_ask, stop))
    begin_alone(environment)
    try:
        pipe.send(running_code())
        if running_code().digest != parcel.code.digest:
            os._exit(0)
        work: Work = pickle.loads(parcel.pickled)
        if work.limits.memory is not None:
            _limit_memory(work.limits.memory)
        while (key := pipe.recv()) is not None and not stop.asked:
            pipe.send(work.run(key, functools.partial(_tell, pipe), stop, SERIAL))
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


def _tell(pipe: Connection, news: ProgressEvent) -> None:
    """Send progress.

    raises: Stopped where the process that receives it is gone
    """
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        raise Stopped("the process that ran it was killed")
    try:
        pipe.send(news)
    except OSError:
        raise Stopped("the process that ran it was killed") from None
