"""Journal of a trial that is not finished: its record so far in one file, written after every leap and at a stop."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np

from msim.base.errors import StorageError
from msim.base.made import make_own
from msim.base.settings import settings
from msim.base.signals import stops_held
from msim.recording.spool import Series, Spool, blocks
from msim.storage.archives import UNREADABLE_ARCHIVE
from msim.storage.run_store import UNFINISHED, RunFolder

REACHED, REASON = "journal/reached", "journal/reason"
UNREADABLE = (*UNREADABLE_ARCHIVE, TypeError, AttributeError)


def journal_path(folder: RunFolder, arm: str, seed: int) -> Path:
    """Return the path of a trial's journal."""
    return folder.partial / UNFINISHED / arm / f"seed_{seed}.npz"


def write_journal(
    folder: RunFolder, arm: str, seed: int, arrays: Mapping[str, Series], reached: float, reason: str = ""
) -> None:
    """Replace the journal by the record up to `reached` (s), in one step.

    An earlier journal that reaches further stays: a trial that starts again repeats the same trajectory.
    reason: of a stop, '' while the trial goes on
    """
    path, before = journal_path(folder, arm, seed), journal_reach(folder, arm, seed)
    if before is not None and before > reached:
        return
    make_own(folder.partial / UNFINISHED)
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(f".{path.name}")
    with stops_held():
        with partial.open("wb") as handle:
            _save(handle, {**arrays, REACHED: np.array(reached), REASON: np.array(reason)})
        os.replace(partial, path)


def _save(handle: IO[bytes], arrays: Mapping[str, Series]) -> None:
    """Write arrays as numpy.savez does, without loading arrays that lie in a file into memory whole."""
    with zipfile.ZipFile(handle, "w") as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                if not isinstance(values, Spool):
                    np.lib.format.write_array(member, np.asanyarray(values), allow_pickle=False)
                    continue
                header = {"descr": values.dtype.str, "fortran_order": False, "shape": values.shape}
                np.lib.format.write_array_header_1_0(member, header)
                for block in blocks(values, settings().block_values):
                    member.write(block.tobytes())


def read_journal(folder: RunFolder, arm: str, seed: int) -> tuple[dict[str, np.ndarray], float, str] | None:
    """Read the journal of a trial: its record, the time in s that it reaches, and the reason of a stop, or ''.

    returns: None where there is none

    raises: StorageError where it cannot be read
    """
    path = journal_path(folder, arm, seed)
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
        return arrays, float(arrays.pop(REACHED)), str(arrays.pop(REASON))
    except UNREADABLE as problem:
        raise StorageError(f"{path}: cannot be read: {problem}") from None


def journal_reach(folder: RunFolder, arm: str, seed: int) -> float | None:
    """Return the time in s that the journal of a trial reaches; None where there is none that can be read."""
    path = journal_path(folder, arm, seed)
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as found:
            return float(found[REACHED])
    except UNREADABLE:
        return None


def remove_journal(folder: RunFolder, arm: str, seed: int) -> None:
    """Remove a journal, once its trial is finished."""
    journal_path(folder, arm, seed).unlink(missing_ok=True)
