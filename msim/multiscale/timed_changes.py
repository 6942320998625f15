"""Changes of the model during a trial: new values on both scales, and slow states cut to a share at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msim.backends.fast_network import FastNetwork
from msim.definitions.models.interventions import ModelChange
from msim.definitions.models.model import ModelDefinition
from msim.multiscale.slow.scale import SlowScale, States, with_values
from msim.network.fast_values import fast_values

SAME_TIME = 1e-6  # s


@dataclass(frozen=True)
class TimedChange:
    """A change of the model at a time, prepared to be applied to both scales.

    is_fast: whether spiking cells take other values
    scales: slow scales that were made before, by the number of their model; changes to one model share theirs
    """

    change: ModelChange
    is_fast: bool
    number: int
    scales: dict[int, SlowScale]

    @property
    def time(self) -> float:
        """Return the time of the change, s."""
        return self.change.time

    def is_at(self, time: float) -> bool:
        """Return whether the change happens at a time (s)."""
        return abs(self.time - time) < SAME_TIME


def timed_changes(
    model: ModelDefinition, changes: Sequence[ModelChange], span: tuple[float, float]
) -> list[TimedChange]:
    """Return the changes within a span (s), ready to be applied, from the model at rest.

    Slow scales are made once for each model, however often a treatment comes and goes.
    """
    scales: dict[int, SlowScale] = {}
    found = []
    before = fast_values(model)
    for one in changes:
        if span[0] <= one.time < span[1]:
            now = fast_values(one.model)
            found.append(TimedChange(one, now != before, id(one.model), scales))
            before = now
    return found


def after_pulses(states: States, scale: SlowScale, change: TimedChange) -> States:
    """Return the slow states right after a change: of the states that it names a share is left in every cell."""
    found = {name: values.copy() for name, values in states.items()}
    for population, system in scale.systems.items():
        for row, name in enumerate(system.states):
            found[population][row] *= change.change.pulses.get(name, 1.0)
    return found


def follow(network: FastNetwork, scale: SlowScale, change: TimedChange) -> SlowScale:
    """Apply the values of a change to cells and slow scale.

    returns: the slow scale from then on
    raises: InputError where the target cannot change the values of its cells
    """
    if change.is_fast:
        network.update_parameters(change.change.model)
    if change.number not in change.scales:
        change.scales[change.number] = with_values(scale, change.change.model)
    return change.scales[change.number]
