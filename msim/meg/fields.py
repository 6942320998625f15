"""MEG signals of a spiking column in a given state of its receptors: ongoing activity, and responses to touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from msim.backends.context import Context, build_network
from msim.backends.fast_network import FastNetwork
from msim.base.errors import InputError
from msim.definitions.files.read import find
from msim.definitions.models.fast_inputs import fast_inputs, receptor_inputs
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_part
from msim.definitions.models.roles import role
from msim.measures.dipole import dipole_moment
from msim.multiscale.simulate import Protocol, simulate
from msim.recording.probe import Recording
from msim.recording.recorder import MemoryRecorder
from msim.trials.volley import during_volley

SETTLE = 1.5  # s after a change of receptors until averages stand
BEFORE, AFTER, PAUSE = 0.1, 0.3, 0.2  # s of every trial of touch: kept before and after its onset, and not kept

Receptors = Mapping[str, float]
SHORTEST = 2.0  # s of ongoing activity


@dataclass(frozen=True)
class Sensors:
    """Numbers of models/imaging/meg.toml in SI units."""

    n_cells: float
    length: float
    factor: float
    duration: float


@dataclass(frozen=True)
class Source:
    """MEG signals of a column.

    ongoing: dipole moment without stimuli, A m, shape (time,); evoked: mean over trials, from BEFORE the touch to AFTER
    rate_hz: samples per second of both
    trials: number of trials in the mean evoked response
    firing: Hz, by population, without stimuli
    """

    ongoing: np.ndarray
    evoked: np.ndarray
    rate_hz: float
    trials: int
    firing: Mapping[str, float]


def read_sensors() -> Sensors:
    """Read the shipped numbers of the sensors."""
    part = read_part(find("imaging/meg", "models"))
    return Sensors(**part.parameters("dipole"), **part.parameters("touch"))


def receptors_at(
    model: ModelDefinition, protocol: Protocol, times: tuple[float, ...], seed: int, context: Context
) -> list[dict[str, float]]:
    """Return the gains and block that a protocol causes at some times, by name of the slow output, means over cells.

    times: s, within the protocol, increasing
    """
    record, wanted = MemoryRecorder(), fast_inputs(model)
    simulate(model, protocol, Recording(times, (), wanted, ()), record, seed, context)
    values = {name: np.concatenate(record.means[name]) for name in wanted}
    order = np.concatenate(record.times)
    found = [int(np.argmin(np.abs(order - one))) for one in times]
    return [{name: float(one[index]) for name, one in values.items()} for index in found]


def set_receptors(network: FastNetwork, model: ModelDefinition, receptors: Receptors) -> None:
    """Set the gains and block of every cell to those of a state; inputs that the state lacks stay as they were.

    raises: InputError for a name that no link feeds to a receptor
    """
    for (population, receptor, name), value in receptor_inputs(model, receptors).items():
        network.set_input(population, receptor, name, np.full(model.cells(population), value))


def seen(
    model: ModelDefinition, receptors: Receptors, sensors: Sensors, seconds: float, trials: int, seed: int
) -> Source:
    """Simulate the MEG signals of a column with these receptors.

    receptors: as `receptors_at` gives them; empty for a column at rest
    seconds: of ongoing activity; trials: of touch
    raises: InputError for a model that does not say which cells make the dipole
    """
    origin = role(model, "population")
    if not seconds >= SHORTEST or trials < 1:
        raise InputError(f"meg: wants at least {SHORTEST:g} s and one trial, got {seconds!r} s and {trials}")
    network = build_network(model, seed, Context())
    set_receptors(network, model, receptors)
    burst = network.burst(SETTLE, seconds, keep_field=True)
    moment = dipole_moment(burst.field[origin], sensors.n_cells, sensors.length)
    rates = {name: burst.mean(f"{name}.firing_rate") for name in model.populations}
    evoked = _evoked(model, network, sensors, trials, origin)
    return Source(moment, evoked, burst.field_rate, trials, rates)


def answer(source: Source) -> np.ndarray:
    """Return the evoked moment from the onset on, A m, shape (time,)."""
    return source.evoked[round(BEFORE * source.rate_hz) :]


def _evoked(model: ModelDefinition, network: FastNetwork, sensors: Sensors, trials: int, origin: str) -> np.ndarray:
    louder = during_volley(model, sensors.factor)
    total: np.ndarray | None = None
    for _ in range(trials):
        before = network.burst(PAUSE, BEFORE, keep_field=True)
        network.update_parameters(louder)
        during = network.burst(0.0, sensors.duration, keep_field=True)
        network.update_parameters(model)
        after = network.burst(0.0, AFTER - sensors.duration, keep_field=True)
        trial = np.concatenate([one.field[origin] for one in (before, during, after)])
        total = trial if total is None else total + trial
    if total is None:
        raise AssertionError
    onset = round(BEFORE * before.field_rate)
    current = total / trials
    return dipole_moment(current, sensors.n_cells, sensors.length, float(current[:onset].mean()))
