"""Pharmacology: from a dose to a concentration, and from a concentration to blocked receptors."""
