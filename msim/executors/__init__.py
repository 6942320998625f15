"""Execution of trials: what a trial asks of whoever runs it, worker processes, and the registry of executors."""
