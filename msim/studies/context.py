"""StudyContext: what an analysis of a study runs with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msim.emulator.library import Emulators
from msim.executors.executor import Executor


@dataclass(frozen=True)
class StudyContext:
    """What an analysis runs with.

    emulators: of the columns of the cohort; executor: runs trials, one a participant; folder: keeps their values
    progress: called with a text on the present step
    """

    emulators: Emulators
    executor: Executor
    folder: Path
    progress: Callable[[str], None] = lambda text: None
