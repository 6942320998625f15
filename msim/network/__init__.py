"""The spiking network of a model as plain values: populations, projections, drives and the averages of a burst."""
