"""Verification of a stored run: every file against the manifest, with missing and added files."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from msim.base.errors import StorageError
from msim.base.paths import given_path
from msim.storage.manifest import read_manifest, require_below
from msim.storage.run_store import STORE, read_provenance, require_finished, trial_path

CRC_BYTES = 4


@dataclass(frozen=True)
class Damage:
    """A damaged part of a store, and the damage in words."""

    where: str
    what: str


def verify_run(path: str | Path) -> list[Damage]:
    """Check every file of a finished run against its manifest; nothing is decoded.

    returns: the damages, in the order of the names; empty for a whole run
    raises: StorageError where there is no finished run
    """
    folder = given_path(path, "run")
    require_finished(folder)
    manifest = read_manifest(folder)
    sums, sizes = manifest.sha256, manifest.bytes
    for name in sums:
        require_inside(folder, name)
    found = {one.relative_to(folder).as_posix() for one in (folder / STORE).rglob("*") if one.is_file()}
    damages = [Damage(name, "was not there when the run was finished") for name in found - set(sums)]
    damages += [Damage(_trial_of(name), "the trial is missing") for name in _lost_trials(folder, sums)]
    damages += _unsealed(folder, sums)
    lost = tuple(one.where + "/" for one in damages)
    for name, wanted in sums.items():
        if not f"{STORE}/{name}".startswith(lost) and not name.startswith(lost):
            damages += [Damage(name, what) for what in _file_damage(folder / name, wanted, sizes.get(name))]
    return sorted(damages, key=lambda one: one.where)


def require_inside(folder: Path, name: str) -> None:
    """Refuse a name from a store that would lead out of its folder.

    raises: StorageError
    """
    require_below(folder, name)
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise StorageError(f"{folder}: names a file outside of itself: {name!r}")


def _trial_of(name: str) -> str:
    return "/".join(PurePosixPath(name).parts[:4])


def _lost_trials(folder: Path, sums: Mapping[str, Any]) -> Iterator[str]:
    """Yield one file of every trial that has lost all its files."""
    trials = {_trial_of(name): name for name in sums if name.startswith(f"{STORE}/trials/") and name.count("/") > 4}
    for trial, name in trials.items():
        if not (folder / trial).is_dir():
            yield name


def _unsealed(folder: Path, sums: Mapping[str, Any]) -> Iterator[Damage]:
    """Yield a damage for each trial of the run of which the manifest lists no file."""
    try:
        about = read_provenance(folder / STORE)
    except (KeyError, ValueError, OSError, RuntimeError) as problem:
        if f"{STORE}/zarr.json" not in sums:
            yield Damage(STORE, f"does not say what was run: {problem}")
        return
    for trial in (trial_path(arm, seed) for arm in about["arms"] for seed in about["seeds"]):
        if not any(name.startswith(f"{STORE}/{trial}/") for name in sums):
            yield Damage(f"{STORE}/{trial}", "the trial was not there when the run was finished")


def _file_damage(path: Path, sha256: str, size: int | None) -> Iterator[str]:
    try:
        content = path.read_bytes()
    except OSError as problem:
        yield "is missing" if isinstance(problem, FileNotFoundError) else f"cannot be read: {problem.strerror}"
        return
    if hashlib.sha256(content).hexdigest() != sha256:
        yield damage_of(content, size, is_chunk="/c/" in path.as_posix() or path.name == "c")


def damage_of(content: bytes, size: int | None, is_chunk: bool) -> str:
    """Describe how bytes differ from those that were written.

    size: number of bytes written
    """
    if size is not None and len(content) != size:
        return f"is truncated: {len(content)} of {size} bytes" if len(content) < size else "is longer than written"
    if is_chunk and not crc_holds(content):
        return "is not what was written: the chunk's crc32c does not hold"
    return "is not what was written"


def crc_holds(chunk: bytes) -> bool:
    """Return whether the crc32c at the end of a chunk matches the bytes before it."""
    import google_crc32c

    if len(chunk) < CRC_BYTES:
        return False
    return bool(google_crc32c.value(chunk[:-CRC_BYTES]) == struct.unpack("<I", chunk[-CRC_BYTES:])[0])
