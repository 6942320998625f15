"""Record of a trial that was stopped or killed, opened for reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msim.base.errors import StorageError, nearest
from msim.base.paths import given_path
from msim.recording.record_arrays import record_from
from msim.storage.journal import journal_path, read_journal
from msim.storage.provenance import experiment_from_provenance
from msim.storage.run_store import UNFINISHED, read_provenance, run_folder

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class UnfinishedTrial:
    """A trial that was stopped, opened for reading.

    reached: s, simulated time of the last complete burst; reason: why it stopped
    datasets: 'samples', 'probes', 'spectra', 'spikes' and 'bursts', as of a finished trial but ending at `reached`
    """

    path: Path
    arm: str
    seed: int
    reached: float
    reason: str
    datasets: Mapping[str, xr.Dataset]


def open_unfinished(path: str | Path, arm: str, seed: int) -> UnfinishedTrial:
    """Open the record of a trial that was stopped or killed, up to its last complete burst.

    path: the folder that the run was to have, as given to --out, or the growing one beside it
    raises: StorageError where there is no record of that trial; it names the trials that have one
    """
    folder = run_folder(given_path(path, "run"))
    found = read_journal(folder, arm, seed)
    if found is None:
        files = (folder.partial / UNFINISHED).glob("*/seed_*.npz")
        kept = {f"{one.parent.name}, seed {one.stem.removeprefix('seed_')}" for one in files}
        raise StorageError(f"{folder.partial}: holds no unfinished trial of {arm}, seed {seed}"
                           f"{nearest(f'{arm}, seed {seed}', kept)}")  # fmt: skip
    from msim.trials.datasets import trial_datasets

    arrays, reached, stopped = found
    reason = stopped or "was still running, or its process was killed"
    experiment = experiment_from_provenance(read_provenance(folder.store))
    about = {"arm": arm, "seed": seed, "unfinished": True, "reached_s": reached, "reason": reason}
    datasets = trial_datasets(experiment, experiment.arm(arm), record_from(arrays), reached, about)
    return UnfinishedTrial(journal_path(folder, arm, seed), arm, seed, reached, reason, datasets)
