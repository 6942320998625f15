"""SHA-256 of all recorded values of a run, which tells whether two runs are the same to the last bit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from msim.base.errors import StorageError
from msim.base.paths import given_path
from msim.base.settings import settings
from msim.storage.run_store import STORE, read_provenance, require_whole, trial_path
from msim.storage.zarr_folder import zarr_folder

# Written by xarray to say how it stores, and words for a reader; neither says anything of what was recorded.
NOT_RECORDED = ("_FillValue", "_ARRAY_DIMENSIONS", "coordinates", "long_name")


@dataclass(frozen=True)
class Variable:
    """The hash of one array, with its description.

    about: name, dims, dtype in little-endian order, shape and attributes
    sha256: over `about` and the values
    """

    about: Mapping[str, Any]
    sha256: str


@dataclass(frozen=True)
class Part:
    """The hash of one dataset of one trial, with its attributes and variables."""

    arm: str
    seed: int
    dataset: str
    sha256: str
    attributes: Mapping[str, Any]
    variables: Mapping[str, Variable]

    @property
    def name(self) -> str:
        return f"{self.arm}, seed {self.seed}, {self.dataset}"


@dataclass(frozen=True)
class Digest:
    """The hash of a run; parts are sorted by arm, seed and dataset."""

    path: Path
    sha256: str
    parts: tuple[Part, ...]


def digest_run(path: str | Path) -> Digest:
    """Hash all records of a finished run: all trials, all datasets, all variables.

    Of a variable the hash covers its name, dims, dtype, shape, attributes such as units and populations, and the values
    as bits in little-endian C order. Bits are bits: -0.0 is not 0.0, and two NaN with other bits differ. It leaves out
    what may differ between equal runs: provenance, long names, compression, chunks, and the files of the store.
    raises: StorageError where there is no finished run, or a part of it cannot be read
    """
    folder = given_path(path, "run")
    require_whole(folder)
    try:
        about = read_provenance(folder / STORE)
        trials = sorted((arm, seed) for arm in about["arms"] for seed in about["seeds"])
        parts = tuple(part for arm, seed in trials for part in _parts(folder / STORE, arm, seed))
    except (KeyError, ValueError, OSError, RuntimeError) as problem:
        raise StorageError(f"{folder}: cannot be read as a run: {problem}") from None
    if not parts:
        raise StorageError(f"{folder}: holds no trial, so that there is nothing to hash")
    whole = _sha256_of([[one.arm, one.seed, one.dataset, one.sha256] for one in parts])
    return Digest(folder, whole, parts)


def _parts(store: Path, arm: str, seed: int) -> Iterator[Part]:
    trial = zarr.open_group(zarr_folder(store / trial_path(arm, seed)), mode="r", zarr_format=3)
    own = list(parts_of(trial, arm, seed))
    require_recorded(own, f"{store}: {arm}, seed {seed}")
    yield from own


def require_recorded(parts: list[Part], where: str) -> None:
    """Refuse a trial that recorded nothing: its hash would be that of any other such.

    raises: StorageError
    """
    if not any(one.variables for one in parts):
        raise StorageError(f"{where}: holds no recorded values, so that there is nothing to hash")


def digest_trial(trial: zarr.Group, arm: str, seed: int) -> str:
    """Return one hash of all that a trial recorded.

    raises: StorageError where it recorded nothing
    """
    own = list(parts_of(trial, arm, seed))
    require_recorded(own, f"{arm}, seed {seed}")
    return _sha256_of([[one.dataset, one.sha256] for one in own])


def parts_of(trial: zarr.Group, arm: str, seed: int) -> Iterator[Part]:
    """Yield the hash of every dataset of a trial."""
    for name, dataset in sorted(trial.groups()):
        attributes = _recorded(dataset.attrs)
        arrays = sorted((key, one) for key, one in dataset.members(max_depth=None) if isinstance(one, zarr.Array))
        variables = {key: _variable(key, one) for key, one in arrays}
        sums = {key: one.sha256 for key, one in variables.items()}
        yield Part(arm, seed, name, _sha256_of([attributes, sums]), attributes, variables)


def _recorded(attributes: Any) -> dict[str, Any]:
    return {key: value for key, value in dict(attributes).items() if key not in NOT_RECORDED}


def _variable(name: str, array: zarr.Array) -> Variable:
    about = {
        "name": name,
        "dims": list(getattr(array.metadata, "dimension_names", None) or ()),
        "dtype": "text" if is_text(array) else np.dtype(array.dtype).newbyteorder("<").str,
        "shape": list(array.shape),
        "attributes": _recorded(array.attrs),
    }
    hashed = hashlib.sha256(_canonical(about))
    for block in _blocks(array):
        hashed.update(bits(block))
    return Variable(about, hashed.hexdigest())


def is_text(array: Any) -> bool:
    """Return whether an array holds texts, whose bits depend on their storage."""
    return np.dtype(array.dtype).kind in "UTO"


def _blocks(array: zarr.Array) -> Iterator[np.ndarray]:
    """Yield the values of an array in C order, whole rows of chunks at a time, so that none is decompressed twice."""
    if array.ndim == 0 or array.size == 0:
        yield np.asarray(array[...])
        return
    chunk = (array.shards or array.chunks)[0]
    row = max(1, array.nbytes // array.shape[0])
    rows = chunk * max(1, settings().hashed_bytes // (chunk * row))
    for start in range(0, array.shape[0], rows):
        yield np.asarray(array[start:start + rows])


def bits(values: np.ndarray) -> bytes:
    """Return values as bytes in little-endian C order; each text as JSON on a line of its own."""
    if is_text(values):
        return b"".join(_canonical(str(one)) + b"\n" for one in values.ravel())
    # ascontiguousarray gives a copy in C order only where it is not in that order yet.
    return np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"), copy=False)).tobytes()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _sha256_of(value: Any) -> str:
    return hashlib.sha256(_canonical(value)).hexdigest()
