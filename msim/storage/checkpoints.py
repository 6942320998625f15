"""Checkpoints of a trial on disk: arrays in Zarr, each file with its checksum; the newest complete one counts."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from msim.base.errors import StorageError
from msim.base.made import make_own_anew, remove_own, remove_own_below
from msim.base.settings import settings
from msim.recording.spool import Series, Spool, SpoolFile, joined_blocks
from msim.storage.run_store import flush
from msim.storage.zarr_folder import zarr_folder

FORMAT = 2
MANIFEST = "MANIFEST.json"
STORE = "state.zarr"
GROWING = ".growing"


def write_checkpoint(root: Path, arrays: Mapping[str, Series], about: Mapping[str, Any]) -> None:
    """Write a checkpoint beside the one before it, which is removed once the new one is complete.

    about: plain values, for JSON
    """
    import zarr

    root.mkdir(parents=True, exist_ok=True)
    partial = make_own_anew(root / GROWING)
    store = zarr.open_group(zarr_folder(partial / STORE), mode="w", zarr_format=3)
    spools = {name: values for name, values in arrays.items() if isinstance(values, Spool)}
    plain = {name: np.asarray(values) for name, values in arrays.items() if name not in spools}
    for index, values in enumerate(plain.values()):
        if values.size:
            _create(store, f"a{index}", np.atleast_1d(values).shape, values.dtype)[...] = np.atleast_1d(values)
    shapes = [[name, list(values.shape), values.dtype.str] for name, values in plain.items()]
    rows = _write_spools(store, spools)
    store.attrs.update({"format": FORMAT, "arrays": shapes, "spools": rows, "about": dict(about)})
    sums = {str(one.relative_to(partial)): _sha256(one) for one in sorted(partial.rglob("*")) if one.is_file()}
    (partial / MANIFEST).write_text(json.dumps({"format": FORMAT, "sha256": sums}), encoding="utf-8")
    flush(partial)
    older = _numbered(root)
    os.replace(partial, root / str(older[-1] + 1 if older else 1))
    for number in older:
        remove_own(root / str(number))


def _create(store: Any, name: str, shape: tuple[int, ...], dtype: Any, chunk: int | None = None) -> Any:
    from zarr.codecs import Crc32cCodec, ZstdCodec

    chunks = shape if chunk is None else (min(chunk, *shape),)
    codecs = [ZstdCodec(level=1), Crc32cCodec()]
    return store.create_array(name, shape=shape, dtype=dtype, chunks=chunks, compressors=codecs)


def _write_spools(store: Any, spools: Mapping[str, Spool]) -> list[list[Any]]:
    """Write the arrays that lie in a file, all of one type end to end: few files, however many probes there were.

    returns: name, type, start and end within the joined array, for each
    """
    rows: list[list[Any]] = []
    chunk = settings().block_values
    for dtype in {one.dtype.str: None for one in spools.values()}:
        own = {name: one for name, one in spools.items() if one.dtype.str == dtype}
        ends = np.cumsum([one.size for one in own.values()]).tolist()
        rows += [[name, dtype, end - own[name].size, end] for name, end in zip(own, ends, strict=True)]
        if not ends[-1]:
            continue
        joined = _create(store, f"spools{dtype[1:]}", (ends[-1],), np.dtype(dtype), chunk)
        for index, block in enumerate(joined_blocks(own.values(), chunk)):
            joined[index * chunk:index * chunk + block.size] = block
    return rows


def read_checkpoint(root: Path, file: SpoolFile | None = None) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Read arrays and plain values of the newest checkpoint; None where there is none.

    file: file for the spools that are read
    raises: StorageError where the checkpoint is damaged or of another format
    """
    numbers = _numbered(root)
    if not numbers:
        return None
    import zarr

    path = root / str(numbers[-1])
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise ValueError(f"wants format {FORMAT}, got {manifest['format']}")
        if not manifest["sha256"]:
            raise ValueError("it lists no file")
        for name, wanted in manifest["sha256"].items():
            if _sha256(path / name) != wanted:
                raise ValueError(f"{name} is not what was written")
        store = zarr.open_group(zarr_folder(path / STORE), mode="r", zarr_format=3)
        about: Any = store.attrs["about"]
        rows: Any = store.attrs["arrays"]
        arrays = {
            name: _read(store, f"a{index}", shape) if np.prod(shape) else np.empty(shape, dtype)
            for index, (name, shape, dtype) in enumerate(rows)
        }
        spools = _read_spools(store, file or SpoolFile())
    except (OSError, KeyError, ValueError, TypeError) as problem:
        raise StorageError(f"{path}: the checkpoint is damaged: {problem}; remove it to start the trial anew") from None
    return {**arrays, **spools}, dict(about)


def remove_checkpoints(root: Path) -> None:
    """Remove the checkpoints of a trial, once it is finished."""
    remove_own_below(root)


def _read(store: Any, name: str, shape: list[int]) -> np.ndarray:
    return np.asarray(store[name][...]).reshape(shape)


def _read_spools(store: Any, file: SpoolFile) -> dict[str, Spool]:
    found, chunk = {}, settings().block_values
    for name, dtype, start, stop in store.attrs["spools"]:
        found[name] = Spool(file, dtype)
        for first in range(start, stop, chunk):
            found[name].append(np.asarray(store[f"spools{dtype[1:]}"][first:min(first + chunk, stop)]))
    return found


def _numbered(root: Path) -> list[int]:
    """Return the numbers of complete checkpoints, rising."""
    if not root.is_dir():
        return []
    return sorted(int(one.name) for one in root.iterdir() if one.name.isdecimal() and (one / MANIFEST).is_file())


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
