"""simulate(model, protocol, recording, recorder, seed, context): the one way in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msim.definitions.model import ModelDefinition
from msim.engine.context import Context, build_network
from msim.engine.multiscale import Journey, burst_row, record_samples, travel
from msim.engine.slow import slow_scale
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
) -> float:
    """Run one trial from rest and write what was asked for to the recorder.

    progress: told the simulated time in s after every leap
    returns: seconds for which spikes were simulated
    raises: SimulationError where the network runs away or an equation cannot be integrated
    """
    schedule = context.schedule
    network = build_network(model, seed, context)
    baseline = network.burst(schedule.settle, schedule.baseline, keep_field=False)
    curves = drug_curves(model, protocol)

    def drugs(time: float) -> dict[str, float]:
        return {
            f"{name}.{output}": value for name, curve in curves.items() for output, value in curve(time).items()
        }

    scale = slow_scale(model, drugs, baseline, protocol.begin)
    journey = Journey(
        protocol.begin, scale.rest(), scale.averages(baseline), network, scale, schedule, recording, recorder,
        spiking_seconds=schedule.settle + schedule.baseline,
    )  # fmt: skip
    recorder.burst(burst_row(model, baseline, protocol.begin, 0.0, 0.0, True))
    first = [time for time in recording.samples if abs(time - protocol.begin) < 1e-6]
    record_samples(journey, first, [journey.states] * len(first), journey.averages, (protocol.begin, protocol.begin))
    events = {time for curve in curves.values() for time in curve.breakpoints if protocol.begin < time < protocol.end}
    travel(journey, protocol.end, sorted(events), progress)
    return journey.spiking_seconds


def drug_curves(model: ModelDefinition, protocol: Protocol) -> dict[str, ConcentrationCurve]:
    """The concentration of every drug of the model over time, exact between doses."""
    return {
        one.name: ConcentrationCurve(
            Pharmacokinetics(body_weight=protocol.body_weight, **model.parameters(one.name)),
            doses_of(one.name, protocol.doses),
        )
        for one in model.on_scale("drug")
    }
