"""Events of a task, and the estimates of a GLM for every region, as BIDS lays them out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from msim.imaging.bids import Derivatives, scan_folder, write_cifti, write_table, write_text
from msim.imaging.glm import Estimates
from msim.imaging.optional_imports import library
from msim.imaging.scan import Label, Scan

STATMAP = "statmap"


def write_events(
    into: Derivatives, label: Label, onsets: Mapping[str, np.ndarray], event_s: float, reactions: Mapping[float, float]
) -> Path:
    """Write onset, duration, condition and reaction time of every event in order of time (events.tsv).

    onsets: by condition, s; reactions: onset to the response after it, s; 'n/a' where there was none
    """
    rows = sorted((float(time), name) for name, times in onsets.items() for time in times)
    lines = ["onset\tduration\ttrial_type\tresponse_time"]
    for time, name in rows:
        reaction = reactions.get(time, float("nan"))
        lines.append(f"{time:.6g}\t{event_s:g}\t{name}\t{f'{reaction:.6g}' if np.isfinite(reaction) else 'n/a'}")
    path = scan_folder(into, label) / f"{label.stem}_events.tsv"
    write_text(path, "\n".join(lines) + "\n")
    return path


def write_estimates(into: Derivatives, scan: Scan, found: Estimates, contrast: str) -> dict[str, Path]:
    """Write betas, contrast and t of every region as a table and as CIFTI-2 (.pscalar.nii); same numbers in both.

    contrast: its name in the files, such as 'nogo_minus_go'
    """
    names = [*(f"beta_{one}" for one in found.conditions), contrast, f"t_{contrast}"]
    values = np.vstack([found.betas, found.contrast, found.t]).astype(np.float32)
    base = scan_folder(into, scan.label) / f"{scan.label.stem}_seg-{into.segmentation}_{STATMAP}"
    paths = {"tsv": Path(f"{base}.tsv"), "pscalar": Path(f"{base}.pscalar.nii")}
    write_table(paths["tsv"], ["region", *names], values.T, scan.regions)
    scalars = library("nibabel.cifti2.cifti2_axes").ScalarAxis(names)
    write_cifti(paths["pscalar"], values, (scalars, into.axis), "ConnParcelScalr")
    return paths
