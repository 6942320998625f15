"""Entry point of the co-simulation: simulate(model, protocol, recording, recorder, seed, context)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from msim.backends.context import Context, build_network
from msim.backends.fast_network import Burst, FastNetwork
from msim.backends.progress import BurstProgress
from msim.backends.registry import backend_of
from msim.base.errors import InputError
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.models.drug_binding import with_given_drugs
from msim.definitions.models.interventions import ModelChange
from msim.definitions.models.model import ModelDefinition
from msim.multiscale.averages import BurstSummary
from msim.multiscale.baseline import baseline_pieces, joined
from msim.multiscale.co_simulation import (
    CoSimulation,
    advance,
    apply_slow_to_fast,
    burst_row,
    cell_rates,
    record_samples,
)
from msim.multiscale.noise import Noise, noise_of
from msim.multiscale.slow.scale import DrugCurve, SlowScale, compiled_scale, resumed_scale, slow_scale
from msim.multiscale.timed_changes import SAME_TIME, follow, timed_changes
from msim.multiscale.trial_state import TrialState, trial_state
from msim.pharmacology.compartments import ConcentrationCurve
from msim.pharmacology.regimen import Dose, doses_of
from msim.recording.probe import Recording
from msim.recording.recorder import Recorder


@dataclass(frozen=True)
class Protocol:
    """Treatment of the model over time: times in s with the first dose's clock, body weight in kg.

    changes: of the model itself, in order of time
    """

    begin: float
    end: float
    body_weight: float
    doses: tuple[Dose, ...] = ()
    changes: tuple[ModelChange, ...] = ()


def simulate(
    model: ModelDefinition,
    protocol: Protocol,
    recording: Recording,
    recorder: Recorder,
    seed: int,
    context: Context,
    progress: Callable[[float], None] = lambda time: None,
    resume: TrialState | None = None,
    keep_state: Callable[[Callable[[], TrialState | None]], None] = lambda state: None,
    report_burst: Callable[[BurstProgress], None] | None = None,
) -> float:
    """Run one trial, from rest or from a stored state, and write the recorded quantities to the recorder.

    progress: called with the simulated time in s after every leap
    resume: state to continue from; the recorder has to hold the record up to then
    keep_state: called after every leap with a function that returns the state of the trial
    report_burst: called every second with the progress of a burst
    returns: seconds for which spikes were simulated
    raises: SimulationError where the network runs away or an equation cannot be integrated
    """
    model, protocol = without_other_drugs(model, protocol)
    schedule = context.schedule
    changes = timed_changes(model, protocol.changes, (protocol.begin, protocol.end))
    network = build_network(model, seed, context)
    network.report_burst = report_burst
    if network.alike:
        model = one_of_each(model)
        changes = [replace(one, change=replace(one.change, model=one_of_each(one.change.model))) for one in changes]
    first = [] if resume else baseline_pieces(network, schedule)
    curves = drug_curves(model, protocol)
    drugs, before = drug_levels(curves), levels_before(curves)
    if resume is not None:
        network.restore(resume.network)
        scale = resumed_scale(model, drugs, resume.under("references/"), before)
    else:
        scale, pieces = resting_scale(model, drugs, network, first, protocol.begin, schedule, before)
    if backend_of(context.target).compiles:
        scale = compiled_scale(scale)
    if resume is not None:
        cosimulation = _resumed(network, scale, schedule, recording, recorder, resume)
        for one in changes:
            if one.time <= cosimulation.time + SAME_TIME:
                cosimulation.scale = follow(network, cosimulation.scale, one)
    else:
        cosimulation = _begun(network, scale, schedule, recording, recorder, pieces, protocol.begin)
        cosimulation.spiking_seconds = (schedule.settle + schedule.baseline) * (1 if pieces is first else 2)
    events = {time for curve in curves.values() for time in curve.breakpoints if protocol.begin < time < protocol.end}
    advance(
        cosimulation, protocol.end, events, progress, lambda: keep_state(lambda: trial_state(cosimulation)), changes
    )
    return cosimulation.spiking_seconds


def without_other_drugs(model: ModelDefinition, protocol: Protocol) -> tuple[ModelDefinition, Protocol]:
    """Remove from a model, and from its changes, the block by drugs that the protocol does not give."""
    given = {dose.drug for dose in protocol.doses}
    changes = tuple(replace(one, model=with_given_drugs(one.model, given)) for one in protocol.changes)
    return with_given_drugs(model, given), replace(protocol, changes=changes)


@functools.lru_cache(64)
def one_of_each(model: ModelDefinition) -> ModelDefinition:
    """Return the model with one cell in every population, for targets on which all cells of a population are alike."""
    path = "column.n_cells"
    values = {**model.values, path: replace(model.values[path], si=1.0, text="1")}
    return replace(model, values=values)


def resting_scale(
    model: ModelDefinition, drugs: DrugCurve, network: FastNetwork, pieces: list[Burst], begin: float,
    schedule: Schedule, drugs_before: DrugCurve | None = None,
) -> tuple[SlowScale, list[Burst]]:  # fmt: skip
    """Build the slow scale at rest, and return it with the bursts that its resting values come from.

    Slow states at rest can give the cells other gains than they had, as after a loss of spines. The baseline is then
    taken again with these gains.
    """
    baseline = joined(pieces)
    scale = slow_scale(model, drugs, baseline, begin, drugs_before)
    if not apply_slow_to_fast(network, scale, scale.rest(), begin, scale.averages(baseline)):
        return scale, pieces
    again = baseline_pieces(network, schedule)
    return slow_scale(model, drugs, joined(again), begin, drugs_before), again


def _begun(
    network: FastNetwork, scale: SlowScale, schedule: Schedule, recording: Recording, recorder: Recorder,
    pieces: list[Burst], begin: float,
) -> CoSimulation:  # fmt: skip
    """Start a trial at rest, with the baseline as its first burst."""
    baseline = joined(pieces)
    noise = noise_of([scale.split_halves(one) for one in pieces], pieces[0].seconds)
    cosimulation = CoSimulation(
        begin, scale.rest(), BurstSummary(begin, scale.averages(baseline), baseline.seconds), network, scale, schedule,
        recording, recorder, noise=noise,
        resting_rates={name: cell_rates(baseline, name) for name in scale.model.populations},
    )  # fmt: skip
    first = [time for time in recording.samples if abs(time - begin) < 1e-6]
    record_samples(cosimulation, first, [cosimulation.states] * len(first), cosimulation.averages, (begin, begin))
    recorder.burst(burst_row(scale.model, baseline, begin, 0.0, 0.0, True))
    return cosimulation


def _resumed(
    network: FastNetwork, scale: SlowScale, schedule: Schedule, recording: Recording, recorder: Recorder,
    state: TrialState,
) -> CoSimulation:  # fmt: skip
    """Continue a trial from a stored state."""
    about = state.about
    last_burst, burst_before = state.last_burst("told"), state.last_burst("earlier")
    if last_burst is None:
        raise InputError("checkpoint: says nothing of the last burst")
    noise = Noise(tuple(about["noise_names"]), state.arrays["noise"], about["slowness"])
    return CoSimulation(
        about["time"], state.under("slow/"), last_burst, network, scale, schedule, recording, recorder,
        about["spiking_seconds"], about["next_leap"], noise=noise, burst_before=burst_before,
        resting_rates=state.under("resting_rates/"),
    )  # fmt: skip


def drug_levels(curves: Mapping[str, ConcentrationCurve]) -> DrugCurve:
    """Return a function of time that gives every drug's concentrations in mM from that time on, by address."""
    return _levels(curves, ConcentrationCurve.__call__)


