"""What an experimenter would read off a simulated brain: spikes, spectra, field potentials, BOLD."""
