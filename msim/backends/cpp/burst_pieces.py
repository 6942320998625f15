"""Pieces of a burst as they come from a compiled network, so that no more than one is in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from msim.backends.failures import WINDOW, validate_rates
from msim.base.errors import SimulationError
from msim.base.settings import settings
from msim.network.burst_averages import half_counts
from msim.network.column_plan import STEP, ColumnPlan
from msim.recording.spool import Spool, SpoolFile

# Population to steps, or times in s, and the cells that fired then.
Spikes = Mapping[str, tuple[np.ndarray, np.ndarray]]
Fields = Mapping[str, np.ndarray]


def piece_lengths(burn_in: float, seconds: float) -> Iterator[int]:
    """Yield the steps of each piece of a burst; the burn-in is part of the first piece."""
    piece = settings().burst_piece
    left, length = round((burn_in + seconds) / STEP), round((burn_in + piece) / STEP)
    while left > 0:
        yield min(left, length)
        left, length = left - length, round(piece / STEP)


class Tally:
    """Counter of the spikes of a burst, which also compares each piece with the highest rates.

    began: step at which the burst begins, after its burn-in
    """

    def __init__(self, plan: ColumnPlan, began: int, seconds: float) -> None:
        self.plan, self.began, self.seconds = plan, began, seconds
        self.counts = {one.name: np.zeros((2, one.size), dtype=int) for one in plan.spec.cells}
        self.runaways: dict[str, SimulationError] = {}
        none = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32))
        self._last = {one.name: none for one in plan.spec.cells}

    def with_last(self, spikes: Spikes) -> Spikes:
        """Join the spikes of a piece to those of the window before it, in steps."""
        return {
            name: (np.concatenate([steps, spikes[name][0]]), np.concatenate([cells, spikes[name][1]]))
            for name, (steps, cells) in self._last.items()
        }

    def take(self, spikes: Spikes) -> Spikes:
        """Count the spikes of a piece.

        spikes: in steps, in their order
        returns: the spikes after the burn-in, in s from the beginning of the burst
        """
        kept = {}
        for name, (steps, cells) in self.with_last(spikes).items():
            self._check(name, steps, cells)
            self._last[name] = _since(steps[-1] - round(WINDOW / STEP), steps, cells) if steps.size else (steps, cells)
            steps, cells = _since(self.began, *spikes[name])
            kept[name] = ((steps - self.began) * STEP, cells)
            self.counts[name] += half_counts(kept[name], self.seconds, self.counts[name].shape[1])
        return kept

    def _check(self, name: str, steps: np.ndarray, cells: np.ndarray) -> None:
        # The burn-in counts too: a network that ran away in it is not at rest after it.
        times, highest = (steps - self.began) * STEP, self.plan.highest_rates[name]
        try:
            validate_rates(name, (times, cells), self.counts[name].shape[1], highest, self.began * STEP)
        except SimulationError as problem:
            # Other ranks may be on their way through the next piece: it is raised at the end.
            self.runaways.setdefault(name, problem)


def _since(first: int, steps: np.ndarray, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    own = steps >= first
    return steps[own], cells[own]


class SpooledPieces:
    """Spikes and fields of the pieces of a burst, end to end in a file."""

    def __init__(self, file: SpoolFile) -> None:
        self._file = file
        self.spikes: dict[str, tuple[Spool, Spool]] = {}
        self.field: dict[str, Spool] = {}

    def take(self, spikes: Spikes, field: Fields) -> None:
        """Append a piece."""
        for name, (times, cells) in spikes.items():
            if name not in self.spikes:
                self.spikes[name] = (Spool(self._file, times.dtype), Spool(self._file, cells.dtype))
            self.spikes[name][0].append(times)
            self.spikes[name][1].append(cells)
        for name, values in field.items():
            self.field.setdefault(name, Spool(self._file, values.dtype)).append(values)
