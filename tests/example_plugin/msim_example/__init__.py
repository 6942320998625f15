"""Example of a package that gives msim a mechanism, a readout and an analysis of studies."""
