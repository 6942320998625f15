"""Example of a package that gives msim a mechanism, a readout, an analysis of studies and an executor."""
