"""Spikes without a gap: what the multiscale solver is held against, by a loop that shares none of its steps."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from msim.backends.context import Context, build_network
from msim.base.errors import InputError
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.time_scaling import compressed, compressed_doses
from msim.multiscale.co_simulation import apply_slow_to_fast
from msim.multiscale.simulate import Protocol, drug_curves, simulate
from msim.multiscale.slow.scale import compiled_scale, slow_scale
from msim.recording.probe import Recording
from msim.recording.recorder import MemoryRecorder


@dataclass(frozen=True)
class Problem:
    """A trial with its slow scale faster by a factor.

    quantities: slow ones that are compared; samples: s, of the compressed clock
    """

    model: ModelDefinition
    protocol: Protocol
    quantities: tuple[str, ...]
    samples: tuple[float, ...]
    factor: float
    seed: int

    @classmethod
    def of(
        cls, experiment: ExperimentDefinition, arm: str, cells: int, factor: float, seed: int, samples: Sequence[float]
    ) -> Problem:
        """An arm of an experiment; samples in seconds of the clock as it is."""
        one = experiment.arm(arm)
        if one.changes:
            raise InputError(f"arm '{arm}': wants an arm whose model does not change while it runs")
        model = compressed(one.model.with_value("column.n_cells", cells), factor)
        ends = Protocol(
            experiment.begin / factor, experiment.end / factor, experiment.body_weight,
            compressed_doses(one.doses, factor),
        )  # fmt: skip
        return cls(model, ends, fast_inputs(model), tuple(when / factor for when in samples), factor, seed)


@dataclass
class Path:
    """Means over cells at the samples, by quantity, and what they cost."""

    means: dict[str, list[float]] = field(default_factory=dict)
    spiking_seconds: float = 0.0
    bursts: int = 0
    wall: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return vars(self)


def fast_inputs(model: ModelDefinition) -> tuple[str, ...]:
    """Slow quantities that the spiking cells are handed: gains and blocks."""
    links = [one for one in model.links.values() if model.feeds_receptor(one)]
    return tuple(dict.fromkeys(origin for one in links for origin in one.origin))


def gains(model: ModelDefinition) -> tuple[str, ...]:
    """Those of them that are 1 at rest."""
    found = []
    for link in model.links.values():
        if model.feeds_receptor(link):
            _, receptor, name = link.to.split(".")
            port = model.instances[receptor].mechanism.input(name)
            found += [one for one in link.origin if port is not None and port.at_rest == 1]
    return tuple(dict.fromkeys(found))


def brute_force(problem: Problem, schedule: Schedule, window: float) -> Path:
    """Windows of spikes, one after the other, each with the slow equations stepped along under its averages.

    window: s; gains and blocks are handed down at its begin, so the two clocks are apart by half of it
    """
    begun = time.perf_counter()
    network = build_network(problem.model, problem.seed, Context())
    baseline = network.burst(schedule.settle, schedule.baseline, False)
    curves = drug_curves(problem.model, problem.protocol)

    def drugs(when: float) -> dict[str, float]:
        return {f"{name}.{key}": value for name, one in curves.items() for key, value in one(when).items()}

    now, end = problem.protocol.begin, problem.protocol.end
    scale = compiled_scale(slow_scale(problem.model, drugs, baseline, now))
    states, averages = scale.rest(), scale.averages(baseline)
    stops = sorted({*problem.samples, *(when for one in curves.values() for when in one.breakpoints), end})
    found = Path({name: [] for name in problem.quantities}, schedule.settle + schedule.baseline)
    while now < end - 1e-9:
        stop = min(now + window, *(when for when in stops if when > now + 1e-9))
        # Two more steps to the even number of samples that a burst takes; spikes run on by less than 4 ms.
        seconds = max(0.004, round((stop - now) / 0.004) * 0.004)
        apply_slow_to_fast(network, scale, states, now, averages)
        averages = scale.averages(network.burst(0.0, seconds, False))
        states, _ = scale.advanced(states, now, stop, averages, averages)
        now, found.spiking_seconds, found.bursts = stop, found.spiking_seconds + seconds, found.bursts + 1
        if any(abs(now - when) < 1e-9 for when in problem.samples):
            outputs = scale.outputs(states, now, averages)
            for name in problem.quantities:
                found.means[name].append(float(np.mean(outputs[name])))
    found.wall = time.perf_counter() - begun
    return found


def multiscale(problem: Problem, schedule: Schedule) -> Path:
    """The same trial by the solver as shipped, with leaps whose bounds are compressed too."""
    begun = time.perf_counter()
    recorder = MemoryRecorder()
    spiking = simulate(
        problem.model, problem.protocol, Recording(problem.samples, (), problem.quantities, ()), recorder, problem.seed,
        Context(schedule=schedule),
    )  # fmt: skip
    means = {name: np.concatenate(parts).tolist() for name, parts in recorder.means.items()}
    return Path(means, spiking, len(recorder.bursts), time.perf_counter() - begun)
