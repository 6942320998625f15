"""Datasets of a trial, made from its record and its readouts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from msim.base.quantities import unit_text
from msim.base.readout import SPECTRUM
from msim.definitions.experiments.definition import Arm, ExperimentDefinition
from msim.definitions.models.addresses import Address
from msim.definitions.models.readouts import readouts_of
from msim.recording.recorder import MemoryRecorder
from msim.trials.readouts import course_readouts, origin_population, spectra, spectrum_readouts
from msim.trials.spike_table import spike_table

TIME = {"units": "s", "long_name": "time since the first dose"}


def trial_datasets(
    experiment: ExperimentDefinition, arm: Arm, record: MemoryRecorder, end: float, attributes: Mapping[str, Any]
) -> dict[str, xr.Dataset]:
    """Build the datasets of a trial: samples, probes, spectra, spikes, bursts; samples after `end` (s) are left out."""
    found = {
        "samples": _samples(experiment, arm, record, end),
        "probes": _probes(experiment, arm, record),
        "spectra": _spectra(arm, record),
        "spikes": _spikes(arm, record),
        "bursts": _bursts(arm, record),
    }
    return {name: dataset.assign_attrs(attributes) for name, dataset in found.items()}


def _attributes(address: Address) -> dict[str, Any]:
    return {"units": unit_text(address.unit), "long_name": address.meaning, "quantity": address.text}


def _samples(experiment: ExperimentDefinition, arm: Arm, record: MemoryRecorder, end: float) -> xr.Dataset:
    data: dict[str, Any] = {}
    times = _joined(record.times)
    times = times[times <= end + 1e-6]
    for name, parts in record.means.items():
        data[name] = ("time", _joined(parts)[:times.size], _attributes(experiment.quantities[name]))
    for name, parts in record.spreads.items():
        about = _attributes(experiment.quantities[name])
        about["long_name"] += ", standard deviation over cells"
        data[f"{name}_sd"] = ("time", _joined(parts)[:times.size], about)
    for name, values in course_readouts(experiment, arm.model, record).items():
        data[name] = ("time", values[:times.size], _attributes(experiment.quantities[name]))
    return xr.Dataset(data, coords={"time": ("time", times, TIME)})


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.array([])


def _probes(experiment: ExperimentDefinition, arm: Arm, record: MemoryRecorder) -> xr.Dataset:
    data: dict[str, Any] = {}
    for name in experiment.recording.probed:
        if not record.probes or name not in record.probes[0].cells:
            continue
        values = np.stack([probe.cells[name] for probe in record.probes])
        address = experiment.quantities[name]
        data[name] = ("probe", values.mean(axis=1), _attributes(address))
        if address.population and values.shape[1] > 1:
            about = _attributes(address)
            data[f"{name}_cells"] = (("probe", f"{address.population}_cell"), values, about)
    for name, values in spectrum_readouts(experiment, arm.model, record).items():
        data[name] = ("probe", values, _attributes(experiment.quantities[name]))
    times = np.array([probe.time for probe in record.probes])
    return xr.Dataset(data, coords={"probe_time": ("probe", times, TIME)})


def _spectra(arm: Arm, record: MemoryRecorder) -> xr.Dataset:
    readouts = list(readouts_of(arm.model, SPECTRUM))
    if not record.probes or not readouts:
        return xr.Dataset()
    population = origin_population(arm.model, readouts[0])
    frequency, density = spectra(record, population)
    times = np.array([probe.time for probe in record.probes])
    about = {"units": "A^2/Hz", "long_name": f"power of the LFP proxy of population {population}"}
    return xr.Dataset(
        {"lfp_power": (("probe", "frequency"), density, about)},
        coords={
            "probe_time": ("probe", times, TIME),
            "frequency": ("frequency", frequency, {"units": "Hz", "long_name": "frequency"}),
        },
    )


def _spikes(arm: Arm, record: MemoryRecorder) -> xr.Dataset:
    """Collect all spikes of all probes in one table, populations numbered in the order of the model."""
    populations = list(arm.model.populations)
    data = spike_table(record.probes, populations)
    seconds = [probe.seconds for probe in record.probes]
    counts = {f"{name}_cells": arm.model.cells(name) for name in populations}
    return xr.Dataset(data, attrs={"probe_seconds": seconds, **counts})


def _bursts(arm: Arm, record: MemoryRecorder) -> xr.Dataset:
    rows = record.bursts
    data: dict[str, Any] = {
        "burst_time": ("burst", [row.time for row in rows], TIME),
        "leap": ("burst", [row.leap for row in rows], {"units": "s", "long_name": "leap that ended here"}),
        "leap_error": ("burst", [row.error for row in rows], {"units": "1 (dimensionless)",
                       "long_name": "error of the leap; 1 is the tolerance"}),
        "leap_noise": ("burst", [row.noise for row in rows], {"units": "1 (dimensionless)",
                       "long_name": "what sampling noise of the burst does to a state; 1 is the tolerance"}),
        "seconds": ("burst", [row.seconds for row in rows], {"units": "s", "long_name": "length of the burst"}),
        "accepted": ("burst", [int(row.accepted) for row in rows], {"long_name": "1 where the leap stood"}),
    }
    for name in arm.model.populations:
        data[f"{name}.firing_rate"] = (
            "burst", [row.firing_rates[name] for row in rows],
            {"units": "Hz", "long_name": "spikes per cell per second"},
        )  # fmt: skip
        data[f"{name}.synaptic_current"] = (
            "burst", [row.synaptic_currents[name] for row in rows],
            {"units": "A", "long_name": "mean absolute synaptic current per cell"},
        )  # fmt: skip
    return xr.Dataset(data, coords={"burst": ("burst", np.arange(len(rows)), {"long_name": "number of the burst"})})
