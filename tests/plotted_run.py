"""A stored run of known curves: the shipped experiment's arms with 3 seeds, and nothing simulated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from msim.base.quantities import unit_text
from msim.definitions.experiments.definition import Arm, ExperimentDefinition
from msim.definitions.experiments.experiment import read_experiment
from msim.storage.provenance import provenance
from msim.storage.run_store import Run, RunFolder, finish_run, open_run, start_run, write_trial

NAME = "ketamine_rapid_and_sustained"
CELLS = {"pyramidal": 80, "pv": 12, "sst": 8}
PROBE_SECONDS = 1.5
TIME = {"units": "s", "long_name": "time since the first dose"}


def store_run(path: Path, file: str | Path = NAME) -> Run:
    """Write the run to a folder that does not exist yet, and open it; file: of the experiment."""
    return open_run(finish_run(begin_run(path, file)))


def begin_run(path: Path, file: str | Path = NAME, trials: int | None = None) -> RunFolder:
    """Write a run that is not finished, with all of its trials or the first few."""
    experiment = read_experiment(file).narrowed(seeds=[1, 2, 3])
    about = provenance(experiment, "runtime", ["msim", "run"])
    keys = {arm: {str(seed): f"{arm} {seed}" for seed in about["seeds"]} for arm in about["arms"]}
    folder = start_run(path, {**about, "keys": keys})
    every = [(arm, seed) for arm in experiment.arms for seed in experiment.seeds]
    for arm, seed in every[:trials]:
        write_trial(folder, arm.name, seed, _trial(experiment, arm, seed))
    return folder


def _effect(arm: Arm, experiment: ExperimentDefinition, times: np.ndarray) -> np.ndarray:
    """Nothing without a dose, else a rise within hours that later arms lose sooner."""
    if not arm.doses:
        return np.zeros_like(times)
    order, after = experiment.arms.index(arm), np.clip(times, 0, None) / 3600
    return (1 - np.exp(-after)) * np.exp(-after / (200 / order**2))


def _trial(experiment: ExperimentDefinition, arm: Arm, seed: int) -> dict[str, xr.Dataset]:
    """A trial as msim stores it, of curves that are known."""
    draw = np.random.default_rng([seed, 7])
    samples, probes = np.array(experiment.recording.samples), np.array(experiment.recording.probes)
    data: dict[str, dict[str, Any]] = {"samples": {}, "probes": {}}
    for name, address in experiment.quantities.items():
        about = {"units": unit_text(address.unit), "long_name": address.meaning, "quantity": name}
        size = {"mM": 1e-3, "Hz": 5.0, "A^2": 1e-21}.get(about["units"], 0.4)
        for kind, times in (("samples", samples), ("probes", probes)):
            known = experiment.recording.probed if kind == "probes" else experiment.recording.sampled
            if name in known or (kind == "samples" and name.startswith("bold")):
                rest = 0.0 if address.kind == "drug" else size * (1 + 0.1 * draw.standard_normal())
                values = rest + size * _effect(arm, experiment, times)
                data[kind][name] = ("probe" if kind == "probes" else "time", values, about)
    frequency = np.arange(0.0, 252.0, 2.0)
    power = 1e-24 * (1 + _effect(arm, experiment, probes)[:, None]) * draw.gamma(4, size=(probes.size, frequency.size))
    at = {"probe_time": ("probe", probes, TIME)}
    field = {"lfp_power": (("probe", "frequency"), power, {"units": "A^2/Hz", "long_name": "power of the LFP proxy"})}
    axis = {"frequency": ("frequency", frequency, {"units": "Hz", "long_name": "frequency"})}
    return {
        "samples": xr.Dataset(data["samples"], coords={"time": ("time", samples, TIME)}),
        "probes": xr.Dataset(data["probes"], coords=at),
        "spectra": xr.Dataset(field, coords={**at, **axis}),
        "spikes": _spikes(probes.size, draw),
        "bursts": xr.Dataset({"burst_time": ("burst", samples[:3], TIME)}),
    }


def _spikes(n_probes: int, draw: np.random.Generator) -> xr.Dataset:
    count = 300 * n_probes
    numbers = draw.integers(0, len(CELLS), count)
    columns = {
        "spike_time": draw.uniform(0, PROBE_SECONDS, count),
        "cell": draw.integers(0, np.array(list(CELLS.values()))[numbers]).astype(np.int32),
        "population": numbers.astype(np.int8),
        "probe_of_spike": np.repeat(np.arange(n_probes), 300).astype(np.int16),
    }
    table = xr.Dataset({name: ("spike", values) for name, values in columns.items()})
    table["population"].attrs["populations"] = list(CELLS)
    counts = {f"{name}_cells": number for name, number in CELLS.items()}
    return table.assign_attrs(probe_seconds=[PROBE_SECONDS] * n_probes, **counts)
