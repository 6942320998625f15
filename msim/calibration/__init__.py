"""Calibration: a search for fitted values of a model that agree with published outcomes."""
