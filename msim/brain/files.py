"""Writer of a brain's scans, and of the events and estimates of a task, as BIDS derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from msim.brain.connectome import Connectome
from msim.brain.go_nogo import TaskResult
from msim.definitions.brains.task import TaskDefinition
from msim.imaging.bids import Derivatives, start_derivatives, write_scan
from msim.imaging.bids_task import write_estimates, write_events
from msim.imaging.parcels import parcels_axis

CONTRAST_NAME = "nogo_minus_go"


def start_brain(folder: Path, name: str, connectome: Connectome, title: str) -> Derivatives:
    """Make the folder; its files share the regions of a connectome as parcels.

    name: of the brain; title: of the data set
    raises: StorageError where the folder holds something already
    """
    centers = np.array([one.center_mm for one in connectome.regions])
    axis = parcels_axis(connectome.names, centers, np.array([one.volume_mm3 for one in connectome.regions]))
    return start_derivatives(folder, name, axis, {"Name": title})


def write_task(into: Derivatives, task: TaskDefinition, found: Sequence[TaskResult]) -> None:
    """Write series, events, betas and contrast of scans; a scan without the contrast's conditions gets no betas."""
    for one in found:
        write_scan(into, one.scan)
        write_events(into, one.scan.label, one.onsets, task["shown"], one.reactions)
        if one.estimates:
            write_estimates(into, one.scan, one.estimates, CONTRAST_NAME)
