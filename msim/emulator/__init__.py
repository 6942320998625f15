"""The mean-field emulator: averages of spiking cells as functions fitted to bursts."""
