"""Names and sizes of stored files, kept as Zarr reads a missing chunk as missing values without an error."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from msim.base.errors import StorageError

MANIFEST = "MANIFEST.json"


@dataclass(frozen=True)
class Manifest:
    """Files by their names in a run's folder: their SHA-256 and their sizes in bytes."""

    sha256: Mapping[str, str]
    bytes: Mapping[str, int]


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a finished run.

    raises: StorageError where it cannot be read, lists nothing, or names a file outside of the folder
    """
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
        manifest = Manifest(dict(found["sha256"]), _sizes(found.get("bytes", {})))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise StorageError(f"{folder / MANIFEST}: cannot be read: {problem}") from None
    if not manifest.sha256:
        raise StorageError(f"{folder / MANIFEST}: lists no file, so that there is nothing to hold the run against")
    for name in (*manifest.sha256, *manifest.bytes):
        require_below(folder, name)
    return manifest


def _sizes(given: Mapping[str, object]) -> dict[str, int]:
    return {name: int(str(size)) for name, size in given.items()}


def require_below(folder: Path, name: str) -> None:
    """Refuse a name from a store that would lead out of its folder.

    raises: StorageError
    """
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or "\\" in name or "\0" in name:
        raise StorageError(f"{folder}: names a file outside of itself: {name!r}")


def sizes_below(folder: Path) -> dict[str, int]:
    """Return the size in bytes of every file below a folder, by its path from there."""
    return {one.relative_to(folder).as_posix(): one.stat().st_size for one in _files(folder)}


def _files(folder: Path) -> Iterator[Path]:
    for above, _, names in os.walk(folder):
        yield from (path for name in names if (path := Path(above, name)).is_file())


def write_list(path: Path, folder: Path) -> None:
    """Write, in one step, the list of files below a folder with their sizes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps({"format": 1, "bytes": sizes_below(folder)}), encoding="utf-8")
    os.replace(partial, path)


def list_lack(path: Path, folder: Path) -> str:
    """Describe how the files below a folder differ from a stored list of them; '' where they do not."""
    try:
        written = _sizes(json.loads(path.read_bytes())["bytes"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "the list of its files cannot be read"
    return lack(written, sizes_below(folder))


def lack(written: Mapping[str, int | None], found: Mapping[str, int]) -> str:
    """Describe the first difference between files that were written and files that are there; '' without one.

    written: sizes in bytes by name, None where the size was not kept; found: present sizes in bytes by name
    """
    for name, size in written.items():
        if name not in found:
            return f"{name} is missing"
        if size is not None and found[name] != size:
            return f"{name} has {found[name]} bytes, and had {size}"
    more = sorted(name for name in found.keys() - written.keys() if _is_read(name))
    return f"{more[0]} was not there when it was written" if more else ""


def _is_read(name: str) -> bool:
    """Return whether Zarr would read a file: others that are added to a store change none of its contents."""
    parts = PurePosixPath(name).parts
    return parts[-1] == "zarr.json" or "c" in parts
