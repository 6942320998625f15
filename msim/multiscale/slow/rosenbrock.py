"""Rosenbrock method for stiff equations of many independent cells, all cells in one step.

SciPy's solvers take the cells for one large system: they start every leap at first order with tiny steps, and
eliminate a band with as many columns as one cell has states. RODAS (Hairer and Wanner, Solving Ordinary Differential
Equations II, section IV.10) is of order 4 from its first step on, damps fast components, and solves one small matrix
for each cell, whose zeros are known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from msim.multiscale.slow.elimination import Elimination, factored, solved

GAMMA = 0.25
# Times in a step, in units of its length, at which the outside is asked for; the second one tells how it moves.
LATER = 1e-6
TIMES = (0.0, LATER, 0.386, 0.21, 0.63, 1.0)
PLACES = (0, 2, 3, 4, 5, 5)  # of the time of each stage in TIMES
DRIFT = (0.25, -0.1043, 0.1035, -0.03620000000000023, 0.0, 0.0)  # weights of the slope's change with time
POINTS = (
    (),
    (1.544,),
    (0.9466785280815826, 0.2557011698983284),
    (3.314825187068521, 2.896124015972201, 0.9986419139977817),
    (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895),
    (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895, 1.0),
)
COUPLINGS = (
    (),
    (-5.6688,),
    (-2.430093356833875, -0.2063599157091915),
    (-0.1073529058151375, -9.594562251023355, -20.47028614809616),
    (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.7089089320616),
    (8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054),
)
BENDS = (
    (10.12623508344586, -7.487995877610167, -34.80091861555747, -7.992771707568823, 1.025137723295662),
    (-0.6762803392801253, 6.087714651680015, 16.43084320892478, 24.76722511418386, -6.594389125716872),
)

FIRST_STEP = 0.1  # of the span; the error estimate cuts it where that is too long
SMALLEST_STEP = 1e-9  # of the time; the second of TIMES has to differ from the first
SAFETY, LEAST, MOST = 0.8, 0.1, 6.0  # bounds on what one step may change of the next

# (y, outside) -> dy/dt or entries of the Jacobian; y of shape (states, cells), outside of shape (names, cells)
Rows = Callable[[np.ndarray, np.ndarray], np.ndarray]
# (y, outside at TIMES, length, length of the second of TIMES) -> the stages of a step, shape (6, states, cells)
Stages = Callable[[np.ndarray, np.ndarray, float, float], np.ndarray]


@dataclass(frozen=True)
class Tolerance:
    """The error that a step may make in a state: relative * |y| + absolute, as a mean over cells."""

    relative: float
    absolute: float


@dataclass(frozen=True)
class Step:
    """One step, accepted or not.

    before, after: states, shape (states, cells)
    stages: shape (6, states, cells)
    """

    time: float
    length: float
    before: np.ndarray
    after: np.ndarray
    stages: np.ndarray

    def error(self, tolerance: Tolerance) -> float:
        """Return the error of the worst state, in units of the tolerance.

        It is the fourth root of the mean fourth power over cells. A mean square over many cells hides the few that are
        just passing a kink; the largest error of all of them lets these few set the pace at twice the cost.
        returns: not a number where the step failed
        """
        size = np.maximum(np.abs(self.before), np.abs(self.after))
        size *= tolerance.relative
        size += tolerance.absolute
        np.divide(self.stages[-1], size, out=size)
        np.square(np.square(size, out=size), out=size)
        return float(size.mean(axis=1).max(initial=0.0) ** 0.25)

    def at(self, times: Sequence[float]) -> list[np.ndarray]:
        """Interpolate the states inside the step, to third order."""
        bend, twist = (_sum(weights, self.stages) for weights in BENDS)
        parts = [(time - self.time) / self.length for time in times]
        return [(1 - s) * self.before + s * (self.after + (1 - s) * (bend + s * twist)) for s in parts]


def integrated(
    stages: Stages,
    y: np.ndarray,
    outside: Callable[[Sequence[float]], np.ndarray],
    times: Sequence[float],
    tolerance: Tolerance,
) -> list[np.ndarray]:
    """Integrate the states from the first of some times to the last.

    outside: values that the equations read besides their states, at several times, shape (times, names, cells)
    times: increasing, s
    returns: states at each of `times`, each of the shape of y
    raises: ArithmeticError with the time at which no step is short enough
    """
    time, stop = times[0], times[-1]
    found, wanted = [y], list(times[1:-1])
    length = FIRST_STEP * (stop - time)
    while time < stop:
        step, length = _good_step(stages, time, y, length, outside, stop, tolerance)
        y, time = step.after, stop if step.length == stop - time else time + step.length
        inside = [one for one in wanted if one <= time]
        if inside:
            found += step.at(inside)
            del wanted[: len(inside)]
    return [*found, y]


def _good_step(
    stages: Stages,
    time: float,
    y: np.ndarray,
    length: float,
    outside: Callable[[Sequence[float]], np.ndarray],
    stop: float,
    tolerance: Tolerance,
) -> tuple[Step, float]:
    """Take a step within the tolerance, shortened where needed.

    returns: the step, and the length that the next one should have
    """
    left = stop - time
    while True:
        # What would be left over for a last step of a hundredth is taken along.
        length = left if 1.01 * length >= left else length
        if length < SMALLEST_STEP * max(abs(time), abs(stop)):
            raise ArithmeticError(f"at {time:g} s no step is short enough")
        asked = [time + part * length for part in TIMES]
        with np.errstate(all="ignore"):
            found = stages(y, outside(asked), length, asked[1] - time)
            step = Step(time, length, y, y + _sum((*POINTS[-1], 1.0), found), found)
            error = step.error(tolerance)
        change = SAFETY * max(error, 1e-12) ** -0.25 if np.isfinite(error) else LEAST
        following = length * min(MOST, max(LEAST, change))
        if error <= 1:
            return step, following
        length = following


def stages_of(derivative: Rows, jacobian: Rows, plan: Elimination) -> Stages:
    """Build the function that computes the stages of a step with NumPy."""

    def stages(y: np.ndarray, outside: np.ndarray, length: float, later: float) -> np.ndarray:
        slope = derivative(y, outside[0])
        drift = (derivative(y, outside[1]) - slope) * (length / later)
        factors = factored(plan, 1 / (GAMMA * length), jacobian(y, outside[0]))
        found = np.empty((len(TIMES), *y.shape))
        for stage, (place, weight) in enumerate(zip(PLACES, DRIFT, strict=True)):
            right = found[stage]
            if stage:
                right[...] = _sum(COUPLINGS[stage], found)
                right /= length
                right += derivative(y + _sum(POINTS[stage], found), outside[place])
            else:
                right[...] = slope
            if weight:
                right += weight * drift
            solved(factors, right)
        return found

    return stages


def _sum(weights: Sequence[float], stages: np.ndarray) -> np.ndarray:
    # One after the other: a product of matrices may add in another order on another day.
    total = weights[0] * stages[0]
    for weight, stage in zip(weights[1:], stages[1:], strict=False):
        total += weight * stage
    return np.asarray(total)
