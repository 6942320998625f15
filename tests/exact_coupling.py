"""The coupled equations without bursts: averages as known functions of the slow states, and noise laid over them."""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp
from smooth_network import SmoothNetwork

from msim.backends.fast_network import Burst
from msim.definitions.models.model import ModelDefinition
from msim.multiscale.co_simulation import apply_slow_to_fast
from msim.multiscale.slow.scale import SlowScale, States


class NoisyNetwork(SmoothNetwork):
    """Smooth averages, each half of a burst of which is off by chance.

    noise: standard deviation of an average over one second, relative to it
    """

    def __init__(self, model: ModelDefinition, noise: float, seed: int = 1) -> None:
        super().__init__(model)
        self.noise, self.random = noise, np.random.default_rng(seed)

    def burst(self, burn_in: float, seconds: float, keep_field: bool) -> Burst:
        found = super().burst(burn_in, seconds, keep_field)
        size = self.noise / np.sqrt(seconds / 2)
        halves = {
            name: values * (1 + size * self.random.standard_normal((2, 1))) for name, values in found.halves.items()
        }
        return Burst(seconds, halves, found.spikes, found.field, found.field_rate)


def exact(scale: SlowScale, states: States, start: float, stop: float) -> States:
    """Slow states of a model of one cell a population, with averages that follow them at every moment.

    LSODA to 1e-8, two orders below any error that is held against it.
    """
    network = SmoothNetwork(scale.model)
    names = list(states)
    at_start = scale.averages(network.burst(0.0, 1.0, False))
    ends = np.cumsum([len(states[name]) for name in names])[:-1]

    def slope(time: float, y: np.ndarray) -> np.ndarray:
        now = {name: part[:, None] for name, part in zip(names, np.split(y, ends), strict=True)}
        apply_slow_to_fast(network, scale, now, time, at_start)
        averages = scale.averages(network.burst(0.0, 1.0, False))
        slopes = [
            scale.systems[name].derivative(now[name], scale.outside(scale.systems[name], time, averages))
            for name in names
        ]
        return np.concatenate([one[:, 0] for one in slopes])

    y = np.concatenate([states[name][:, 0] for name in names])
    found = solve_ivp(slope, (start, stop), y, "LSODA", rtol=1e-8, atol=1e-10, max_step=(stop - start) / 4)
    assert found.success
    return {name: part[:, None] for name, part in zip(names, np.split(found.y[:, -1], ends), strict=True)}
