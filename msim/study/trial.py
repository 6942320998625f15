"""One arm with one seed: simulated, and laid down as datasets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msim.definitions.experiment import Arm, ExperimentDefinition
from msim.engine.context import Context
from msim.engine.simulate import Protocol, simulate
from msim.recording.recorder import MemoryRecorder

if TYPE_CHECKING:
    import xarray as xr


def simulate_trial(
    experiment: ExperimentDefinition,
    arm: Arm,
    seed: int,
    context: Context,
    progress: Callable[[float], None] = lambda time: None,
) -> dict[str, xr.Dataset]:
    """Run one trial and return its datasets: samples, probes, spectra, spikes, bursts."""
    record = MemoryRecorder()
    protocol = Protocol(experiment.begin, experiment.end, experiment.body_weight, arm.doses)
    spiking = simulate(arm.model, protocol, experiment.recording, record, seed, context, progress)
    # Brings xarray, which no spike has to wait for.
    from msim.study.datasets import trial_datasets

    return trial_datasets(experiment, arm, seed, record, spiking)
