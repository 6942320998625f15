"""The spiking network of a model as plain values: populations, projections, drives and what is averaged."""
