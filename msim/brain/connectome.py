"""Connectome of a brain: its regions, the fibers between them, and measurements of each region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msim.base.errors import DefinitionError, InputError
from msim.brain.tables import check_symmetric, check_weights, read_column, read_matrix, read_rows
from msim.definitions.brains.brain import BrainDefinition

REGIONS, LENGTHS = "regions.csv", "tract_lengths_mm.csv"
LONGEST_DELAY = 0.5  # s; no spike takes a tenth of that across a brain
SHORTEST_PART = 0.1  # of the way between the farthest regions, which some tract is longer than
LEAST = 2  # regions, so that there is a pair


@dataclass(frozen=True)
class Region:
    """A region, both hemispheres together.

    parcels: names of its parcels in the parcellation
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
    """Regions and the fibers that join them.

    weights: strength of fibers, symmetric, 0 on the diagonal, shape (regions, regions)
    lengths_mm: of tracts, same shape
    gradient: T1w/T2w, a measure of myelin that falls from sensory to association cortex, shape (regions,)
    """

    regions: tuple[Region, ...]
    weights: np.ndarray
    lengths_mm: np.ndarray
    gradient: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the regions, in the order of all arrays."""
        return tuple(one.name for one in self.regions)

    def delays(self, velocity_m_per_s: float) -> np.ndarray:
        """Compute the time that spikes take from region to region, s; shape (regions, regions).

        raises: InputError where a delay is longer than LONGEST_DELAY
        """
        late = self.lengths_mm / 1e3 / velocity_m_per_s
        if not (late <= LONGEST_DELAY).all():
            row, column = np.unravel_index(int(np.nanargmax(late)), late.shape)
            raise InputError(
                f"{LENGTHS}: wants tracts of at most {LONGEST_DELAY:g} s, got {self.lengths_mm[row, column]:g} mm "
                f"between {self.names[row]} and {self.names[column]}, which take {late[row, column]:.3g} s at "
                f"{velocity_m_per_s:g} m/s; lengths are in mm"
            )
        return late

    def of_system(self, part: str) -> np.ndarray:
        """Return which regions belong to a system, such as 'DMN'; some belong to two. Shape (regions,), bool."""
        return np.array([part in one.system.split("/") for one in self.regions])


def read_connectome(folder: Path, weights: str = "weights.csv") -> Connectome:
    """Read and check a folder of tables: regions.csv, weights, tract_lengths_mm.csv, t1w_t2w.csv.

    raises: DefinitionError that names the file and the regions in question
    """
    regions = read_regions(folder / REGIONS)
    names = [one.name for one in regions]
    strength = read_matrix(folder / weights, names)
    lengths = read_matrix(folder / LENGTHS, names)
    for file, matrix in ((weights, strength), (LENGTHS, lengths)):
        check_weights(matrix, names, str(folder / file))
        check_symmetric(matrix, names, str(folder / file))
    joined = (strength > 0) & ~np.eye(len(names), dtype=bool)
    if (lengths[joined] <= 0).any():
        row, column = np.argwhere(joined & (lengths <= 0))[0]
        pair = f"{names[row]} and {names[column]}"
        raise DefinitionError(str(folder / LENGTHS), f"wants more than 0 mm between {pair}, got 0")
    _validate_short(regions, lengths, str(folder / LENGTHS))
    np.fill_diagonal(strength, 0.0)
    gradient = read_column(folder / "t1w_t2w.csv", "t1wt2w", names)
    return Connectome(regions, strength, lengths, gradient)


def connectome_of(brain: BrainDefinition) -> Connectome:
    """Read the connectome that a brain file names; spikes must cross each of its tracts within LONGEST_DELAY.

    raises: DefinitionError that names the file and the regions in question
    """
    found = read_connectome(brain.connectome, brain.weights)
    try:
        found.delays(brain["velocity"])
    except InputError as problem:
        raise DefinitionError(str(brain.connectome), str(problem)) from None
    return found


def _validate_short(regions: Sequence[Region], lengths: np.ndarray, where: str) -> None:
    """Refuse lengths in another unit, such as m, by the places of regions."""
    centers = np.array([one.center_mm for one in regions])
    farthest = float(np.linalg.norm(centers[:, None] - centers[None], axis=-1).max())
    if lengths.max() < SHORTEST_PART * farthest:
        raise DefinitionError(where, f"wants lengths in mm, got {lengths.max():g} for the longest tract, where the "
                                     f"centres of two regions lie {farthest:.4g} mm apart")


def read_regions(path: Path) -> tuple[Region, ...]:
    """Read a table of regions, with columns roi, system, description, hcpmmp1_parcels_LR, volume_mm3, x_L, y_L, z_L."""
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
        if not (volume > 0 and np.isfinite([volume, x, y, z]).all()):
            raise DefinitionError(f"{path}: line {number}", f"wants a volume above 0 mm3 and a finite centre, got "
                                                            f"{volume:g} mm3 at {x:g}, {y:g}, {z:g}")
        parcels = tuple(cell["hcpmmp1_parcels_LR"].split("|"))
        found.append(Region(cell["roi"], cell["system"], cell["description"], parcels, volume, (x, y, z)))
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise DefinitionError(f"{path}: roi", f"wants each region once, got '{twice}' twice")
    if len(found) < LEAST:
        raise DefinitionError(str(path), f"wants at least {LEAST} regions, got {len(found)}")
    return tuple(found)
