"""A run on disk: written beside its final name, moved there when it is complete, opened by xarray."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msim.base.endings import is_full
from msim.base.errors import StorageError
from msim.base.made import MARK, make_own, make_own_anew, remove_own, remove_own_below
from msim.base.paths import given_path
from msim.storage.dataset_blocks import write_dataset
from msim.storage.manifest import MANIFEST, lack, list_lack, read_manifest, sizes_below, write_list
from msim.storage.trial_store import CLAIMS, FAILED, WORK
from msim.storage.zarr_folder import zarr_folder

# xarray and Zarr take half a second to import: they come when something is stored or opened.
if TYPE_CHECKING:
    import xarray as xr

STORE = "run.zarr"
UNFINISHED = "unfinished"
WRITTEN = "written"
_ARM = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
SAME_WHEN_RESUMED = (
    "experiment", "model", "changes", "hypothesis", "begin_s", "end_s", "schedule", "target", "versions", "code",
    "arms", "seeds", "keys",
)  # fmt: skip


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run: its final path, and the path at which it grows until it is complete."""

    final: Path

    @property
    def partial(self) -> Path:
        return self.final.parent / f".{self.final.name}.partial"

    @property
    def store(self) -> Path:
        return self.partial / STORE


def run_folder(path: Path) -> RunFolder:
    """Return the folder of a run from its final path, or from the path at which it grows."""
    name = path.name
    grows = name.startswith(".") and name.endswith(".partial")
    return RunFolder(path.with_name(name[1:].removesuffix(".partial")) if grows else path)


def trial_path(arm: str, seed: int) -> str:
    """Return the group of a trial within the store."""
    return f"trials/{arm}/seed_{seed}"


def start_run(final: Path, about: Mapping[str, Any]) -> RunFolder:
    """Prepare a run folder, or continue one that was interrupted.

    raises: StorageError where the folder holds something, cannot be written, or was begun differently
    """
    folder = RunFolder(final)
    try:
        _validate_free(final)
        if folder.partial.is_dir():
            _check_same(folder, about)
            return folder
        _begin(folder, about)
    except OSError as problem:
        if is_full(problem):
            raise
        raise StorageError(f"{final}: cannot be written: {problem.strerror or problem}") from None
    return folder


def _validate_free(final: Path) -> None:
    """Refuse a place that a run could not take when it is whole."""
    if os.path.exists(final) and (not final.is_dir() or any(final.iterdir())):
        what = "a finished run" if (final / MANIFEST).is_file() else "something else"
        raise StorageError(f"{final}: already holds {what}; wants a folder that does not exist or is empty")
    if os.path.ismount(final):
        raise StorageError(f"{final}: is where a disk begins, whose place no run can take; wants a folder in it")


def _begin(folder: RunFolder, about: Mapping[str, Any]) -> None:
    """Write the growing folder beside its place and move it there in one step.

    A start that is killed then leaves nothing that looks like a run.
    """
    beginning = make_own_anew(folder.partial.with_suffix(".beginning"))
    new_group(beginning / STORE, {"provenance": dict(about), "title": "run of " + about["experiment"]["name"]})
    new_group(beginning / STORE / "trials")
    for arm in about["arms"]:
        new_group(beginning / STORE / "trials" / arm)
    os.replace(beginning, folder.partial)


def new_group(path: Path, attributes: Mapping[str, Any] | None = None) -> None:
    """Write a Zarr group as its specification has it: a folder with one file, without an import of Zarr."""
    path.mkdir(parents=True, exist_ok=True)
    about = {"zarr_format": 3, "node_type": "group", "attributes": attributes or {}}
    (path / "zarr.json").write_text(json.dumps(about, indent=2), encoding="utf-8")


def _check_same(folder: RunFolder, about: Mapping[str, Any]) -> None:
    try:
        stored = read_provenance(folder.store)
    except (KeyError, ValueError, OSError) as problem:
        raise StorageError(f"{folder.partial}: holds no run to take up; remove it: {problem}") from None
    for key in SAME_WHEN_RESUMED:
        if json.dumps(stored.get(key), sort_keys=True) != json.dumps(about.get(key), sort_keys=True):
            raise StorageError(
                f"{folder.partial}: was begun with another '{key}'; finish that run as it was begun, "
                "remove the folder, or choose another --out"
            )


