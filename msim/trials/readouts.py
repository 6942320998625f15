"""Readouts of a trial: BOLD and field bands from the record of the engine."""

from __future__ import annotations

import numpy as np

from msim.base.errors import SimulationError
from msim.definitions.experiments.experiment import ExperimentDefinition
from msim.definitions.experiments.recordings import SEGMENT
from msim.definitions.models.model import ModelDefinition
from msim.measures.bold import BalloonWindkessel, bold_response
from msim.measures.spectra import (band_power, long_power_spectrum,
                                   peak_frequency)
from msim.recording.recorder import MemoryRecorder
from msim.recording.spool import blocks

BLOCK = 2**16  # samples of a field that are in memory at a time


def origin_population(model: ModelDefinition, readout: str) -> str:
    """Return the population whose activity a readout reads."""
    link = next(one for one in model.links.values() if one.to.split(".")[0] == readout)
    return link.origin[0].split(".")[0]


def bold_samples(
    experiment: ExperimentDefinition, model: ModelDefinition, record: MemoryRecorder
) -> dict[str, np.ndarray]:
    """Compute BOLD at the sampled times, from the synaptic activity of the accepted bursts.

    Activity is taken as linear between bursts, so this is the slow response to a drug as in
    pharmacological fMRI, without the fluctuations of a resting scan.
    returns: 'READOUT.percent_signal_change' to percent, shape (samples up to the last burst,);
        NaN where activity is too low for the model
    """
    found: dict[str, np.ndarray] = {}
    rows = [row for row in record.bursts if row.accepted]
    times = np.array([row.time for row in rows])
    for instance in model.on_scale("readout"):
        name = f"{instance.name}.percent_signal_change"
        if name not in experiment.quantities or times.size < 2:
            continue
        population = origin_population(model, instance.name)
        current = np.array([row.synaptic_currents[population] for row in rows])
        parameters = BalloonWindkessel(**model.parameters(instance.name))
        samples = np.array(experiment.recording.samples)
        # A trial that was stopped has no activity for its later samples.
        samples = samples[samples <= times[-1] + 1e-6]
        try:
            found[name] = bold_response(current / current[0] - 1, times, parameters, samples)
        except SimulationError:
            # Activity so far below rest stops the flow of this hemodynamic model: it has no answer there.
            found[name] = np.full(samples.size, np.nan)
    return found


def spectra(record: MemoryRecorder, population: str) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the spectrum of the field of a population at every probe.

    returns: frequency in Hz, shape (frequencies,), and power density in A^2/Hz, shape (probes, frequencies)
    """
    rows = [
        long_power_spectrum(blocks(probe.field[population], BLOCK), probe.field_rate, SEGMENT)
        for probe in record.probes
    ]
    return rows[0][0], np.stack([density for _, density in rows])


def band_readouts(
    experiment: ExperimentDefinition, model: ModelDefinition, record: MemoryRecorder
) -> dict[str, np.ndarray]:
    """Compute power and peak of every band of the field that the experiment records, shape (probes,)."""
    found: dict[str, np.ndarray] = {}
    for instance in model.on_scale("readout"):
        wanted = [name for name in experiment.recording.probed if name.startswith(f"{instance.name}.")]
        if not wanted or not record.probes or instance.mechanism.parameter("low") is None:
            continue
        low, high = model[f"{instance.name}.low"], model[f"{instance.name}.high"]
        frequency, density = spectra(record, origin_population(model, instance.name))
        found[f"{instance.name}.power"] = np.array([band_power(frequency, one, low, high) for one in density])
        found[f"{instance.name}.peak_frequency"] = np.array(
            [peak_frequency(frequency, one, low, high) for one in density]
        )
    return {name: values for name, values in found.items() if name in experiment.recording.probed}
