"""Experiments: arms, doses, records, predictions and sweeps."""