def finished_trials(folder: RunFolder, arms: list[str], seeds: list[int]) -> list[tuple[str, int]]:
    """List the trials, as arm and seed, that an interrupted run has stored.

    raises: StorageError where one of them is not complete any more
    """
    stored = [(a, s) for a in arms for s in seeds if (folder.store / trial_path(a, s)).is_dir()]
    for arm, seed in stored:
        _require_stored(folder, arm, seed)
    return stored


def _list_of(folder: RunFolder, arm: str, seed: int) -> Path:
    """Return the path of the list of files of a stored trial, kept until the run is sealed."""
    return folder.partial / WRITTEN / arm / f"seed_{seed}.json"


def _require_stored(folder: RunFolder, arm: str, seed: int) -> None:
    trial = folder.store / trial_path(arm, seed)
    wrong = list_lack(_list_of(folder, arm, seed), trial) if trial.is_dir() else "it is missing"
    if wrong:
        raise StorageError(f"{trial}: is not what was stored: {wrong}; remove this folder to have the trial run again")


def write_trial(folder: RunFolder, arm: str, seed: int, datasets: Mapping[str, xr.Dataset]) -> None:
    """Store a trial; its group appears in one step, when it is complete."""
    final = folder.store / trial_path(arm, seed)
    around = make_own_anew(folder.partial / f".{arm}.seed_{seed}.partial")
    partial = around / "trial"
    new_group(partial)
    for name, dataset in datasets.items():
        write_dataset(dataset, zarr_folder(partial), name)
    flush(partial)
    make_own(folder.partial / WRITTEN)
    write_list(_list_of(folder, arm, seed), partial)
    os.replace(partial, final)
    remove_own(around)


def finish_run(folder: RunFolder) -> Path:
    """Seal a complete run: write checksums of every file, then move it to its final name, which is returned.

    raises: StorageError where the files of a trial are not those that were stored
    """
    about = read_provenance(folder.store)
    for arm, seed in [(arm, seed) for arm in about["arms"] for seed in about["seeds"]]:
        _require_stored(folder, arm, seed)
    for rest in (FAILED, CLAIMS, WORK, UNFINISHED):
        remove_own_below(folder.partial / rest)
    files = sorted(path for path in folder.store.rglob("*") if path.is_file())
    sums = {path.relative_to(folder.partial).as_posix(): _sha256(path) for path in files}
    manifest = folder.partial / MANIFEST
    sizes = {path.relative_to(folder.partial).as_posix(): path.stat().st_size for path in files}
    manifest.write_text(json.dumps({"format": 1, "sha256": sums, "bytes": sizes}, indent=1), encoding="utf-8")
    flush(folder.partial)
    if folder.final.exists():
        _take_over(folder.final, folder.partial)
        folder.final.rmdir()
    os.replace(folder.partial, folder.final)
    # Not before: sealing that is stopped is taken up again.
    remove_own(folder.final / WRITTEN)
    (folder.final / MARK).unlink(missing_ok=True)
    _flush_folder(folder.final.parent)
    return folder.final


