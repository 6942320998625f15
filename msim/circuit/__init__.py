"""Cells, receptors, release, wiring and background drive of a spiking column."""
