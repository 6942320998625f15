"""Settings of a sweep's trials, and the progress that executors report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from msim.storage.trial_store import TrialStore
from msim.sweep.plan import Plan, Trial


@dataclass(frozen=True)
class Settings:
    """Limits of every trial.

    limit: s of the clock on the wall, after which it has failed; None for none
    memory: bytes; None for as much as there is
    checkpoint_every: s of the clock on the wall
    grace: s in which a trial with a request to end can still reach its next burst and store its state
    """

    limit: float | None = None
    memory: int | None = None
    checkpoint_every: float = 30.0
    grace: float = 10.0


@dataclass(frozen=True)
class ProgressEvent:
    """State of a trial, or its progress.

    state: 'running', 'done', 'failed', 'elsewhere' (another process runs it) or 'stopped'
    time: s, simulated time reached; message: why it failed, or the progress of a burst of spikes
    """

    key: str
    state: str
    time: float = 0.0
    message: str = ""
    disk_is_full: bool = False


Report = Callable[[ProgressEvent], None]


@dataclass(frozen=True)
class Sweep:
    """A plan in its folder.

    plan_file: path from which workers read it; since: begin of this command, by the folder's clock
    """

    store: TrialStore
    plan: Plan
    plan_file: Path
    settings: Settings
    since: float = 0.0


class Executor(Protocol):
    """Interface of a runner of trials; every outcome is written to the store."""

    def run(self, sweep: Sweep, trials: Sequence[Trial], report: Report) -> None:
        """Run trials and report the outcome of each.

        A trial that another process has claimed is reported as 'elsewhere' and left to it.
        """
