"""Simulation of one arm with one seed, and its datasets."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msim.backends.context import Context
from msim.backends.progress import BurstProgress
from msim.definitions.experiments.definition import Arm, ExperimentDefinition
from msim.emulator.library import validate_emulated
from msim.multiscale.simulate import Protocol, simulate
from msim.multiscale.trial_state import TrialState
from msim.recording.record_arrays import record_arrays, record_from
from msim.recording.recorder import MemoryRecorder
from msim.recording.spool import Series, SpoolFile

if TYPE_CHECKING:
    import xarray as xr

Journal = Callable[[Mapping[str, Series], float, str], None]

CHECKPOINT_EVERY = 30.0  # s of the clock on the wall


def simulate_trial(
    experiment: ExperimentDefinition,
    arm: Arm,
    seed: int,
    context: Context,
    progress: Callable[[float], None] = lambda time: None,
    journal: Journal | None = None,
    checkpoints: Checkpoints | None = None,
    report_burst: Callable[[BurstProgress], None] | None = None,
    folder: Path | None = None,
) -> dict[str, xr.Dataset]:
    """Run one trial and return its datasets: samples, probes, spectra, spikes, bursts.

    journal: called with the record as arrays, the time in s that it reaches, and a reason: after every leap with '',
        and where the trial is stopped after a complete burst, with the reason of the stop
    checkpoints: reader of the state that the trial continues from, and writer of later states
    report_burst: called every second with the progress of a burst
    folder: folder on the disk for long records until they are stored; the folder of temporary files if left out
    raises: InputError where the target does not know what is recorded
    """
    if context.emulators is not None:
        validate_emulated(experiment)
    file = SpoolFile(folder)
    before = checkpoints.read(file) if checkpoints else None
    record = record_from(before.under("record/"), file) if before else MemoryRecorder(file=file)
    protocol = Protocol(experiment.begin, experiment.end, arm.body_weight, arm.doses, arm.changes)

    def told(reached: float) -> None:
        # A process that is killed cannot tell: what it has is on disk after every burst.
        if journal is not None:
            journal(record_arrays(record), reached, "")
        progress(reached)

    kept = _kept_states(record, checkpoints) if checkpoints else lambda state: None
    try:
        spiking = simulate(
            arm.model, protocol, experiment.recording, record, seed, context, told, before, kept, report_burst
        )
    except BaseException as problem:  # Ctrl-C too: what took hours is worth keeping whatever ended it
        stood = [row.time for row in record.bursts if row.accepted]
        if stood and journal is not None:
            journal(record_arrays(record), max(stood), f"{type(problem).__name__}: {problem}")
        raise
    # Brings xarray, which no spike has to wait for.
    from msim.trials.datasets import trial_datasets

    horizon = experiment.end - experiment.begin
    attributes = {"arm": arm.name, "seed": seed, "spiking_seconds": spiking, "horizon_seconds": horizon}
    return trial_datasets(experiment, arm, record, experiment.end, attributes)


@dataclass(frozen=True)
class Checkpoints:
    """Reader and writer of a trial's checkpoints, and the time between two.

    read: takes the file in which long records are stored again
    every: s of the clock on the wall between two; wanted: whether one is to be written as soon as it can be
    """

    read: Callable[[SpoolFile], TrialState | None]
    write: Callable[[TrialState], None]
    every: float = CHECKPOINT_EVERY
    wanted: Callable[[], bool] = lambda: False


def _kept_states(
    record: MemoryRecorder, checkpoints: Checkpoints
) -> Callable[[Callable[[], TrialState | None]], None]:
    """Write a checkpoint now and then, less often where that would cost more than 5 % of the time."""
    due = time.monotonic() + checkpoints.every

    def kept(state: Callable[[], TrialState | None]) -> None:
        nonlocal due
        began = time.monotonic()
        if began < due and not checkpoints.wanted():
            return
        now = state()
        if now is not None:
            recorded = {f"record/{name}": values for name, values in record_arrays(record).items()}
            checkpoints.write(TrialState({**now.arrays, **recorded}, now.about))
        ended = time.monotonic()
        due = ended + max(checkpoints.every, 20 * (ended - began) if checkpoints.every else 0)

    return kept
