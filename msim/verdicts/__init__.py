"""Predictions of an experiment held against a run."""
