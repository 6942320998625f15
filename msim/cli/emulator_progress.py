"""How far the bursts are that an emulator is fitted to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msim.cli.terminal import show_progress, shows_bars

EVERY = 10.0  # s


@contextmanager
def fit_progress() -> Iterator[Callable[[str, int, int], None]]:
    """A function that is told whose bursts are how far; it says so on standard error now and then."""
    last = time.monotonic() - EVERY
    often = shows_bars()

    def progress(name: str, done: int, of: int) -> None:
        nonlocal last
        if time.monotonic() - last < (0.2 if often else EVERY) and done < of:
            return
        last = time.monotonic()
        show_progress(f"fitting the emulator of {name}: {done} of {of} bursts", done >= of)

    yield progress
