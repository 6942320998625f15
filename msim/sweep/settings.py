"""How the trials of a sweep are run, and what is told of them meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from msim.storage.trial_store import TrialStore
from msim.sweep.plan import Plan, Trial


@dataclass(frozen=True)
class Settings:
    """What every trial is allowed.

    limit: s of the clock on the wall, after which it has failed; None for none
    memory: bytes; None for as much as there is
    checkpoint_every: s of the clock on the wall
    grace: s in which a trial that is told to end can still reach its next burst and keep where it is
    """

    limit: float | None = None
    memory: int | None = None
    checkpoint_every: float = 30.0
    grace: float = 10.0


@dataclass(frozen=True)
class ProgressEvent:
    """What became of a trial, or how far it is.

    state: 'running', 'done', 'failed', 'elsewhere' (another process runs it) or 'stopped'
    time: s, simulated time reached; message: why it failed, or how far a burst of spikes is
    """

    key: str
    state: str
    time: float = 0.0
    message: str = ""
    disk_is_full: bool = False


Report = Callable[[ProgressEvent], None]


@dataclass(frozen=True)
class Sweep:
    """A plan in its folder; plan_file: where workers read it; since: when this command began, by the folder's clock."""

    store: TrialStore
    plan: Plan
    plan_file: Path
    settings: Settings
    since: float = 0.0


class Executor(Protocol):
    """What runs trials, wherever that is; every outcome ends up in the store."""

    def run(self, sweep: Sweep, trials: Sequence[Trial], report: Report) -> None:
        """Run trials and report what became of each.

        A trial that another process has claimed is reported as 'elsewhere' and left to it.
        """
