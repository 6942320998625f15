"""Dynamic causal modeling of spectra: a conductance-based neural mass, its spectrum, and its fit."""
