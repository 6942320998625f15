"""Emulator of a brain's column, whose drives move farther than in a column alone and whose other axes move little."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import ceil, floor

from msim.base.settings import settings
from msim.definitions.brains.brain import BrainDefinition
from msim.emulator.axes import Axis, axes_of
from msim.emulator.emulator import Emulator
from msim.emulator.files import read_emulator
from msim.emulator.fit import FitBudget
from msim.emulator.library import kept_or_fitted

REACH = (0.75, 1.3)  # of the resting rate of a drive that fibres take part in
GRID = 0.1  # of rest, or absolute where that is 0
AS_AT_REST = 0.01  # a gain or a block that nobody moves farther from rest is no axis
# Fewer axes than usual, so that bursts may be longer; and the best surfaces, since what regions give on to each other
# hangs on how steep they are at rest, where a quadratic that misses 4 % of all bursts is off by a third.
# Potentiated columns synchronise more than those at rest do, and their averages go on smoothly.
EFFORT = FitBudget(seconds=3.0, good_enough=0.0, synchrony=60.0)

States = Mapping[str, float]


def moved_axes(brain: BrainDefinition, states: Iterable[States]) -> tuple[Axis, ...]:
    """Return the drives that fibers feed, and the gains, block and other drives that any state moves from rest.

    The fewer axes there are, and the shorter they are, the more accurate is the fit to the same number of bursts.
    """
    column, ranges = brain.column, {}
    for one in brain.targets:
        path = column.resolved(f"{one}.rate").path
        low, high = (f"{part * column[path]:.9g} Hz" for part in REACH)
        ranges[path] = (low, high)
    given = list(states)
    for axis in axes_of(column):
        values = [one.get(axis.name, axis.rest) for one in given]
        moved = [one for one in values if abs(one - axis.rest) > AS_AT_REST * max(1.0, axis.rest)]
        if moved and axis.name not in ranges:
            ranges[axis.name] = _rounded(axis, moved)
    return tuple(one for one in axes_of(column, (), ranges) if one.name in ranges)


def _rounded(axis: Axis, values: list[float]) -> tuple[str, str]:
    """Return the range of values and rest, rounded outwards, so that similar cohorts share an emulator."""
    grid = GRID * (axis.rest or 1.0)
    low = min(axis.rest, max(grid * floor(min(values) / grid), 0.0 if not axis.is_ratio else grid))
    high = max(axis.rest, grid * ceil(max(values) / grid))
    unit = f" {axis.unit}" if axis.unit else ""
    return f"{low:.9g}{unit}", f"{high:.9g}{unit}"


def brain_emulator(
    brain: BrainDefinition, states: Iterable[States] = (), progress: Callable[[int, int], None] = lambda *_: None
) -> Emulator:
    """Return the emulator of a brain's column over REACH, for these states, from the cache or fitted and kept there."""
    axes = moved_axes(brain, states)
    return read_emulator(kept_or_fitted(brain.column, axes, settings().fit_budget or EFFORT, progress))


def on_axes(emulator: Emulator, state: States) -> dict[str, float]:
    """Return the part of a state that is on axes of an emulator; all else is at rest in the emulator."""
    names = {one.name for one in emulator.axes}
    return {name: value for name, value in state.items() if name in names}
