"""The loop of bursts and leaps: burst, average, leap, update the cells, and repeat a leap that was too long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from msim.backends.fast_network import Burst, FastNetwork, Recorded
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.models.addresses import DISTRIBUTION
from msim.definitions.models.addresses import outputs as model_outputs
from msim.definitions.models.fast_inputs import handed_inputs
from msim.definitions.models.model import ModelDefinition
from msim.measures.spikes import rate_distribution
from msim.multiscale.averages import Averages, BurstSummary, Extrapolation, between, extrapolate
from msim.multiscale.leap_error import in_tolerances, leap_error
from msim.multiscale.leaps import bounded_leap, is_accepted, next_leap
from msim.multiscale.noise import Noise, burst_length
from msim.multiscale.noise_response import ByState, MeanCells
from msim.multiscale.slow.scale import SlowScale, States
from msim.multiscale.timed_changes import TimedChange, after_pulses, follow
from msim.recording.probe import Recording
from msim.recording.recorder import BurstRow, ProbeRow, Recorder

# A burst stands at the end of one leap and at the beginning of the next: its noise enters both.
LEAPS_OF_A_BURST = 2


@dataclass
class CoSimulation:
    """A trial in progress: the states of the slow scale, and the summaries of the last bursts.

    last_burst: summary of the last burst; burst_before: of the one before it, None after an event
    resting_rates: firing rates of the cells at rest, Hz, by population
    """

    time: float
    states: States
    last_burst: BurstSummary
    network: FastNetwork
    scale: SlowScale
    schedule: Schedule
    recording: Recording
    recorder: Recorder
    spiking_seconds: float = 0.0
    next_leap: float = 0.0
    noise: Noise = field(default_factory=Noise)
    burst_before: BurstSummary | None = None
    resting_rates: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def averages(self) -> Averages:
        """Return the averages that the slow scale read last."""
        return self.last_burst.averages


def advance(
    cosimulation: CoSimulation,
    end: float,
    events: Iterable[float],
    progress: Callable[[float], None],
    at_rest: Callable[[], None] = lambda: None,
    changes: Sequence[TimedChange] = (),
) -> CoSimulation:
    """Advance the co-simulation from its present time to `end`, stopping at every event, change and probe.

    Values recorded at the very time of an event or a change are still without it.
    events: times at which an external condition begins or ends; no leap steps over one
    progress: called with the slow time after every leap
    at_rest: called after every accepted leap, when the state can be saved and continued from
    changes: of the model, in order of time
    """
    schedule = cosimulation.schedule
    events = sorted({*events, *(one.time for one in changes)})
    stops = sorted({*events, *cosimulation.recording.probes, end})
    if not cosimulation.next_leap:
        cosimulation.next_leap = 5 * schedule.shortest_leap
        if any(abs(cosimulation.time - probe) < 1e-6 for probe in cosimulation.recording.probes):
            _probe(cosimulation)
        _change(cosimulation, changes)
    while cosimulation.time < end - 1e-6:
        asked = bounded_leap(cosimulation.time, cosimulation.next_leap, stops, schedule)
        error, accepted = _leap(cosimulation, asked)
        # The leap after an event starts small: what the event changed is not in the last error, nor in the last slope.
        cosimulation.next_leap = next_leap(asked, error)
        if accepted and any(abs(cosimulation.time - event) < 1e-6 for event in events):
            cosimulation.next_leap, cosimulation.burst_before = schedule.shortest_leap, None
        if accepted:
            if any(abs(cosimulation.time - probe) < 1e-6 for probe in cosimulation.recording.probes):
                _probe(cosimulation)
            _change(cosimulation, changes)
            at_rest()
            progress(cosimulation.time)
    return cosimulation


def _leap(cosimulation: CoSimulation, leap: float) -> tuple[float, bool]:
    """Try one leap: predict, burst at the far end, correct, compare.

    returns: error (1 = just within tolerance) and whether the leap is accepted
    """
    start, stop = cosimulation.time, cosimulation.time + leap
    schedule, scale = cosimulation.schedule, cosimulation.scale
    ahead = extrapolate(cosimulation.burst_before, cosimulation.last_burst, stop, cosimulation.noise.spread())
    predicted, _ = scale.advanced(cosimulation.states, start, stop, cosimulation.averages, ahead.averages)
    response = _response(cosimulation, (start, stop), ahead)
    shortest, longest = schedule.burst, max(schedule.burst, schedule.longest_burst)
    loud = LEAPS_OF_A_BURST * in_tolerances(response, predicted, schedule.tolerance)
    seconds = burst_length(loud, schedule.noise, shortest, longest)
    apply_slow_to_fast(cosimulation.network, scale, predicted, stop, ahead.averages)
    cosimulation.spiking_seconds += schedule.burn_in + seconds
    burst = cosimulation.network.burst(schedule.burn_in, seconds, keep_field=False)
    last_burst = BurstSummary(stop, scale.averages(burst), seconds)
    samples = [one for one in cosimulation.recording.samples if start + 1e-6 < one <= stop + 1e-6]
    inside = [min(one, stop) for one in samples]
    corrected, kept = scale.advanced(
        cosimulation.states, start, stop, cosimulation.averages, last_burst.averages, inside
    )
    error = leap_error(predicted, corrected, schedule.tolerance, _chance(cosimulation, ahead, response, seconds))
    accepted = is_accepted(error, leap, schedule)
    cosimulation.noise = cosimulation.noise.after(scale.split_halves(burst), seconds)
    if accepted:
        record_samples(cosimulation, inside, kept, last_burst.averages, (start, stop))
        cosimulation.time, cosimulation.states, cosimulation.burst_before, cosimulation.last_burst = (
            stop,
            corrected,
            cosimulation.last_burst,
            last_burst,
        )
    # After its samples, so that a burst in the log has all of them.
    noise = loud / seconds**0.5
    cosimulation.recorder.burst(burst_row(scale.model, burst, stop, leap, error, accepted, noise))
    return error, accepted


def _response(cosimulation: CoSimulation, span: tuple[float, float], ahead: Extrapolation) -> ByState:
    """Return the standard deviation of each state by the noise of one second of spikes at the end of a leap."""
    cells = MeanCells.of(cosimulation.scale)
    shortest = cosimulation.schedule.burst
    # Noise as large as it may be: some equations have kinks, and small deviations would miss them.
    found = cells.spread(
        cosimulation.states, span, (cosimulation.averages, ahead.averages), cosimulation.noise, shortest
    )
    return {name: one * shortest**0.5 for name, one in found.items()}


def _chance(cosimulation: CoSimulation, ahead: Extrapolation, response: ByState, seconds: float) -> ByState:
    """Return the chance difference of predicted and corrected states, to which the noise of each last burst adds."""
    step = max(ahead.steps.values(), default=0.0)
    parts = 1 / seconds + (1 + step) ** 2 / cosimulation.last_burst.seconds
    if cosimulation.burst_before is not None:
        parts += step**2 / cosimulation.burst_before.seconds
    return {name: one * parts**0.5 for name, one in response.items()}


def apply_slow_to_fast(network: FastNetwork, scale: SlowScale, states: States, time: float, averages: Averages) -> bool:
    """Set gains and block of the spiking cells from the slow states.

    returns: whether any of them differs from the value that the input has without a link
    """
    model, moved = scale.model, False
    outputs = scale.outputs(states, time, averages)
    for (population, receptor, name), given in handed_inputs(model, outputs).items():
        values = np.broadcast_to(given, model.cells(population))
        network.set_input(population, receptor, name, values)
        port = model.instances[receptor].mechanism.input(name)
        moved = moved or (port is not None and bool(np.any(values != port.at_rest)))
    return moved


def record_samples(
    cosimulation: CoSimulation, times: list[float], kept: list[States], last: Averages, span: tuple[float, float]
) -> None:
    """Record the sampled quantities of an accepted leap."""
    if not times:
        return
    rows = []
    for time, states in zip(times, kept, strict=True):
        part = (time - span[0]) / (span[1] - span[0]) if span[1] > span[0] else 1.0
        now = between(cosimulation.averages, last, part)
        rows.append({**cosimulation.scale.outputs(states, time, now), **cosimulation.scale.levels(time)})
    wanted = cosimulation.recording.sampled
    kept_values = {name: np.stack([np.asarray(row[name]) for row in rows]) for name in wanted}
    cosimulation.recorder.samples(np.array(times), kept_values)


def _change(cosimulation: CoSimulation, changes: Sequence[TimedChange]) -> None:
    """Apply the changes of the model at this time, and run a burst of the changed cells.

    Averages of the last burst belong to the old model and must not act on what comes after the change.
    """
    for one in changes:
        if not one.is_at(cosimulation.time):
            continue
        cosimulation.states = after_pulses(cosimulation.states, cosimulation.scale, one)
        cosimulation.scale = follow(cosimulation.network, cosimulation.scale, one)
        apply_slow_to_fast(
            cosimulation.network, cosimulation.scale, cosimulation.states, cosimulation.time, cosimulation.averages
        )
        schedule = cosimulation.schedule
        burst = cosimulation.network.burst(schedule.settle, schedule.burst, keep_field=False)
        cosimulation.spiking_seconds += schedule.settle + schedule.burst
        cosimulation.last_burst = BurstSummary(cosimulation.time, cosimulation.scale.averages(burst), burst.seconds)
        cosimulation.noise = cosimulation.noise.after(cosimulation.scale.split_halves(burst), burst.seconds)
        cosimulation.recorder.burst(burst_row(cosimulation.scale.model, burst, cosimulation.time, 0.0, 0.0, True))


def _probe(cosimulation: CoSimulation) -> None:
    """Run a longer burst and keep every cell, spike and field."""
    schedule = cosimulation.schedule
    apply_slow_to_fast(
        cosimulation.network, cosimulation.scale, cosimulation.states, cosimulation.time, cosimulation.averages
    )
    cosimulation.spiking_seconds += schedule.burn_in + schedule.probe
    recorded = cosimulation.network.recorded(schedule.burn_in, schedule.probe, cosimulation.recorder.file)
    record_probe(cosimulation, recorded)
    burst = recorded.burst
    cosimulation.last_burst = cosimulation.last_burst.joined(cosimulation.scale.averages(burst), burst.seconds)
    cosimulation.noise = cosimulation.noise.after(cosimulation.scale.split_halves(burst), burst.seconds)


def record_probe(cosimulation: CoSimulation, recorded: Recorded) -> None:
    """Record a probe: its bursts' averages and the slow quantities, cell by cell."""
    model, burst = cosimulation.scale.model, recorded.burst
    slow = cosimulation.scale.outputs(cosimulation.states, cosimulation.time, cosimulation.averages)
    cells: dict[str, np.ndarray] = {}
    known = model_outputs(model)
    for name in cosimulation.recording.probed:
        address = known[name]
        if address.kind == "slow":
            cells[name] = slow[name]
        elif address.kind == "drug":
            cells[name] = np.array([cosimulation.scale.levels(cosimulation.time)[name]])
        elif address.kind == DISTRIBUTION:
            rates = cell_rates(burst, address.owner)
            cells[name] = np.array([rate_distribution(rates, cosimulation.resting_rates[address.owner])[address.name]])
        elif name in burst.halves:
            cells[name] = burst.halves[name].mean(axis=0)
    cosimulation.recorder.probe(
        ProbeRow(cosimulation.time, burst.seconds, cells, recorded.spikes, recorded.field, burst.field_rate)
    )


def cell_rates(burst: Burst, population: str) -> np.ndarray:
    """Return the firing rates of the cells of a population in a burst, Hz."""
    return np.asarray(burst.halves[f"{population}.firing_rate"].mean(axis=0))


def burst_row(
    model: ModelDefinition, burst: Burst, time: float, leap: float, error: float, accepted: bool, noise: float = 0.0
) -> BurstRow:
    """Return the log line of a burst."""
    rates = {name: burst.mean(f"{name}.firing_rate") for name in model.populations}
    currents = {name: burst.mean(f"{name}.synaptic_current") for name in model.populations}
    return BurstRow(time, leap, error, accepted, noise, burst.seconds, rates, currents)
