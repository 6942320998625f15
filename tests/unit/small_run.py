"""A run with two arms and two seeds, as small as storage takes it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from msim.storage.run_store import MANIFEST, STORE, RunFolder, start_run, write_trial

ARMS, SEEDS = ["vehicle", "ketamine"], [1, 2]
TRIALS = [(arm, seed) for arm in ARMS for seed in SEEDS]


def about() -> dict[str, Any]:
    """Provenance as small as storage needs it."""
    return {
        "experiment": {"name": "test", "file": "test.toml", "text": "title = 'test'"},
        "model": {"name": "model", "files": {"a.toml": "text"}},
        "changes": {}, "hypothesis": "", "begin_s": 0.0, "end_s": 60.0,
        "schedule": {"tolerance": 0.05}, "target": "numpy", "code": "of a test",
        "versions": {"msim": "1"}, "arms": ARMS, "seeds": SEEDS,
        "keys": {arm: {str(seed): f"{arm} {seed}" for seed in SEEDS} for arm in ARMS},
    }  # fmt: skip


def datasets(arm: str, seed: int, bursts: int = 3) -> dict[str, xr.Dataset]:
    """What a trial stores, with numbers that no other trial has."""
    base = 100.0 * ARMS.index(arm) + seed
    time = {"units": "s", "long_name": "time since the first dose"}
    samples = xr.Dataset(
        {"eef2k.p_eEF2": ("time", base + np.arange(4) / 3, {"units": "1 (dimensionless)", "quantity": "eef2k.p_eEF2"})},
        {"time": ("time", np.array([0.0, 5.0, 10.0, 60.0]), time)},
    )
    probes = xr.Dataset(
        {
            "pv.v": ("probe", np.array([base]), {"units": "V"}),
            "pv.v_cells": (("probe", "pv_cell"), np.array([[base, base + 1, base + 2]]), {"units": "V"}),
        },
        {"probe_time": ("probe", np.array([10.0]), time)},
    )
    frequency = ("frequency", np.array([0.0, 2.0, 4.0]), {"units": "Hz"})
    spectra = xr.Dataset(
        {"lfp_power": (("probe", "frequency"), np.array([[1.0, 2.0, base]]), {"units": "A^2/Hz"})},
        {"probe_time": ("probe", np.array([10.0]), time), "frequency": frequency},
    )
    spikes = xr.Dataset(
        {
            "spike_time": ("spike", np.array([0.1, 0.2, 0.3]), {"units": "s"}),
            "cell": ("spike", np.array([0, 2, seed], dtype=np.int32)),
            "population": ("spike", np.array([0, 1, 1], dtype=np.int8), {"populations": ["pyramidal", "pv"]}),
            "probe_of_spike": ("spike", np.zeros(3, dtype=np.int16)),
        }
    )
    rows = xr.Dataset(
        {"leap": ("burst", base + np.arange(float(bursts)), {"units": "s"})}, {"burst": ("burst", np.arange(bursts))}
    )
    return {"samples": samples, "probes": probes, "spectra": spectra, "spikes": spikes, "bursts": rows}


def started(folder: Path, trials: list[tuple[str, int]] | None = None) -> RunFolder:
    """A run in which those trials are stored."""
    run = start_run(folder, about())
    for number, (arm, seed) in enumerate(TRIALS if trials is None else trials):
        write_trial(run, arm, seed, datasets(arm, seed, bursts=3 + number))
    return run


def sealed_again(run: Path) -> None:
    """Have the manifest list the files that are there now."""
    names = {one.relative_to(run).as_posix(): one for one in (run / STORE).rglob("*") if one.is_file()}
    sums = {name: hashlib.sha256(one.read_bytes()).hexdigest() for name, one in names.items()}
    (run / MANIFEST).write_text(json.dumps({"format": 1, "sha256": sums}))
