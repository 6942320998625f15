"""Trials, runs and verdicts: an experiment carried out and judged."""
