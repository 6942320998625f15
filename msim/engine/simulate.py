"""simulate(model, protocol, recording, recorder, seed, context): the one way in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msim.coupling.schedule import Schedule
from msim.definitions.model import ModelDefinition
from msim.engine.context import Context, build_network
from msim.engine.multiscale import Journey, burst_row, record_samples, travel
from msim.engine.network import Burst, FastNetwork
from msim.engine.pulse import Pulse
from msim.engine.slow import DrugCurve, resumed_scale, slow_scale
from msim.engine.trial_state import TrialState, trial_state
from msim.pharmacology.compartments import ConcentrationCurve, Pharmacokinetics
from msim.pharmacology.regimen import Dose, doses_of
from msim.recording.probe import Recording
from msim.recording.recorder import Recorder


@dataclass(frozen=True)
class Protocol:
    """What is done to the model: times in s with the first dose's clock, body weight in kg."""

    begin: float
    end: float
    body_weight: float
    doses: tuple[Dose, ...] = ()


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
    pulse: Callable[[Pulse], None] | None = None,
) -> float:
    """Run one trial, from rest or from where it was, and write what was asked for to the recorder.

    progress: told the simulated time in s after every leap
    resume: where the trial was; the recorder has to hold what was recorded until then
    pulse: told every second how far a burst is
    keep_state: given after every leap a function that tells where the trial is
    returns: seconds for which spikes were simulated
    raises: SimulationError where the network runs away or an equation cannot be integrated
    """
    schedule = context.schedule
    network = build_network(model, seed, context)
    network.pulse = pulse
    baseline = None if resume else network.burst(schedule.settle, schedule.baseline, keep_field=False)
    curves = drug_curves(model, protocol)

    def drugs(time: float) -> dict[str, float]:
        return {
            f"{name}.{output}": value for name, curve in curves.items() for output, value in curve(time).items()
        }

    if resume is not None:
        network.restore(resume.network)
        journey = _resumed(model, drugs, network, schedule, recording, recorder, resume)
    elif baseline is not None:
        journey = _begun(model, drugs, network, schedule, recording, recorder, baseline, protocol.begin)
    events = {time for curve in curves.values() for time in curve.breakpoints if protocol.begin < time < protocol.end}
    travel(journey, protocol.end, sorted(events), progress, lambda: keep_state(lambda: trial_state(journey)))
    return journey.spiking_seconds


def _begun(
    model: ModelDefinition, drugs: DrugCurve, network: FastNetwork, schedule: Schedule, recording: Recording,
    recorder: Recorder, baseline: Burst, begin: float,
) -> Journey:  # fmt: skip
    """A journey at rest, whose first burst is the baseline."""
    scale = slow_scale(model, drugs, baseline, begin)
    journey = Journey(
        begin, scale.rest(), scale.averages(baseline), network, scale, schedule, recording, recorder,
        spiking_seconds=schedule.settle + schedule.baseline,
    )  # fmt: skip
    first = [time for time in recording.samples if abs(time - begin) < 1e-6]
    record_samples(journey, first, [journey.states] * len(first), journey.averages, (begin, begin))
    recorder.burst(burst_row(model, baseline, begin, 0.0, 0.0, True))
    return journey


def _resumed(
    model: ModelDefinition, drugs: DrugCurve, network: FastNetwork, schedule: Schedule, recording: Recording,
    recorder: Recorder, state: TrialState,
) -> Journey:  # fmt: skip
    """A journey where it was."""
    scale = resumed_scale(model, drugs, state.under("references/"))
    about = state.about
    return Journey(
        about["time"], state.under("slow/"), state.under("averages/"), network, scale, schedule, recording, recorder,
        about["spiking_seconds"], about["next_leap"],
    )  # fmt: skip


def drug_curves(model: ModelDefinition, protocol: Protocol) -> dict[str, ConcentrationCurve]:
    """The concentration of every drug of the model over time, exact between doses."""
    return {
        one.name: ConcentrationCurve(
            Pharmacokinetics(body_weight=protocol.body_weight, **model.parameters(one.name)),
            doses_of(one.name, protocol.doses),
        )
        for one in model.on_scale("drug")
    }
