"""Regions as parcels of a CIFTI-2 file: voxels around their centers, on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from msim.base.errors import InputError
from msim.imaging.optional_imports import library

# The 2-mm grid of MNI152, as FSL and the HCP use it.
SHAPE = (91, 109, 91)
AFFINE = np.array([[-2.0, 0, 0, 90], [0, 2.0, 0, -126], [0, 0, 2.0, -72], [0, 0, 0, 1]])


def parcel_voxels(centers_mm: np.ndarray, volumes_mm3: np.ndarray) -> list[np.ndarray]:
    """Return the voxels that stand for each region, on both sides: those within a ball of the region's volume.

    A voxel belongs to the nearest center only. The true outlines of the parcels are not known here.

    centers_mm: of the left half, shape (regions, 3); volumes_mm3: of both halves together, shape (regions,)
    returns: for each region indices of voxels, shape (voxels, 3)
    """
    grid = np.moveaxis(np.indices(SHAPE), 0, -1).reshape(-1, 3)
    places = grid @ AFFINE[:3, :3].T + AFFINE[:3, 3]
    # A ball of half the volume on each side.
    reach = np.cbrt(np.asarray(volumes_mm3) / 2 * 3 / (4 * np.pi))
    nearest, owner = np.full(len(places), np.inf), np.full(len(places), -1)
    for index, (center, radius) in enumerate(zip(centers_mm, reach, strict=True)):
        for side in (center, center * [-1, 1, 1]):
            away = np.linalg.norm(places - side, axis=1)
            mine = (away <= radius) & (away < nearest)
            nearest[mine], owner[mine] = away[mine], index
    found = [grid[owner == index] for index in range(len(centers_mm))]
    empty = [index for index, one in enumerate(found) if not len(one)]
    if empty:
        raise InputError(f"parcels: region number {empty[0]} holds no voxel of its own; it lies inside another one")
    return found


def parcels_axis(names: Sequence[str], centers_mm: np.ndarray, volumes_mm3: np.ndarray) -> Any:
    """Build the axis of a CIFTI-2 file that names its parcels and their voxels (nibabel's ParcelsAxis)."""
    axes = library("nibabel.cifti2.cifti2_axes")
    voxels = parcel_voxels(centers_mm, volumes_mm3)
    none: dict[str, np.ndarray] = {}
    return axes.ParcelsAxis(
        list(names), voxels, [none] * len(voxels), affine=AFFINE, volume_shape=SHAPE, nvertices={}
    )
