"""Measures that an experimenter takes of a brain, computed from a simulated one: spikes, spectra, fields, BOLD."""
