"""Relaxation of rates: one time constant for each population, from the column's response to a small step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from msim.definitions.models.model import ModelDefinition
from msim.emulator.axes import Axis
from msim.emulator.sampling import ColumnAtPoints, set_point

STEP = 1.1  # times a drive
WINDOW = 0.5  # s, after the step; before it the cells settle as long
BIN = 5e-3  # s
REPEATS = 64
GROUPS = 4
SHORTEST, LONGEST = 1e-3, 0.5  # s


@dataclass(frozen=True)
class Relaxation:
    """A first-order approach to the steady rate.

    tau: s; error: its standard error, s; unexplained: root mean square of the residual of a single exponential
    beyond the noise of counting, relative to the final size of the response
    """

    tau: float
    error: float
    unexplained: float


def relaxations(
    model: ModelDefinition, axes: Sequence[Axis], pushed_by: Mapping[str, str], seed: int, repeats: int = REPEATS
) -> dict[str, Relaxation]:
    """Step drives up by a tenth, over and over, and fit the mean response of each population.

    pushed_by: population to the value axis that moves its rate most; to push all drives at once would hardly move
        some rates, as those that they excite inhibit them
    returns: by population
    """
    column = ColumnAtPoints(model, axes, seed)
    found = {}
    for axis in dict.fromkeys(pushed_by.values()):
        rates, before = _answers(column, axis, repeats)
        for name in model.populations:
            if pushed_by.get(name) == axis:
                found[name] = relaxation(rates[name], before[name])
    return found


def _answers(column: ColumnAtPoints, pushed: str, repeats: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return rates after each step, shape (repeats, bins), and before it, shape (repeats,), by population."""
    rest = np.array([one.rest for one in column.axes])
    after = np.array([min(STEP * one.rest, one.high) if one.name == pushed else one.rest for one in column.axes])
    rates: dict[str, list[np.ndarray]] = {name: [] for name in column.model.populations}
    before: dict[str, list[float]] = {name: [] for name in column.model.populations}
    for _ in range(repeats):
        set_point(column.network, column.model, column.axes, rest)
        quiet = column.network.burst(WINDOW / 2, WINDOW / 2, keep_field=False)
        set_point(column.network, column.model, column.axes, after)
        driven = column.network.burst(0.0, WINDOW, keep_field=False)
        for name in column.model.populations:
            before[name].append(quiet.mean(f"{name}.firing_rate"))
            rates[name].append(_rate(driven.spikes[name][0], column.model.cells(name)))
    return ({name: np.array(one) for name, one in rates.items()}, {name: np.array(one) for name, one in before.items()})


def _rate(times: np.ndarray, cells: int) -> np.ndarray:
    edges = np.arange(round(WINDOW / BIN) + 1) * BIN
    return np.asarray(np.histogram(times, edges)[0] / (cells * BIN))


def relaxation(rates: np.ndarray, before: np.ndarray) -> Relaxation:
    """Fit an exponential to the mean response.

    rates: Hz after the step, shape (repeats, bins of 5 ms); before: Hz before it, shape (repeats,)
    """
    tau, size, missed = _nearest(rates.mean(axis=0), float(before.mean()))
    noise = float(rates.var(axis=0, ddof=1).mean() / len(rates))
    parts = np.array_split(np.arange(len(rates)), GROUPS)
    without = [
        _nearest(np.delete(rates, part, axis=0).mean(axis=0), float(np.delete(before, part).mean()))[0]
        for part in parts
    ]
    spread = np.sqrt((GROUPS - 1) / GROUPS * np.sum((np.array(without) - np.mean(without)) ** 2))
    return Relaxation(tau, float(spread), float(np.sqrt(max(missed - noise, 0.0)) / max(abs(size), 1e-12)))


def _nearest(rate: np.ndarray, before: float) -> tuple[float, float, float]:
    """Return time constant (s), final size of the response (Hz), and mean square residual (Hz^2)."""
    from scipy.optimize import minimize_scalar

    edges = np.arange(len(rate) + 1) * BIN

    def risen(tau: float) -> np.ndarray:
        # Means over bins: a time constant may be shorter than one.
        return 1 + tau * np.diff(np.exp(-edges / tau)) / BIN

    def missed(log_tau: float) -> float:
        shape = risen(float(np.exp(log_tau)))
        size = shape @ (rate - before) / (shape @ shape)
        return float(np.mean((rate - before - size * shape) ** 2))

    found = minimize_scalar(missed, bounds=(np.log(SHORTEST), np.log(LONGEST)), method="bounded")
    shape = risen(float(np.exp(found.x)))
    return float(np.exp(found.x)), float(shape @ (rate - before) / (shape @ shape)), float(found.fun)
