"""Worker process that runs trials one after the other, whose numbers it receives through a pipe."""

from __future__ import annotations

import functools
import importlib
import multiprocessing
import os
import resource
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from msim.base.code_digest import RunningCode, running_code
from msim.storage.trial_store import TrialStore
from msim.sweep.one_trial import Stop, run_trial
from msim.sweep.plan_files import read_plan
from msim.sweep.settings import ProgressEvent, Settings, Sweep
from msim.trials.workers import Stopped, begin_alone

# What trials need; imported once, before any process is forked.
PRELOADED = [
    "msim.sweep.worker", "msim.backends.cpp.column", "msim.backends.cpp.network", "msim.trials.datasets",
    "msim.storage.trial_file", "zarr",
]  # fmt: skip
_plan_once = functools.lru_cache(maxsize=2)(read_plan)


def serve(pipe: Connection, environment: dict[str, str], parent: RunningCode, root: Path, plan_file: Path,
          settings: Settings, since: float) -> None:  # fmt: skip
    """Run the trials whose numbers in the plan come through the pipe, until None comes or the other end is closed.

    The first message sent is the code that this process runs; where that is not the parent's, the process ends.
    """
    stop = Stop()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, functools.partial(_ask, stop))
    begin_alone(environment)
    if settings.memory is not None:
        _limit_memory(settings.memory)
    try:
        pipe.send(running_code())
        if running_code().digest != parent.digest:
            os._exit(0)
        plan = _plan_once(plan_file)
        sweep = Sweep(TrialStore(root), plan, plan_file, settings, since)
        while (number := pipe.recv()) is not None and not stop.asked:
            pipe.send(run_trial(sweep, plan.trials[number], functools.partial(_tell, pipe), stop))
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
