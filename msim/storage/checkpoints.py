"""Where a trial stands, on disk: arrays in Zarr, each file with its checksum, the newest whole one counts."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from msim.base.errors import StorageError
from msim.storage.run_store import CHECKPOINTS, RunFolder, flush

FORMAT = 1
MANIFEST = "MANIFEST.json"
STORE = "state.zarr"


def checkpoint_folder(folder: RunFolder, arm: str, seed: int) -> Path:
    """Where the checkpoints of a trial are kept."""
    return folder.growing / CHECKPOINTS / arm / f"seed_{seed}"


def write_checkpoint(root: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    """Write a checkpoint beside the one before it, which goes once the new one is whole.

    about: plain values, for JSON
    """
    import zarr
    from zarr.codecs import Crc32cCodec, ZstdCodec

    root.mkdir(parents=True, exist_ok=True)
    growing = root / ".growing"
    shutil.rmtree(growing, ignore_errors=True)
    store = zarr.open_group(str(growing / STORE), mode="w", zarr_format=3)
    names = list(arrays)
    for index, name in enumerate(names):
        values = np.atleast_1d(arrays[name])
        if values.size:
            made = store.create_array(
                f"a{index}", shape=values.shape, dtype=values.dtype, chunks=values.shape,
                compressors=[ZstdCodec(level=1), Crc32cCodec()],
            )  # fmt: skip
            made[...] = values
    shapes = [[name, list(np.shape(arrays[name])), np.asarray(arrays[name]).dtype.str] for name in names]
    store.attrs.update({"format": FORMAT, "arrays": shapes, "about": dict(about)})
    sums = {str(one.relative_to(growing)): _sha256(one) for one in sorted(growing.rglob("*")) if one.is_file()}
    (growing / MANIFEST).write_text(json.dumps({"format": FORMAT, "sha256": sums}), encoding="utf-8")
    flush(growing)
    older = _numbered(root)
    os.replace(growing, root / str(older[-1] + 1 if older else 1))
    for number in older:
        shutil.rmtree(root / str(number), ignore_errors=True)


def read_checkpoint(root: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
    """Arrays and plain values of the newest checkpoint; None where there is none.

    raises: StorageError where it is damaged or of another format
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
        for name, wanted in manifest["sha256"].items():
            if _sha256(path / name) != wanted:
                raise ValueError(f"{name} is not what was written")
        store = zarr.open_group(str(path / STORE), mode="r", zarr_format=3)
        about: Any = store.attrs["about"]
        rows: Any = store.attrs["arrays"]
        arrays = {
            name: _read(store, f"a{index}", shape) if np.prod(shape) else np.empty(shape, dtype)
            for index, (name, shape, dtype) in enumerate(rows)
        }
    except (OSError, KeyError, ValueError, TypeError) as problem:
        raise StorageError(f"{path}: the checkpoint is damaged: {problem}; remove it to start the trial anew") from None
    return arrays, dict(about)


def remove_checkpoints(root: Path) -> None:
    """Remove what was kept of a trial, once it is finished."""
    shutil.rmtree(root, ignore_errors=True)


def _read(store: Any, name: str, shape: list[int]) -> np.ndarray:
    return np.asarray(store[name][...]).reshape(shape)


def _numbered(root: Path) -> list[int]:
    """Numbers of whole checkpoints, rising."""
    if not root.is_dir():
        return []
    return sorted(int(one.name) for one in root.iterdir() if one.name.isdecimal() and (one / MANIFEST).is_file())


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
