"""The part of the field's power that falls with frequency, told apart from its peaks by specparam (extra 'spectra')."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

import numpy as np

from msim.base.errors import InputError
from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.readout import SEGMENT, SPECTRUM, Readout
from msim.base.units import amp, hertz

PERIODS = 2  # of the lowest frequency, in a segment
# What specparam takes for a peak: no narrower than two frequencies, no wider than its authors' limit.
NARROWEST, WIDEST_HZ = 2.0, 12.0

FIELD_APERIODIC = Mechanism(
    name="field_aperiodic",
    meaning="power of the field that falls with frequency, beneath its peaks, as specparam fits it",
    scale="readout",
    inputs=(Port("field_current", amp, "what makes the field of the population, per cell"),),
    parameters=(
        Parameter("low", hertz, "lowest frequency of the fit", low=0, low_is_allowed=False),
        Parameter("high", hertz, "highest frequency of the fit", low=0, low_is_allowed=False),
    ),
    outputs=(Port("exponent", 1, "how steeply power falls: 2 where it is as 1 / frequency squared"),),
    ascending=(("low", "high"),),
    reference="donoghue2020",
)


def require_specparam() -> None:
    """Refuse a machine without specparam, which takes seconds to import.

    raises: InputError with the command that installs it
    """
    if importlib.util.find_spec("specparam") is None:
        raise InputError("specparam is not installed; install it with: pip install 'msim[spectra]'")


def aperiodic_exponent(frequency: np.ndarray, density: np.ndarray, low: float, high: float) -> float:
    """Fit the exponent of the aperiodic part of a spectrum, 0 for white noise and 2 for Brownian noise.

    density: shape (frequencies,)
    returns: NaN where a density is 0 or not known, as without any activity
    """
    require_specparam()
    from specparam import SpectralModel

    inside = (frequency >= low) & (frequency <= high)
    if inside.sum() < 2:
        raise InputError(f"aperiodic_exponent: wants at least 2 frequencies from {low!r} to {high!r} Hz")
    known = np.asarray(density, dtype=float)[inside]
    if not (np.isfinite(known) & (known > 0)).all():
        return float("nan")
    narrowest = NARROWEST * float(frequency[1] - frequency[0])
    model = SpectralModel(peak_width_limits=(narrowest, max(WIDEST_HZ, 2 * narrowest)), verbose=False)
    # A scale that suits specparam, whose warnings and starting values expect voltages; it does not change the slope.
    model.fit(frequency[inside], known / known.mean())
    return float(model.get_params("aperiodic", "exponent"))


def _aperiodic(frequency: np.ndarray, density: np.ndarray, parameters: Mapping[str, float]) -> dict[str, np.ndarray]:
    edges = parameters["low"], parameters["high"]
    return {"exponent": np.array([aperiodic_exponent(frequency, one, *edges) for one in density])}


def _segment(parameters: Mapping[str, float]) -> float:
    return max(SEGMENT, PERIODS / parameters["low"])


APERIODIC = Readout(FIELD_APERIODIC, SPECTRUM, ("exponent",), _aperiodic, _segment, require_specparam)
