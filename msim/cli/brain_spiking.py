"""Scans of spiking brains for msim brain scan, on one rank or several."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from msim.cli.ranks import alongside
from msim.cli.terminal import show_progress, shows_bars

if TYPE_CHECKING:
    from msim.brain.connectome import Connectome
    from msim.definitions.brains.brain import BrainDefinition
    from msim.imaging.scan import Label, Scan

EVERY = 30.0  # s between two words of progress; 0.5 s at a terminal


def spiking(
    definition: BrainDefinition, connectome: Connectome, folder: Path, times: tuple[float, float],
    labels: Sequence[Label], seeds: Sequence[int], coupling: float | None, cells: int, ranks: int,
    write: Callable[[BrainDefinition, Connectome, list[Scan], Path], None],
) -> None:  # fmt: skip
    """Simulate spiking scans and write them from rank 0; bad input is refused before ranks are started.

    times: length of a scan and time between volumes, s
    write: writes the scans into a folder
    """
    from msim.base.new_folder import new_folder
    from msim.brain.spiking_plan import brain_plan
    from msim.brain.spiking_scans import SpikingOptions, spiking_scans
    brain_plan(definition, connectome, cells, seeds[0], coupling)
    with alongside(ranks) as world, ExitStack() as end:
        first = world.rank == 0
        partial = world.first_alone(lambda: end.enter_context(new_folder(folder)) if first else folder)
        fit_progress = SpikingOptions(cells, coupling, progress=_ScanProgress() if first else lambda *_: None)
        scans = spiking_scans(definition, connectome, *times, labels, seeds, fit_progress, world)
        if first:
            write(definition, connectome, scans, partial)
    if first:
        typer.echo(f"Written to {folder}")


class _ScanProgress:
    """Printer of the progress of a scan on standard error."""

    def __init__(self) -> None:
        self.often = shows_bars()
        self.last = time.monotonic()

    def __call__(self, label: Label, done: float, of: float) -> None:
        if time.monotonic() - self.last < (0.5 if self.often else EVERY) and done < of:
            return
        self.last = time.monotonic()
        show_progress(f"scan of {label.subject}: {done:.0f} of {of:.0f} s", done >= of)
