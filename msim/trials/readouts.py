"""Readouts of a trial, such as BOLD and field bands, from the record of the engine."""

from __future__ import annotations

import functools

import numpy as np

from msim.base.readout import COURSE, SEGMENT, SPECTRUM
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.readouts import readouts_of
from msim.measures.spectra import long_power_spectrum
from msim.recording.recorder import MemoryRecorder
from msim.recording.spool import blocks

BLOCK = 2**16  # samples of a field that are in memory at a time


def origin_population(model: ModelDefinition, readout: str) -> str:
    """Return the population whose activity a readout reads."""
    link = next(one for one in model.links.values() if one.to.split(".")[0] == readout)
    return link.origin[0].split(".")[0]


def course_readouts(
    experiment: ExperimentDefinition, model: ModelDefinition, record: MemoryRecorder
) -> dict[str, np.ndarray]:
    """Compute courses at the sampled times, from the synaptic activity of the accepted bursts.

    returns: 'READOUT.OUTPUT' to values, shape (samples up to the last burst,)
    """
    found: dict[str, np.ndarray] = {}
    rows = [row for row in record.bursts if row.accepted]
    times = np.array([row.time for row in rows])
    for name, readout in readouts_of(model, COURSE).items():
        wanted = [one for one in readout.outputs if f"{name}.{one}" in experiment.quantities]
        if not wanted or times.size < 2:
            continue
        population = origin_population(model, name)
        current = np.array([row.synaptic_currents[population] for row in rows])
        samples = np.array(experiment.recording.samples)
        # A trial that was stopped has no activity for its later samples.
        samples = samples[samples <= times[-1] + 1e-6]
        values = readout.compute(current, times, samples, model.parameters(name))
        found |= {f"{name}.{one}": np.asarray(values[one]) for one in wanted}
    return found


def spectra(record: MemoryRecorder, population: str, segment: float = SEGMENT) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the spectrum of the field of a population at every probe, with frequencies 1 / segment (s) apart.

    returns: frequency in Hz, shape (frequencies,), and power density in A^2/Hz, shape (probes, frequencies)
    """
    rows = [
        long_power_spectrum(blocks(probe.field[population], BLOCK), probe.field_rate, segment)
        for probe in record.probes
    ]
    return rows[0][0], np.stack([density for _, density in rows])


def spectrum_readouts(
    experiment: ExperimentDefinition, model: ModelDefinition, record: MemoryRecorder
) -> dict[str, np.ndarray]:
    """Compute the recorded outputs of readouts of the field, shape (probes,), by 'READOUT.OUTPUT'."""
    found: dict[str, np.ndarray] = {}
    once = functools.cache(functools.partial(spectra, record))
    for name, readout in readouts_of(model, SPECTRUM).items():
        wanted = [one for one in readout.outputs if f"{name}.{one}" in experiment.recording.probed]
        if wanted and record.probes:
            parameters = model.parameters(name)
            values = readout.compute(*once(origin_population(model, name), readout.segment(parameters)), parameters)
            found |= {f"{name}.{one}": np.asarray(values[one]) for one in wanted}
    return found
