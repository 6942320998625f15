"""Record of a trial that was stopped or killed, opened for reading."""

from __future__ import annotations

from pathlib import Path

from msim.base.paths import given_path
from msim.recording.record_arrays import record_from
from msim.storage.journal import journal_path, read_journal
from msim.storage.provenance import experiment_from_provenance
from msim.storage.run_store import RunFolder, read_provenance
from msim.storage.unfinished import UnfinishedTrial
from msim.storage.unfinished import open_unfinished as open_kept
from msim.storage.unfinished import reached_by


def open_unfinished(path: str | Path, arm: str, seed: int) -> UnfinishedTrial:
    """Open the record of a trial that was stopped or killed, up to its last complete burst.

    path: the folder that the run was to have, as given to --out
    raises: StorageError where there is no record of that trial; it names the trials that have one
    """
    folder = RunFolder(given_path(path, "run"))
    journal = read_journal(folder, arm, seed)
    kept = reached_by(folder, arm, seed)
    if journal is None or (kept is not None and kept >= journal[1]):
        return open_kept(folder.final, arm, seed)
    from msim.trials.datasets import trial_datasets

    arrays, reached = journal
    reason = "was still running, or its process was killed"
    experiment = experiment_from_provenance(read_provenance(folder.store))
    about = {"arm": arm, "seed": seed, "unfinished": True, "reached_s": reached, "reason": reason}
    datasets = trial_datasets(experiment, experiment.arm(arm), record_from(arrays), reached, about)
    return UnfinishedTrial(journal_path(folder, arm, seed), arm, seed, reached, reason, datasets)
