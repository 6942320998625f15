"""Bursts of a column at points of its axes, to which an emulator is fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from msim.backends.context import Context, build_network
from msim.backends.fast_network import Burst, FastNetwork
from msim.base.errors import SimulationError
from msim.definitions.models.model import ModelDefinition
from msim.emulator.axes import Axis
from msim.emulator.definition import with_values
from msim.emulator.field import band_densities, seen_populations
from msim.measures.spikes import fano_factor

ON_REST = 0.2
BIN = 5e-3  # s; over which spikes are counted to tell how synchronous they are


@dataclass(frozen=True)
class Samples:
    """Averages of bursts.

    points: values of the axes, shape (points, axes); halves: address to means over cells of both halves of each burst,
    shape (points, 2), NaN where the cells ran away; synchrony: by population, `synchrony_of`, shape (points,)
    seconds: length of each burst, shape (points,)
    spectra: population to power densities of its field, shape (points, bands); frequency: of the bands, Hz; rate: Hz
    """

    points: np.ndarray
    halves: Mapping[str, np.ndarray]
    synchrony: Mapping[str, np.ndarray]
    seconds: np.ndarray
    spectra: Mapping[str, np.ndarray] = field(default_factory=dict)
    frequency: np.ndarray = field(default_factory=lambda: np.empty(0))
    rate: float = 1e3


def design(axes: Sequence[Axis], count: int, seed: int) -> np.ndarray:
    """Choose points all over the box of the axes, more of them where the emulator is used most.

    Of four points two have all values of the model at rest, which no trial moves, and one has all inputs at rest. Where
    rest is an end of an axis, as that of a block is, a part of the points lies on it: otherwise only one corner of
    the box would hold the state in which nothing acts.
    returns: shape (count, axes)
    """
    from scipy.stats import qmc

    sobol = qmc.Sobol(len(axes), rng=np.random.default_rng(seed)).random_base2(int(np.ceil(np.log2(max(count, 2)))))
    found = sobol[:count]
    for k, axis in enumerate(axes):
        own = found[:, k]
        if axis.rest in (axis.low, axis.high):
            inner = np.maximum(own - ON_REST, 0.0) / (1 - ON_REST)
            own[:] = inner if axis.rest == axis.low else 1 - inner
    points = np.stack([axis.between(found[:, k]) for k, axis in enumerate(axes)], axis=1)
    inputs = [axis.kind == "input" for axis in axes]
    # Which points keep what at rest is drawn: every second point of a Sobol sequence lies in one half of an axis.
    mixed = np.random.default_rng([seed, count]).permutation(count)
    for k, axis in enumerate(axes):
        if any(inputs) and not all(inputs):
            if axis.kind == "value":
                points[mixed[0::2], k] = axis.rest
            else:
                points[mixed[1::4], k] = axis.rest
    return points


def sampled(
    model: ModelDefinition, axes: Sequence[Axis], points: np.ndarray, seconds: np.ndarray, seed: int,
    burn_in: float, progress: Callable[[int], None] = lambda done: None,
) -> Samples:  # fmt: skip
    """Run a burst at every point on one network, each from the same resting state.

    raises: InputError where an axis is a value that cannot change between bursts
    """
    network = ColumnAtPoints(model, axes, seed)
    halves: dict[str, np.ndarray] = {}
    synchrony: dict[str, np.ndarray] = {name: np.full(len(points), np.inf) for name in model.populations}
    spectra: dict[str, np.ndarray] = {}
    frequency, rate = np.empty(0), 1e3
    for index, point in enumerate(points):
        try:
            burst = network.burst(point, burn_in, float(seconds[index]))
        except SimulationError:
            continue
        finally:
            progress(index + 1)
        for address, values in burst.halves.items():
            halves.setdefault(address, np.full((len(points), 2), np.nan))[index] = values.mean(axis=1)
        for name in model.populations:
            synchrony[name][index] = synchrony_of(burst.spikes[name][0], burst.seconds)
        for name in network.seen:
            if name in burst.field:
                rate = burst.field_rate
                frequency, found = band_densities(burst.field[name], rate)
                spectra.setdefault(name, np.full((len(points), found.size), np.nan))[index] = found
    return Samples(points, halves, synchrony, np.asarray(seconds, dtype=float), spectra, frequency, rate)


def synchrony_of(times: np.ndarray, seconds: float) -> float:
    """Compute the variance over mean of a population's spike count in bins of 5 ms; 1 where there are no spikes."""
    found = fano_factor(times, 0.0, seconds, BIN)
    return found if np.isfinite(found) else 1.0


class ColumnAtPoints:
    """A compiled column whose inputs and values are set from burst to burst."""

    def __init__(self, model: ModelDefinition, axes: Sequence[Axis], seed: int, settle: float = 1.0) -> None:
        self.model, self.axes, self.seen = model, axes, seen_populations(model)
        self.network: FastNetwork = build_network(model, seed, Context())
        self.network.burst(settle, 0.2, keep_field=False)
        self.rest = self.network.state()

    def burst(self, point: np.ndarray, burn_in: float, seconds: float) -> Burst:
        """Run a burst at a point, from the resting state whatever came before."""
        if self.rest is not None:
            self.network.restore(self.rest)
        set_point(self.network, self.model, self.axes, point)
        return self.network.burst(burn_in, seconds, keep_field=bool(self.seen))


def set_point(network: FastNetwork, model: ModelDefinition, axes: Sequence[Axis], point: np.ndarray) -> None:
    """Set all axes of a column.

    raises: InputError where an axis is a value that cannot change between bursts
    """
    for axis, value in zip(axes, point, strict=True):
        for target in axis.targets:
            inputs = np.full(model.cells(target.population), axis.at_target(float(value), target))
            network.set_input(target.population, target.receptor, target.name, inputs)
    changes = {axis.name: float(value) for axis, value in zip(axes, point, strict=True) if axis.kind == "value"}
    if changes:
        network.update_parameters(with_values(model, changes))
