"""Progress of the bursts to which an emulator is fitted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msim.cli.terminal import show_progress, shows_bars

EVERY = 10.0  # s


@contextmanager
def fit_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function that prints the progress of a fit on standard error from time to time.

    It takes the name of the model, the number of bursts that are done, and the number of all.
    """
    last = time.monotonic() - EVERY
    often = shows_bars()

    def progress(name: str, done: int, of: int) -> None:
        nonlocal last
        if time.monotonic() - last < (0.2 if often else EVERY) and done < of:
            return
        last = time.monotonic()
        show_progress(f"fitting the emulator of {name}: {done} of {of} bursts", done >= of)

    yield progress
