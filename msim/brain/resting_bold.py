"""resting_bold() and connectivity_of(): a resting scan and its functional connectivity as labeled arrays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from msim.brain.connectome import connectome_of
from msim.brain.emulator_axes import brain_emulator
from msim.brain.field import field_of
from msim.brain.scans import resting_scans, scan_seed
from msim.definitions.brains.brain import read_brain
from msim.imaging.connectivity import functional_connectivity
from msim.imaging.scan import Label, Scan
from msim.measures.scan_times import simulated_seconds

if TYPE_CHECKING:
    import xarray as xr


def resting_bold(
    brain: str | Path = "brains/brain19", *, minutes: float = 12.0, tr: float = 2.2, coupling: float | None = None,
    seed: int = 1,
) -> xr.DataArray:  # fmt: skip
    """Scan a brain of mean-field columns at rest.

    brain: a file, or the name of a shipped one; minutes, tr (s): length and time between volumes
    coupling: share of the background that other regions replace; the file's if left out
    returns: BOLD in percent of its mean, dims (time in s, region)
    raises: InputError for bad input, SimulationError where a region leaves its emulator's domain
    """
    import xarray as xr

    definition = read_brain(brain)
    connectome = connectome_of(definition)
    simulated_seconds(60 * minutes, tr)
    field = field_of(definition, connectome, brain_emulator(definition), coupling)
    label = Label("01", "rest")
    (scan,) = resting_scans(definition, field, 60 * minutes, tr, [label], [scan_seed(seed, label)])
    time = ("time", tr * np.arange(len(scan.signal)), {"units": "s", "long_name": "time since the first volume"})
    return xr.DataArray(
        scan.signal, dims=("time", "region"), coords={"time": time, "region": list(scan.regions)}, name="BOLD",
        attrs={"units": "percent", "long_name": "BOLD signal", "tr": tr},
    )  # fmt: skip


def connectivity_of(bold: xr.DataArray) -> xr.DataArray:
    """Compute functional connectivity of a scan: Fisher z of Pearson's r, 0.009 to 0.08 Hz (extra 'imaging').

    bold: as of `resting_bold`
    returns: dims (region, other), 0 on the diagonal
    raises: InputError for a scan that is too short, or of a region that does not vary
    """
    import xarray as xr

    regions = [str(one) for one in bold["region"].values]
    scan = Scan(Label("01", "rest"), tuple(regions), np.asarray(bold), float(bold.attrs["tr"]))
    coords = {"region": regions, "other": regions}
    return xr.DataArray(
        functional_connectivity(scan), dims=("region", "other"), coords=coords, name="Fisher z",
        attrs={"units": "1", "long_name": "Fisher z of Pearson's r"},
    )  # fmt: skip
