"""Trials and command lines in the process of a test: what one imports, derives and compiles serves the next.

For laws about what is computed. What is about processes starts them: tests of faults, of stops, of starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from msim.backends.mpi import SERIAL
from msim.cli import app
from msim.executors.kinds.local import LocalExecutor
from msim.executors.shared import SharedExecutor


@contextmanager
def trials_here() -> Iterator[None]:
    """Have executor 'local' run trials of the body one after the other in this process, without workers of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalExecutor, "run", lambda _, *work: SharedExecutor(SERIAL).run(*work))
        yield


def msim_here(words: Sequence[str]) -> str:
    """Run a command line with its trials in this process, and return what it printed; it has to succeed."""
    with trials_here():
        done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, (words, done.output[-1500:], done.exception)
    return done.stdout
