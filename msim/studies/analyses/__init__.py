"""Analyses of studies: each folder is one, under the name of its table in a study file."""
