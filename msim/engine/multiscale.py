"""Follow the schedule: burst, average, leap, hand back, and shorten a leap that was too long."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from msim.coupling.averages import Averages, between
from msim.coupling.schedule import Schedule, bounded_leap, is_accepted, next_leap
from msim.definitions.addresses import outputs as model_outputs
from msim.definitions.model import Link, ModelDefinition
from msim.engine.network import Burst, FastNetwork
from msim.engine.slow import SlowScale, States
from msim.recording.probe import Recording
from msim.recording.recorder import BurstRow, ProbeRow, Recorder

# Slow states have no unit and are of order one; below this size an error counts as absolute.
SMALLEST_SIZE = 0.1


@dataclass
class Journey:
    """A trial on its way: where the slow scale stands and what the last burst said."""

    time: float
    states: States
    averages: Averages
    network: FastNetwork
    scale: SlowScale
    schedule: Schedule
    recording: Recording
    recorder: Recorder
    spiking_seconds: float = 0.0
    next_leap: float = 0.0
    links_down: tuple[Link, ...] = field(default_factory=tuple)


def travel(
    journey: Journey,
    end: float,
    events: Iterable[float],
    progress: Callable[[float], None],
    at_rest: Callable[[], None] = lambda: None,
) -> Journey:
    """Take the slow scale from where it stands to `end`, stopping at every event and probe on the way.

    events: times at which something outside begins or ends; no leap steps over one
    progress: told the slow time after every leap
    at_rest: called after every leap that stands, when a copy of the journey could be taken up from there
    """
    schedule = journey.schedule
    stops = sorted({*events, *journey.recording.probes, end})
    links = journey.scale.model.links.values()
    journey.links_down = tuple(one for one in links if journey.scale.model.feeds_receptor(one))
    if not journey.next_leap:
        journey.next_leap = 5 * schedule.shortest_leap
        if journey.time in journey.recording.probes:
            _probe(journey)
    while journey.time < end - 1e-6:
        asked = bounded_leap(journey.time, journey.next_leap, stops, schedule)
        error, accepted = _leap(journey, asked)
        # The leap after an event starts small: what the event changed is not in the last error.
        at_event = accepted and any(abs(journey.time - event) < 1e-6 for event in events)
        journey.next_leap = schedule.shortest_leap if at_event else next_leap(asked, error)
        if accepted:
            if any(abs(journey.time - probe) < 1e-6 for probe in journey.recording.probes):
                _probe(journey)
            at_rest()
            progress(journey.time)
    return journey


def _leap(journey: Journey, leap: float) -> tuple[float, bool]:
    """Try one leap: predict with the averages held, burst at the far end, correct, compare.

    returns: error (1 = just within tolerance) and whether the leap stands
    """
    start, stop = journey.time, journey.time + leap
    predicted, _ = journey.scale.advanced(journey.states, start, stop, journey.averages, journey.averages)
    burst = _burst(journey, predicted, stop, journey.averages, journey.schedule.burst, keep_field=False)
    averages = journey.scale.averages(burst)
    samples = [one for one in journey.recording.samples if start + 1e-6 < one <= stop + 1e-6]
    inside = [min(one, stop) for one in samples]
    corrected, kept = journey.scale.advanced(journey.states, start, stop, journey.averages, averages, inside)
    error = leap_error(predicted, corrected, journey.schedule.tolerance)
    accepted = is_accepted(error, leap, journey.schedule)
    if accepted:
        record_samples(journey, inside, kept, averages, (start, stop))
        journey.time, journey.states, journey.averages = stop, corrected, averages
    # After its samples, so that a burst in the log has all of them.
    journey.recorder.burst(burst_row(journey.scale.model, burst, stop, leap, error, accepted))
    return error, accepted


def leap_error(predicted: States, corrected: States, tolerance: float) -> float:
    """The largest change that correction made to the mean of a state, in units of the tolerance.

    Means over cells, because the sampling noise of one cell's averages is not an error of the leap.
    """
    worst = 0.0
    for name, new in corrected.items():
        change = np.abs(new.mean(axis=1) - predicted[name].mean(axis=1))
        size = np.maximum(np.abs(new.mean(axis=1)), SMALLEST_SIZE)
        worst = max(worst, float(np.max(change / (tolerance * size), initial=0.0)))
    return worst


def _burst(
    journey: Journey, states: States, time: float, averages: Averages, seconds: float, keep_field: bool
) -> Burst:
    hand_down(journey, states, time, averages)
    journey.spiking_seconds += journey.schedule.burn_in + seconds
    return journey.network.burst(journey.schedule.burn_in, seconds, keep_field)


def hand_down(journey: Journey, states: States, time: float, averages: Averages) -> None:
    """Set gains and block of the spiking cells from the slow states."""
    model = journey.scale.model
    outputs = journey.scale.outputs(states, time, averages)
    for link in journey.links_down:
        population, receptor, name = link.to.split(".")
        values = np.sum([outputs[one] for one in link.origin], axis=0)
        if model.instances[link.origin[0].split(".")[0]].on != population:
            values = np.full(model.cells(population), values.mean())
        if link.has_share:
            values = 1 + model[f"{link.name}.share"] * (values - 1)
        journey.network.set_input(population, receptor, name, values)


def record_samples(
    journey: Journey, times: list[float], kept: list[States], last: Averages, span: tuple[float, float]
) -> None:
    """Write the sampled quantities of an accepted leap."""
    if not times:
        return
    rows = []
    for time, states in zip(times, kept, strict=True):
        part = (time - span[0]) / (span[1] - span[0]) if span[1] > span[0] else 1.0
        now = between(journey.averages, last, part)
        rows.append({**journey.scale.outputs(states, time, now), **journey.scale.drugs(time)})
    wanted = journey.recording.sampled
    kept_values = {name: np.stack([np.asarray(row[name]) for row in rows]) for name in wanted}
    journey.recorder.samples(np.array(times), kept_values)


def _probe(journey: Journey) -> None:
    """Run a longer burst and keep every cell, spike and field."""
    burst = _burst(
        journey, journey.states, journey.time, journey.averages, journey.schedule.probe, keep_field=True
    )
    record_probe(journey, burst)
    journey.averages = journey.scale.averages(burst)


def record_probe(journey: Journey, burst: Burst) -> None:
    """Write a probe: its bursts' averages and the slow quantities, cell by cell."""
    model = journey.scale.model
    slow = journey.scale.outputs(journey.states, journey.time, journey.averages)
    cells: dict[str, np.ndarray] = {}
    for name in journey.recording.probed:
        address = model_outputs(model)[name]
        if address.kind == "slow":
            cells[name] = slow[name]
        elif address.kind == "drug":
            cells[name] = np.array([journey.scale.drugs(journey.time)[name]])
        elif name in burst.halves:
            cells[name] = burst.halves[name].mean(axis=0)
    journey.recorder.probe(
        ProbeRow(journey.time, burst.seconds, cells, burst.spikes, burst.field, burst.field_rate)
    )


def burst_row(
    model: ModelDefinition, burst: Burst, time: float, leap: float, error: float, accepted: bool
) -> BurstRow:
    """The log line of a burst."""
    rates = {name: burst.mean(f"{name}.firing_rate") for name in model.populations}
    currents = {name: burst.mean(f"{name}.synaptic_current") for name in model.populations}
    return BurstRow(time, leap, error, accepted, burst.seconds, rates, currents)
