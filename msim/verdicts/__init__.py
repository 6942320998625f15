"""Verdicts on the predictions of an experiment, from its run."""
