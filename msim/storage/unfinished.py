"""Record of a trial that was stopped: kept beside the finished trials, and never taken for one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msim.base.errors import StorageError, nearest
from msim.base.made import make_own, make_own_anew, remove_own
from msim.base.paths import given_path
from msim.storage.dataset_blocks import write_dataset
from msim.storage.manifest import list_lack, write_list
from msim.storage.run_store import UNFINISHED, RunFolder, flush, new_group, open_dataset
from msim.storage.zarr_folder import zarr_folder

if TYPE_CHECKING:
    import xarray as xr

# Two folders take turns behind a link, because a folder cannot take another one's place in one step.
TURNS = ("a", "b")
GROUP, FILES = "trial.zarr", "files.json"


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


def unfinished_path(folder: RunFolder, arm: str, seed: int) -> Path:
    """Return the path of an unfinished trial."""
    return folder.partial / UNFINISHED / arm / f"seed_{seed}"


def write_unfinished(
    folder: RunFolder, arm: str, seed: int, datasets: Mapping[str, xr.Dataset], reached: float, reason: str
) -> None:
    """Store the record of a stopped trial, and replace an earlier record of it in one step.

    An earlier record that reaches further stays: a trial that starts again repeats the same trajectory.
    """
    link = unfinished_path(folder, arm, seed)
    before = reached_by(folder, arm, seed)
    if before is not None and before > reached:
        return
    make_own(folder.partial / UNFINISHED)
    old = Path(os.readlink(link)).parts[0] if link.is_symlink() else ""
    around = make_own_anew(link.with_name(f".{link.name}.{TURNS[old.endswith(TURNS[0])]}"))
    new = around / GROUP
    about: dict[str, Any] = {"unfinished": True, "reached_s": float(reached), "reason": reason}
    new_group(new, {"arm": arm, "seed": seed, **about})
    for name, dataset in datasets.items():
        write_dataset(dataset.assign_attrs(about), zarr_folder(new), name)
    flush(new)
    write_list(around / FILES, new)
    fresh = around / link.name
    fresh.symlink_to(Path(around.name, GROUP))
    os.replace(fresh, link)
    if old:
        remove_own(link.with_name(old))


def reached_by(folder: RunFolder, arm: str, seed: int) -> float | None:
    """Return the simulated time in s that the record of an unfinished trial reaches; None where there is no record."""
    if not unfinished_path(folder, arm, seed).is_dir():
        return None
    import zarr

    try:
        group = zarr.open_group(zarr_folder(unfinished_path(folder, arm, seed)), mode="r", zarr_format=3)
        return float(str(group.attrs["reached_s"]))
    except (KeyError, ValueError, OSError):
        return None


def remove_unfinished(folder: RunFolder, arm: str, seed: int) -> None:
    """Remove the unfinished record of a trial, once it is finished."""
    link = unfinished_path(folder, arm, seed)
    if link.is_symlink():
        link.unlink()
    for turn in TURNS:
        remove_own(link.with_name(f".{link.name}.{turn}"))


def open_unfinished(path: str | Path, arm: str, seed: int) -> UnfinishedTrial:
    """Open the record of a trial that was stopped.

    path: the folder that the run was to have, as given to --out, or the growing one beside it
    raises: StorageError where there is no record of that trial; it names the trials that have one
    """
    given = RunFolder(given_path(path, "run"))
    root = next((one for one in (given.partial, given.final) if (one / UNFINISHED).is_dir()), given.partial)
    trial = root / UNFINISHED / arm / f"seed_{seed}"
    if not os.path.isdir(trial):
        kept = {f"{one.parent.name}, seed {one.name.removeprefix('seed_')}" for one in root.glob(f"{UNFINISHED}/*/s*")}
        raise StorageError(
            f"{root}: holds no unfinished trial of {arm}, seed {seed}{nearest(f'{arm}, seed {seed}', kept)}"
        )
    import zarr

    wrong = list_lack(trial.resolve().parent / FILES, trial)
    if wrong:
        raise StorageError(f"{trial}: is not what was stored: {wrong}")
    try:
        group = zarr.open_group(zarr_folder(trial), mode="r", zarr_format=3)
        datasets = {name: open_dataset(trial, name).load() for name, _ in sorted(group.groups())}
        return UnfinishedTrial(
            trial, arm, seed, float(str(group.attrs["reached_s"])), str(group.attrs["reason"]), datasets
        )
    except (KeyError, ValueError, OSError) as problem:
        raise StorageError(f"{trial}: cannot be read: {problem}") from None
