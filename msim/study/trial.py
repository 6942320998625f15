"""One arm with one seed: simulated, read out, and laid down as datasets."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msim.definitions.experiment import Arm, ExperimentDefinition
from msim.engine.context import Context
from msim.engine.simulate import Protocol, simulate
from msim.recording.recorder import MemoryRecorder

if TYPE_CHECKING:
    import xarray as xr

Keep = Callable[[Mapping[str, "xr.Dataset"], float, str], None]

KEEP_EVERY = 30.0  # s of the clock on the wall


def simulate_trial(
    experiment: ExperimentDefinition,
    arm: Arm,
    seed: int,
    context: Context,
    progress: Callable[[float], None] = lambda time: None,
    keep: Keep = lambda datasets, reached, reason: None,
) -> dict[str, xr.Dataset]:
    """Run one trial and return its datasets: samples, probes, spectra, spikes, bursts.

    keep: told from time to time, and where the trial is stopped, what was recorded up to the last complete burst,
        the time in s of that burst, and why the trial goes no further
    """
    record = MemoryRecorder()
    protocol = Protocol(experiment.begin, experiment.end, experiment.body_weight, arm.doses)

    def keep_record(reason: str) -> None:
        from msim.study.datasets import trial_datasets

        reached = max((row.time for row in record.bursts if row.accepted), default=None)
        if reached is not None:
            keep(trial_datasets(experiment, arm, record, reached, {"arm": arm.name, "seed": seed}), reached, reason)

    told = _now_and_then(lambda: keep_record("was still running, or its process was killed"), progress)
    try:
        spiking = simulate(arm.model, protocol, experiment.recording, record, seed, context, told)
    except BaseException as problem:  # Ctrl-C too: what took hours is worth keeping whatever ended it
        keep_record(f"{type(problem).__name__}: {problem}")
        raise
    # Brings xarray, which no spike has to wait for.
    from msim.study.datasets import trial_datasets

    attributes = {"arm": arm.name, "seed": seed, "spiking_seconds": spiking}
    return trial_datasets(experiment, arm, record, experiment.end, attributes)


def _now_and_then(act: Callable[[], None], progress: Callable[[float], None]) -> Callable[[float], None]:
    """Progress that also acts every half a minute, less often where that would cost more than 5 % of the time."""
    due = time.monotonic() + KEEP_EVERY

    def told(reached: float) -> None:
        nonlocal due
        began = time.monotonic()
        if began >= due:
            act()
            ended = time.monotonic()
            due = ended + max(KEEP_EVERY, 20 * (ended - began))
        progress(reached)

    return told
