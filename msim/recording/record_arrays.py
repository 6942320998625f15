"""Conversion of a record in memory to arrays by name and back, so that a stopped trial can continue."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msim.recording.recorder import BurstRow, MemoryRecorder, ProbeRow
from msim.recording.spool import Series, SpoolFile

BURST_NUMBERS = ("time", "leap", "error", "accepted", "noise", "seconds")


def record_arrays(record: MemoryRecorder) -> dict[str, Series]:
    """Return all contents of a record as arrays by name; arrays that lie in a file stay there."""
    found: dict[str, Series] = {"times": _joined(record.times)}
    found.update({f"means/{name}": _joined(parts) for name, parts in record.means.items()})
    found.update({f"spreads/{name}": _joined(parts) for name, parts in record.spreads.items()})
    for key in BURST_NUMBERS:
        found[f"bursts/{key}"] = np.array([float(getattr(row, key)) for row in record.bursts])
    for name in record.bursts[0].firing_rates if record.bursts else ():
        found[f"rates/{name}"] = np.array([row.firing_rates[name] for row in record.bursts])
        found[f"currents/{name}"] = np.array([row.synaptic_currents[name] for row in record.bursts])
    for index, probe in enumerate(record.probes):
        found[f"probe{index}/about"] = np.array([probe.time, probe.seconds, probe.field_rate])
        found.update({f"probe{index}/cells/{name}": values for name, values in probe.cells.items()})
        found.update({f"probe{index}/field/{name}": values for name, values in probe.field.items()})
        for name, (times, cells) in probe.spikes.items():
            found[f"probe{index}/spike_times/{name}"] = times
            found[f"probe{index}/spike_cells/{name}"] = cells
    return found


def record_from(arrays: Mapping[str, Series], file: SpoolFile | None = None) -> MemoryRecorder:
    """Rebuild a record from the arrays that `record_arrays` made of it.

    file: file for arrays that are as long as a probe
    """
    record = MemoryRecorder(file=file or SpoolFile())
    if arrays["times"].size:
        record.times = [np.asarray(arrays["times"])]
        record.means = {name: [values] for name, values in _arrays_under(arrays, "means/").items()}
        record.spreads = {name: [values] for name, values in _arrays_under(arrays, "spreads/").items()}
    rates, currents = _arrays_under(arrays, "rates/"), _arrays_under(arrays, "currents/")
    columns = [np.asarray(arrays[f"bursts/{key}"]) for key in BURST_NUMBERS]
    for index, (time, leap, error, accepted, noise, seconds) in enumerate(zip(*columns, strict=True)):
        record.bursts.append(BurstRow(
            float(time), float(leap), float(error), bool(accepted), float(noise), float(seconds),
            {name: float(values[index]) for name, values in rates.items()},
            {name: float(values[index]) for name, values in currents.items()},
        ))  # fmt: skip
    while f"probe{len(record.probes)}/about" in arrays:
        record.probes.append(_probe(_under(arrays, f"probe{len(record.probes)}/")))
    return record


def _probe(own: Mapping[str, Series]) -> ProbeRow:
    time, seconds, field_rate = (float(one) for one in np.asarray(own["about"]))
    cells = _under(own, "spike_cells/")
    spikes = {name: (times, cells[name]) for name, times in _under(own, "spike_times/").items()}
    return ProbeRow(time, seconds, _arrays_under(own, "cells/"), spikes, _under(own, "field/"), field_rate)


def _under(arrays: Mapping[str, Series], start: str) -> dict[str, Series]:
    return {name[len(start):]: values for name, values in arrays.items() if name.startswith(start)}


def _arrays_under(arrays: Mapping[str, Series], start: str) -> dict[str, np.ndarray]:
    return {name: np.asarray(values) for name, values in _under(arrays, start).items()}


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(0)
