"""Signals that ask a process to stop, held back from work that must not be left half done."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stops_held() -> Iterator[Sequence[object]]:
    """Hold back signals that stop a process until the end of the body, and yield those that have come.

    A handler that raises in the middle of a library's clean-up is lost in it, or makes it fail for another reason.
    Outside the main thread, which alone receives signals, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield ()
        return
    came: list[tuple[int, FrameType | None]] = []
    # Handlers that Python did not set (None) cannot be put back, and are left in their place.
    before = {one: handler for one in STOPS if (handler := signal.getsignal(one)) is not None}
    try:
        for one in before:
            signal.signal(one, lambda number, frame: came.append((number, frame)))
        yield came
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        for number, frame in came[:1]:
            handler = before[signal.Signals(number)]
            if callable(handler):
                handler(number, frame)
            elif handler == signal.SIG_DFL:
                os.kill(os.getpid(), number)
