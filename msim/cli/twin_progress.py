"""How far the bursts are that a twin is fitted to."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

EVERY = 10.0  # s


@contextmanager
def told() -> Iterator[Callable[[str, int, int], None]]:
    """A function that is told whose bursts are how far; it says so on standard error now and then."""
    last = time.monotonic() - EVERY
    wide = sys.stderr.isatty()

    def progress(name: str, done: int, of: int) -> None:
        nonlocal last
        if time.monotonic() - last < (0.2 if wide else EVERY) and done < of:
            return
        last = time.monotonic()
        typer.echo(f"\rfitting the twin of {name}: {done} of {of} bursts", err=True, nl=not wide or done == of)

    yield progress
