"""Regions of a brain, the fibres between them, and what was measured of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msim.base.errors import DefinitionError
from msim.brain.tables import check_symmetric, check_weights, read_column, read_matrix, read_rows

REGIONS = "regions.csv"


@dataclass(frozen=True)
class Region:
    """A region, both hemispheres together.

    parcels: names in the parcellation that it is made of
    center_mm: of its left half, in MNI space
    """

    name: str
    system: str
    meaning: str
    parcels: tuple[str, ...]
    volume_mm3: float
    center_mm: tuple[float, float, float]


@dataclass(frozen=True)
class Connectome:
    """Regions and what joins them.

    weights: strength of fibres, symmetric, 0 on the diagonal, shape (regions, regions)
    lengths_mm: of tracts, same shape
    gradient: T1w/T2w, a measure of myelin that falls from sensory to association cortex, shape (regions,)
    """

    regions: tuple[Region, ...]
    weights: np.ndarray
    lengths_mm: np.ndarray
    gradient: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the regions, in the order of all arrays."""
        return tuple(one.name for one in self.regions)

    def delays(self, velocity_m_per_s: float) -> np.ndarray:
        """Time that spikes take from region to region, s; shape (regions, regions)."""
        return self.lengths_mm / 1e3 / velocity_m_per_s

    def of_system(self, part: str) -> np.ndarray:
        """Which regions belong to a system, such as 'DMN'; some belong to two. Shape (regions,), bool."""
        return np.array([part in one.system.split("/") for one in self.regions])


def read_connectome(folder: Path, weights: str = "weights.csv") -> Connectome:
    """Read and check a folder of tables: regions.csv, weights, tract_lengths_mm.csv, t1w_t2w.csv.

    raises: DefinitionError that names the file and the regions in question
    """
    regions = read_regions(folder / REGIONS)
    names = [one.name for one in regions]
    strength = read_matrix(folder / weights, names)
    lengths = read_matrix(folder / "tract_lengths_mm.csv", names)
    for file, matrix in ((weights, strength), ("tract_lengths_mm.csv", lengths)):
        check_weights(matrix, names, str(folder / file))
        check_symmetric(matrix, names, str(folder / file))
    joined = (strength > 0) & ~np.eye(len(names), dtype=bool)
    if (lengths[joined] <= 0).any():
        row, column = np.argwhere(joined & (lengths <= 0))[0]
        pair = f"{names[row]} and {names[column]}"
        raise DefinitionError(str(folder / "tract_lengths_mm.csv"), f"wants more than 0 mm between {pair}, got 0")
    np.fill_diagonal(strength, 0.0)
    gradient = read_column(folder / "t1w_t2w.csv", "t1wt2w", names)
    return Connectome(regions, strength, lengths, gradient)


def read_regions(path: Path) -> tuple[Region, ...]:
    """Regions of a table with the columns roi, system, description, hcpmmp1_parcels_LR, volume_mm3, x_L, y_L, z_L."""
    header, rows = read_rows(path)
    wanted = ("roi", "system", "description", "hcpmmp1_parcels_LR", "volume_mm3", "x_L", "y_L", "z_L")
    missing = [one for one in wanted if one not in header]
    if missing:
        raise DefinitionError(f"{path}: header", f"lacks the column '{missing[0]}'")
    found = []
    for number, row in enumerate(rows, start=2):
        cell = dict(zip(header, row, strict=True))
        try:
            volume, x, y, z = (float(cell[one]) for one in wanted[4:])
        except ValueError as problem:
            raise DefinitionError(f"{path}: line {number}", f"wants numbers for volume and centre: {problem}") from None
        parcels = tuple(cell["hcpmmp1_parcels_LR"].split("|"))
        found.append(Region(cell["roi"], cell["system"], cell["description"], parcels, volume, (x, y, z)))
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise DefinitionError(f"{path}: roi", f"wants each region once, got '{twice}' twice")
    return tuple(found)
