"""Brains, and the tasks that they do."""