def levels_before(curves: Mapping[str, ConcentrationCurve]) -> DrugCurve:
    """Return a function of time that gives the concentrations just before that time, without doses given then."""
    return _levels(curves, ConcentrationCurve.before)


def _levels(
    curves: Mapping[str, ConcentrationCurve], last_burst: Callable[[ConcentrationCurve, float], Mapping[str, float]]
) -> DrugCurve:
    """Return a function of time that gives the outputs of every drug; those of drugs never given stay at 0."""
    never = {f"{name}.{port}": 0.0 for name, curve in curves.items() if not curve.doses for port in curve(0.0)}
    given = {name: curve for name, curve in curves.items() if curve.doses}

    def levels(time: float) -> dict[str, float]:
        found = never.copy()
        for name, curve in given.items():
            for port, value in last_burst(curve, time).items():
                found[f"{name}.{port}"] = value
        return found

    return levels


def drug_curves(model: ModelDefinition, protocol: Protocol) -> dict[str, ConcentrationCurve]:
    """Return the concentration curve of every drug of the model, exact between doses."""
    return {
        one.name: ConcentrationCurve(
            {"body_weight": protocol.body_weight, **model.parameters(one.name)},
            doses_of(one.name, protocol.doses),
        )
        for one in model.on_scale("drug")
    }
