"""Many trials: planned, run by an executor, stored by what they are, and opened as one dataset."""
