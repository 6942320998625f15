"""Failures of activity, such as runaway firing, and their messages, the same on every target."""

from __future__ import annotations

import numpy as np

from msim.base.errors import SimulationError

WINDOW = 0.1  # s, over which a population's highest_rate is a mean


def validate_rates(
    population: str, spikes: tuple[np.ndarray, np.ndarray], n_cells: int, highest_rate: float, began: float
) -> None:
    """Stop a run in which a population fired above its highest rate in any window of 0.1 s.

    spikes: times in s from `began`, in order, and the cells that fired, each of shape (spikes,)
    highest_rate: Hz, mean over the population; began: s of spiking since the network was built
    raises: SimulationError for the first such window
    """
    times, cells = spikes
    most = int(highest_rate * WINDOW * n_cells * (1 + 1e-9))
    if times.size <= most:
        return
    # With `most` spikes between them, two spikes less than a window apart are one too many.
    (above,) = np.nonzero(times[most:] - times[:times.size - most] < WINDOW * (1 - 1e-9))
    if above.size:
        first = times[above[0]]
        inside = (times >= first) & (times < first + WINDOW * (1 - 1e-9))
        raise runaway(population, np.bincount(cells[inside], minlength=n_cells), highest_rate, began + first)


def runaway(population: str, counts: np.ndarray, highest_rate: float, time: float) -> SimulationError:
    """Build the error for a population above its highest rate.

    counts: spikes of each cell in the window of 0.1 s, shape (cells,); time: s of spiking at which the window began
    """
    cell = int(np.argmax(counts))
    return SimulationError(
        f"population '{population}' ran away: it fired at {counts.mean() / WINDOW:.4g} Hz on average over {WINDOW:g} s "
        f"from {time:.3f} s of spiking, above its highest_rate of {highest_rate:g} Hz; "
        f"most active: cell {cell} at {counts[cell] / WINDOW:.4g} Hz"
    )


def validate_finite(address: str, halves: np.ndarray, began: float, seconds: float) -> None:
    """Stop a run in which an average over half a burst is no number.

    address: 'population.name'; halves: averages of its cells over the two halves, shape (2, cells)
    began, seconds: s of spiking at which the average began, and how long it took
    raises: SimulationError that names the first such cell
    """
    bad = ~np.isfinite(halves)
    if bad.any():
        half = int(np.argmax(bad.any(axis=1)))
        start = began + half * seconds / 2
        cells = np.flatnonzero(bad[half])
        raise not_finite(address, int(cells[0]), cells.size, (start, start + seconds / 2))


def not_finite(address: str, cell: int, n_bad: int, span: tuple[float, float]) -> SimulationError:
    """Build the error for a quantity that is not finite.

    cell: the first such cell of the population, of `n_bad`; span: s of spiking between which it happened
    """
    population, _, name = address.partition(".")
    others = f" and of {n_bad - 1} more" if n_bad > 1 else ""
    return SimulationError(
        f"population '{population}': {name} of cell {cell}{others} is not finite "
        f"between {span[0]:.3f} and {span[1]:.3f} s of spiking: the network ran away"
    )