def _take_over(given: Path, partial: Path) -> None:
    """Set group and permissions of a run to those of the empty folder that its user made for it."""
    mode = given.stat()
    with suppress(OSError):  # a group that one is not in
        os.chown(partial, -1, mode.st_gid)
    os.chmod(partial, stat.S_IMODE(mode.st_mode))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def flush(folder: Path) -> None:
    """Write every file below a folder to the disk before going on."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as handle:
                os.fsync(handle.fileno())
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_provenance(store: Path) -> dict[str, Any]:
    """Read the provenance that a store carries."""
    import zarr

    stored: Any = zarr.open_group(zarr_folder(store), mode="r", zarr_format=3).attrs["provenance"]
    about = dict(stored)
    # They become names of folders, and a store may come from anyone.
    if not all(isinstance(one, str) and _ARM.fullmatch(one) for one in about["arms"]):
        raise ValueError(f"wants names of arms, got {about['arms']!r}")
    if not all(isinstance(one, int) for one in about["seeds"]):
        raise ValueError(f"wants numbers as seeds, got {about['seeds']!r}")
    return about


@dataclass(frozen=True)
class Run:
    """A finished run, opened for reading.

    samples: dims (arm, seed, time); probes: (arm, seed, probe[, cells]); spectra: (arm, seed, probe, frequency);
    bursts: (arm, seed, burst), NaN past the last burst of a trial
    """

    path: Path
    provenance: dict[str, Any]
    samples: xr.Dataset
    probes: xr.Dataset
    spectra: xr.Dataset
    bursts: xr.Dataset

    @property
    def arms(self) -> list[str]:
        """Return the names of the arms, in the order of the experiment."""
        return list(self.provenance["arms"])

    @property
    def seeds(self) -> list[int]:
        """Return the seeds of the trials."""
        return list(self.provenance["seeds"])

    def trial(self, arm: str, seed: int, dataset: str) -> xr.Dataset:
        """Read one dataset of one trial: 'samples', 'probes', 'spectra', 'spikes' or 'bursts'."""
        group = f"{trial_path(arm, seed)}/{dataset}"
        require_whole(self.path, f"{STORE}/{group}/")
        try:
            return open_dataset(self.path / STORE, group).load()
        except (KeyError, ValueError, OSError) as problem:
            raise StorageError(f"{self.path}: {group} cannot be read: {problem}") from None

    def spikes(self, arm: str, seed: int, probe: int, population: str) -> tuple[np.ndarray, np.ndarray]:
        """Read spike times in s from the start of a probe, and the cells that fired."""
        table = self.trial(arm, seed, "spikes")
        number = table["population"].attrs["populations"].index(population)
        own = (table["probe_of_spike"].values == probe) & (table["population"].values == number)
        return table["spike_time"].values[own], table["cell"].values[own]


def open_run(path: str | Path) -> Run:
    """Open a finished run.

    raises: StorageError where there is no run, or one that was not finished
    """
    folder = given_path(path, "run")
    require_whole(folder)
    try:
        about = read_provenance(folder / STORE)
        found = {name: _combined(folder / STORE, about, name) for name in ("samples", "probes", "spectra", "bursts")}
    except (KeyError, ValueError, OSError) as problem:
        raise StorageError(f"{folder}: cannot be read as a run: {problem}") from None
    return Run(folder, about, **found)


def require_finished(folder: Path) -> None:
    """Refuse a folder that holds no finished run.

    raises: StorageError
    """
    partial = RunFolder(folder).partial
    if not os.path.isfile(folder / MANIFEST):
        hint = f"; an unfinished one is in {partial}" if os.path.isdir(partial) else ""
        raise StorageError(f"{folder}: holds no finished run{hint}")


def require_whole(folder: Path, part: str = f"{STORE}/") -> None:
    """Check names and sizes of a finished run's files against its manifest; checksums are left to `verify_run`.

    part: beginning of the names of the files that are checked
    raises: StorageError where there is no finished run, or a file is missing, of another size, or not in the manifest
    """
    require_finished(folder)
    manifest = read_manifest(folder)
    written = {name: manifest.bytes.get(name) for name in manifest.sha256 if name.startswith(part)}
    found = {f"{part}{name}": size for name, size in sizes_below(folder / part).items()}
    wrong = lack(written, found)
    if wrong:
        raise StorageError(f"{folder}: is not what was stored: {wrong}; msim verify says all that is wrong with it")


def open_dataset(store: Path, group: str) -> xr.Dataset:
    """Open one dataset of a store; its arrays are read when they are used."""
    import xarray as xr

    return xr.open_zarr(
        zarr_folder(store), group=group, consolidated=False, decode_times=False, chunks=None, zarr_format=3
    )  # fmt: skip


def _combined(store: Path, about: Mapping[str, Any], name: str) -> xr.Dataset:
    """Join one dataset of all trials; a trial with fewer bursts than another ends in NaN."""
    arms, seeds = about["arms"], about["seeds"]
    joined = [
        _joined([open_dataset(store, f"{trial_path(arm, seed)}/{name}") for seed in seeds], "seed", seeds)
        for arm in arms
    ]
    return _joined(joined, "arm", arms)


def _joined(parts: list[xr.Dataset], name: str, labels: list[Any]) -> xr.Dataset:
    import xarray as xr

    return xr.concat(
        parts, dim=xr.DataArray(labels, dims=name, name=name), join="outer", combine_attrs="drop_conflicts",
        data_vars="all", coords="minimal", compat="override",
    )  # fmt: skip
