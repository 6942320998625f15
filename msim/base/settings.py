"""Settings of how a process computes, stores and reports, which no file and no option names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class RunSettings:
    """Accuracy, sizes of what is in memory at a time, and times of reports.

    relative_tolerance, absolute_tolerance: of a step of the slow equations
    settling: s before the first volume of a scan, in which blood flow forgets that it began at rest
    largest_condition: of the eigenvectors of a drug's compartments, which amplify round-off by it; past this the matrix
        exponential is used instead of them
    burst_piece: s of spikes that are in memory at a time
    noise_steps: for which a brain of mean fields draws noise at once; joined_steps: after which the ranks of a spiking
        brain join what they measured; no result depends on either
    chunk_values: of a stored array; block_values: of an array in a file that are in memory while it is copied
    hashed_bytes: of a stored array that are read at a time, where its chunks are not larger
    progress_every: s of the clock on the wall between two reports of a burst
    fit_budget: the FitBudget of emulators of brains and of cohorts; each has its own where it is None
    shown_quantities: most that the figures of a sweep show where nobody names one
    """

    relative_tolerance: float = 1e-4
    absolute_tolerance: float = 1e-6
    settling: float = 30.0
    largest_condition: float = 1e6
    burst_piece: float = 10.0
    noise_steps: int = 2000
    joined_steps: int = 100
    chunk_values: int = 2**16
    block_values: int = 2**17
    hashed_bytes: int = 2**19
    progress_every: float = 1.0
    fit_budget: Any = None
    shown_quantities: int = 9


_present: ContextVar[RunSettings] = ContextVar("settings", default=RunSettings())


def settings() -> RunSettings:
    """Return the settings that hold here."""
    return _present.get()


@contextmanager
def with_settings(**changes: Any) -> Iterator[None]:
    """Let other settings hold within a `with` block, for what is computed in this thread of this process.

    Runs and sweeps compute in processes of their own, which have the usual settings, and no key of a trial holds these:
    what is to decide on a result belongs into an experiment's [schedule].
    """
    token = _present.set(replace(settings(), **changes))
    try:
        yield
    finally:
        _present.reset(token)
