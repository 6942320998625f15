"""What a trial has recorded so far in one file, cheap enough to be written after every burst."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from msim.storage.run_store import UNFINISHED, RunFolder

REACHED = "journal/reached"


def journal_path(folder: RunFolder, arm: str, seed: int) -> Path:
    """The journal of a trial."""
    return folder.growing / UNFINISHED / arm / f"seed_{seed}.npz"


def write_journal(folder: RunFolder, arm: str, seed: int, arrays: Mapping[str, np.ndarray], reached: float) -> None:
    """Put the record up to `reached` (s) in the place of the one before it, in one step."""
    path = journal_path(folder, arm, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    growing = path.with_name(f".{path.name}")
    with growing.open("wb") as handle:
        np.savez(handle, **{**arrays, REACHED: np.array(reached)})  # type: ignore[arg-type]
    os.replace(growing, path)


def read_journal(folder: RunFolder, arm: str, seed: int) -> tuple[dict[str, np.ndarray], float] | None:
    """The record and the time in s that it reaches; None where there is none."""
    path = journal_path(folder, arm, seed)
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    return arrays, float(arrays.pop(REACHED))


def journal_reach(folder: RunFolder, arm: str, seed: int) -> float | None:
    """The time in s that a journal reaches; None where there is none."""
    path = journal_path(folder, arm, seed)
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as found:
        return float(found[REACHED])


def remove_journal(folder: RunFolder, arm: str, seed: int) -> None:
    """Remove a journal, once its trial is finished or kept otherwise."""
    journal_path(folder, arm, seed).unlink(missing_ok=True)
