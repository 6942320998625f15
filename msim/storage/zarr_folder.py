"""A folder as Zarr and xarray are given it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import zarr


def zarr_folder(folder: Path) -> zarr.storage.LocalStore:
    """The store in a folder. Of a text, each of them would make something else where it holds '~', '::' or '.zip'."""
    import zarr

    return zarr.storage.LocalStore(folder)
