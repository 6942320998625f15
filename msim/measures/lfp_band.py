"""Power of the local field potential in a band, and the frequency at which it peaks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.readout import SEGMENT, SPECTRUM, Readout
from msim.base.units import amp, hertz

FEWEST = 6  # frequencies in a band, so that a peak has neighbors within it

LFP_BAND = Mechanism(
    name="lfp_band",
    meaning="band power of the field of a population: the current along its cells, or of point cells their absolute"
    " synaptic currents",
    scale="readout",
    inputs=(Port("field_current", amp, "what makes the field of the population, per cell"),),
    parameters=(
        Parameter("low", hertz, "lower edge of the band", low=0, low_is_allowed=False),
        Parameter("high", hertz, "upper edge of the band", low=0, low_is_allowed=False),
    ),
    outputs=(
        Port("power", amp**2, "power of the LFP proxy in the band"),
        Port("peak_frequency", hertz, "frequency of the largest power in the band"),
    ),
    ascending=(("low", "high"),),
    reference="mazzoni2008",
)


def _band(frequency: np.ndarray, density: np.ndarray, parameters: Mapping[str, float]) -> dict[str, np.ndarray]:
    # Brings SciPy, which no file that is only read has to wait for.
    from msim.measures.spectra import band_power, peak_frequency

    edges = parameters["low"], parameters["high"]
    return {
        "power": np.array([band_power(frequency, one, *edges) for one in density]),
        "peak_frequency": np.array([peak_frequency(frequency, one, *edges) for one in density]),
    }


def _segment(parameters: Mapping[str, float]) -> float:
    return max(SEGMENT, FEWEST / (parameters["high"] - parameters["low"]))


BAND = Readout(LFP_BAND, SPECTRUM, ("power", "peak_frequency"), _band, _segment)
