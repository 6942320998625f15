"""A column's fast averages as smooth functions of what the slow scale hands down, fitted to its own bursts."""
