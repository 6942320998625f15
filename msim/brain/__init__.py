"""Brains of many regions: the connectome that joins them."""
