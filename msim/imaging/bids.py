"""A folder of derivatives as BIDS lays it out: time series, connectivity, tables."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from msim.base.errors import StorageError
from msim.base.version import VERSION
from msim.imaging.connectivity import validate_finite_z
from msim.imaging.optional_imports import library
from msim.imaging.scan import Label, Scan

BIDS_VERSION = "1.9.0"
SERIES, MATRIX = "timeseries", "relmat"


@dataclass(frozen=True)
class Derivatives:
    """A folder of derivatives, and the parcels that its files share.

    segmentation: name of the parcellation, letters and digits
    axis: the parcels of its CIFTI-2 files
    """

    root: Path
    segmentation: str
    axis: Any


def start_derivatives(root: Path, segmentation: str, axis: Any, about: Mapping[str, Any]) -> Derivatives:
    """Make the folder with its description.

    about: further entries of dataset_description.json, such as the study's name
    raises: StorageError where the folder holds something already
    """
    if root.exists() and any(root.iterdir()):
        raise StorageError(f"{root}: wants a folder that does not exist or is empty")
    root.mkdir(parents=True, exist_ok=True)
    description = {
        "Name": "simulated by msim", "BIDSVersion": BIDS_VERSION, "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "msim", "Version": VERSION, "Description": "simulated, not measured"}], **about,
    }  # fmt: skip
    _write_json(root / "dataset_description.json", description)
    return Derivatives(root, segmentation, axis)


def write_scan(into: Derivatives, scan: Scan) -> dict[str, Path]:
    """Write a scan as a table (TSV, with JSON beside it) and as CIFTI-2 (.ptseries.nii); both hold the same numbers.

    returns: paths by 'tsv', 'json', 'ptseries'
    """
    base = scan_folder(into, scan.label) / f"{scan.label.stem}_seg-{into.segmentation}"
    paths = {kind: Path(f"{base}_{end}") for kind, end in (
        ("tsv", f"{SERIES}.tsv"), ("json", f"{SERIES}.json"), ("ptseries", "bold.ptseries.nii"))}  # fmt: skip
    signal = scan.signal.astype(np.float32)
    write_table(paths["tsv"], scan.regions, signal)
    _write_json(paths["json"], {
        "RepetitionTime": scan.tr, "SamplingFrequency": 1 / scan.tr, "Units": "percent signal change",
        "Regions": list(scan.regions), "TaskName": scan.label.task,
    })  # fmt: skip
    axes = library("nibabel.cifti2.cifti2_axes")
    series = axes.SeriesAxis(start=0, step=scan.tr, size=len(signal), unit="SECOND")
    write_cifti(paths["ptseries"], signal, (series, into.axis), "ConnParcelSries")
    return paths


def write_connectivity(into: Derivatives, label: Label, regions: Sequence[str], matrix: np.ndarray) -> dict[str, Path]:
    """Write Fisher z of Pearson's r between regions as a table and as CIFTI-2 (.pconn.nii)."""
    base = scan_folder(into, label) / f"{label.stem}_seg-{into.segmentation}_stat-pearsonz"
    paths = {"tsv": Path(f"{base}_{MATRIX}.tsv"), "pconn": Path(f"{base}_{MATRIX}.pconn.nii")}
    validate_finite_z(np.asarray(matrix, dtype=float), regions, label.stem)
    values = np.asarray(matrix, dtype=np.float32)
    write_table(paths["tsv"], regions, values)
    write_cifti(paths["pconn"], values, (into.axis, into.axis), "ConnParcels")
    return paths


def scan_folder(into: Derivatives, label: Label) -> Path:
    """Return the folder of a scan's files, made where there is none."""
    session = [f"ses-{label.session}"] if label.session else []
    folder = into.root.joinpath(f"sub-{label.subject}", *session, "func")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# Intent codes of CIFTI-2: without one, readers say that the file is of an unknown kind.
INTENTS = {"ConnParcelSries": 3004, "ConnParcels": 3003, "ConnParcelScalr": 3008}


def write_cifti(path: Path, values: np.ndarray, axes: tuple[Any, Any], intent: str) -> None:
    """Write a matrix with its axes; the file appears in one step, when it is complete."""
    image = library("nibabel").Cifti2Image(values, axes)
    image.nifti_header.set_intent(INTENTS[intent], name=intent)
    partial = path.with_name(f".growing_{path.name}")
    image.to_filename(partial)
    os.replace(partial, path)


def write_table(path: Path, header: Sequence[str], rows: np.ndarray, labels: Sequence[str] = ()) -> None:
    """Write numbers as TSV; labels: first cell of every row, if any."""
    cells = [[f"{one:.9g}" for one in row] for row in rows]
    if labels:
        cells = [[label, *row] for label, row in zip(labels, cells, strict=True)]
    write_text(path, "\n".join(["\t".join(header), *("\t".join(row) for row in cells)]) + "\n")


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text; the file appears in one step, when it is complete."""
    partial = path.with_name(f".growing_{path.name}")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
