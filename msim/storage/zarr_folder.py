"""Zarr store of a folder, for Zarr and xarray."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import zarr


def zarr_folder(folder: Path) -> zarr.storage.LocalStore:
    """Return the Zarr store in a folder; a path given as text is misread where it holds '~', '::' or '.zip'."""
    import zarr

    return zarr.storage.LocalStore(folder)
