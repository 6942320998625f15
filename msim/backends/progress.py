"""Progress of a burst inside the compiled loop, which a thread reads from memory while the loop runs on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from msim.base.settings import settings


@dataclass(frozen=True)
class BurstProgress:
    """Progress of a burst: biological seconds done and in all, and biological seconds per second on the clock."""

    done: float
    total: float
    speed: float

    @property
    def left(self) -> float:
        """Return the wall-clock time in seconds until the burst is over."""
        return (self.total - self.done) / self.speed if self.speed > 0 else float("inf")


@contextmanager
def burst_progress(
    done: Callable[[], float], total: float, tell: Callable[[BurstProgress], None] | None
) -> Iterator[None]:
    """Call `tell` every second with the progress of the body.

    done: gives biological seconds since the body began; another thread calls it
    raises: after a body that ended well, the exception of `tell`, as where no reader is left; no further call follows
    """
    if tell is None:
        yield
        return
    over = threading.Event()
    every = settings().progress_every  # read here, as a thread has settings of its own
    began = time.monotonic()
    raised: list[BaseException] = []

    def watch() -> None:
        try:
            while not over.wait(every):
                now = done()
                tell(BurstProgress(now, total, now / (time.monotonic() - began)))
        except BaseException as problem:  # a thread has nobody to raise it to, and would print it
            raised.append(problem)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    if raised:
        raise raised[0]
