"""Figures from a stored run: each function takes a run, draws on the axes it is given, and returns them."""

from msim.plots.dose import concentration
from msim.plots.figures import write_figures
from msim.plots.probe_values import probe_values
from msim.plots.rasters import population_rates, raster
from msim.plots.spectra import spectrum
from msim.plots.traces import trace

__all__ = ["concentration", "population_rates", "probe_values", "raster", "spectrum", "trace", "write_figures"]
