"""Sweeps of many trials: planned, run by an executor, stored by keys of their content, and opened as one dataset."""
