"""Scans of spiking brains for msim brain scan, on one rank or several."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msim.cli.ranks import alongside
from msim.cli.terminal import show_progress, shows_bars

if TYPE_CHECKING:
    from msim.brain.connectome import Connectome
    from msim.definitions.brain import BrainDefinition
    from msim.imaging.scan import Label, Scan

EVERY = 30.0  # s between two words of progress; 0.5 s at a terminal


def spiking(
    brain: str, folder: Path, times: tuple[float, float], labels: Sequence[Label], seeds: Sequence[int],
    coupling: float | None, cells: int, ranks: int,
) -> tuple[BrainDefinition, Connectome, list[Scan]] | None:  # fmt: skip
    """Take spiking scans; what cannot be is refused before ranks are started.

    times: length of a scan and time between volumes, s
    returns: on rank 0 what is to be written, on others nothing
    """
    from msim.brain.connectome import read_connectome
    from msim.brain.scans import settling, simulated_seconds
    from msim.brain.spiking_scans import SpikingOptions, spiking_scans
    from msim.definitions.brain import read_brain
    from msim.imaging.connectivity import refuse_short

    definition = read_brain(brain)
    connectome = read_connectome(definition.connectome, definition.weights)
    whole, tr = simulated_seconds(*times), times[1]
    refuse_short(labels[0].stem, whole - settling(tr) * tr, tr)
    with alongside(ranks) as world:
        told = SpikingOptions(cells, coupling, progress=_Told() if world.rank == 0 else lambda *_: None)
        scans = spiking_scans(definition, connectome, *times, labels, seeds, told, world)
    return (definition, connectome, scans) if world.rank == 0 else None


class _Told:
    """Says on standard error now and then how far a scan is."""

    def __init__(self) -> None:
        self.often = shows_bars()
        self.last = time.monotonic()

    def __call__(self, label: Label, done: float, of: float) -> None:
        if time.monotonic() - self.last < (0.5 if self.often else EVERY) and done < of:
            return
        self.last = time.monotonic()
        show_progress(f"scan of {label.subject}: {done:.0f} of {of:.0f} s", done >= of)
