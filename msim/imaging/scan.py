"""A scan: the signal of every region at every volume."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from msim.base.errors import InputError

LABEL = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True)
class Label:
    """Name of one scan of one participant, as BIDS writes it; session may be empty."""

    subject: str
    task: str
    session: str = ""
    run: int = 1

    def __post_init__(self) -> None:
        for key, one in (("subject", self.subject), ("task", self.task), ("session", self.session or "x")):
            if not LABEL.fullmatch(one):
                raise InputError(f"{key}: wants letters and digits only, as BIDS does, got '{one}'")
        if self.run < 1:
            raise InputError(f"run: wants 1 or more, got {self.run}")

    @property
    def stem(self) -> str:
        """Return the first part of the names of the scan's files."""
        session = f"_ses-{self.session}" if self.session else ""
        return f"sub-{self.subject}{session}_task-{self.task}_run-{self.run}"


@dataclass(frozen=True)
class Scan:
    """Parcellated BOLD.

    signal: percent signal change, shape (volumes, regions)
    tr: time from volume to volume, s
    """

    label: Label
    regions: tuple[str, ...]
    signal: np.ndarray
    tr: float

    def __post_init__(self) -> None:
        if self.signal.ndim != 2 or self.signal.shape[1] != len(self.regions) or len(self.signal) < 2:
            wanted = f"wants shape (volumes, {len(self.regions)}) with 2 volumes or more"
            raise InputError(f"scan {self.label.stem}: {wanted}, got {self.signal.shape}")
        if not np.isfinite(self.signal).all():
            bad = self.regions[int(np.argwhere(~np.isfinite(self.signal))[0][1])]
            raise InputError(f"scan {self.label.stem}: wants finite numbers, got others in region '{bad}'")
        if not self.tr > 0:
            raise InputError(f"scan {self.label.stem}: wants a TR above 0 s, got {self.tr!r}")
        if len(set(self.regions)) < len(self.regions):
            raise InputError(f"scan {self.label.stem}: wants each region once")
