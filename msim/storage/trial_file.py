"""A trial in one file: a ZIP archive that holds a Zarr store, each chunk with its checksum.

The same trial gives the same bytes. A thousand trials are a thousand files, and each has one owner.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msim.base.errors import StorageError
from msim.base.signals import stops_held
from msim.recording.spool import SpoolFile
from msim.storage.archives import UNREADABLE_ARCHIVE
from msim.storage.dataset_blocks import write_dataset

if TYPE_CHECKING:
    import xarray as xr
    import zarr
    from zarr.abc.buffer import Buffer

NO_DATE = (1980, 1, 1, 0, 0, 0)


def pack(path: Path, datasets: Mapping[str, xr.Dataset], about: Mapping[str, Any]) -> str:
    """Write the file of a trial.

    about: plain values that identify the trial, among them its 'arm' and 'seed'
    returns: the hash of its records
    """
    import zarr

    from msim.storage.digest import digest_trial

    held = _Held(SpoolFile(path.parent))
    store = zarr.storage.MemoryStore(held)
    group = zarr.open_group(store, mode="w", zarr_format=3, attributes=dict(about))
    for name, dataset in datasets.items():
        write_dataset(dataset, store, name)
    with stops_held(), zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(held):
            entry = zipfile.ZipInfo(name, NO_DATE)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, held.content(name))
    return digest_trial(group, about["arm"], about["seed"])


class _Held(MutableMapping[str, "Buffer"]):
    """Contents of a Zarr store in one file without a name, where a folder would take dozens of files."""

    def __init__(self, file: SpoolFile) -> None:
        self._file = file
        self._places: dict[str, tuple[int, int]] = {}

    def content(self, name: str) -> bytes:
        """Return the bytes under a name."""
        return self._file.read(*self._places[name])

    def __getitem__(self, name: str) -> Buffer:
        from zarr.buffer.cpu import Buffer

        return Buffer.from_bytes(self.content(name))

    def __setitem__(self, name: str, value: Buffer) -> None:
        content = value.to_bytes()
        self._places[name] = (self._file.append(content), len(content))

    def __delitem__(self, name: str) -> None:
        del self._places[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


@contextmanager
def opened(path: Path) -> Iterator[zarr.Group]:
    """Open the group of a trial's file, without unpacking it onto the disk.

    raises: StorageError where the file cannot be read
    """
    import zarr

    try:
        store = zarr.storage.ZipStore(path, mode="r")
        try:
            yield zarr.open_group(store, mode="r", zarr_format=3)
        finally:
            # One that could not be opened cannot be closed either.
            with suppress(AttributeError):
                store.close()
    except UNREADABLE_ARCHIVE as problem:
        raise StorageError(f"{path}: cannot be read as a trial: {type(problem).__name__}: {problem}") from None


def open_trial(path: Path) -> dict[str, xr.Dataset]:
    """Read the datasets of a trial: 'samples', 'probes', 'spectra', 'spikes', 'bursts'.

    raises: StorageError where the file cannot be read
    """
    import xarray as xr

    with opened(path) as group:
        return {
            name: xr.open_zarr(
                group.store, group=name, consolidated=False, decode_times=False, chunks=None, zarr_format=3
            ).load()
            for name, _ in sorted(group.groups())
        }
