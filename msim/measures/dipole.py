"""Dipole moment of a source, from the current along its pyramidal cells, and the volley that a touch sends it."""

from __future__ import annotations

import numpy as np

from msim.base.equations import subexpressions
from msim.base.errors import InputError
from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import amp, meter, second

DIPOLE_SOURCE = Mechanism(
    name="dipole_source",
    meaning="equivalent current dipole of a patch of cortex whose cells do what those of the column do",
    scale="readout",
    # Current that runs inside all cells in one direction over the same distance, and back outside: Q = N I l. Folding
    # of the cortex and cells that are not parallel only make N smaller. No sensor sees a steady moment.
    equations="Q = n_cells * length * (field_current - steady_current) : amp*meter",
    inputs=(
        Port("field_current", amp, "mean current from dendrite to soma of a pyramidal cell"),
        Port("steady_current", amp, "its mean over the recording, or before a stimulus"),
    ),
    parameters=(
        Parameter("n_cells", 1, "pyramidal cells of the source", low=0, low_is_allowed=False),
        Parameter("length", meter, "distance over which the current runs", low=0, low_is_allowed=False),
    ),
    outputs=(Port("Q", amp * meter, "dipole moment"),),
)

SENSORY_VOLLEY = Mechanism(
    name="sensory_volley",
    meaning="what a brief touch sends to all populations of the cortex that feels it",
    scale="readout",
    parameters=(
        Parameter("factor", 1, "rate of long-range afferents during the volley over that of rest", low=1),
        Parameter("duration", second, "how long the volley lasts", low=0, low_is_allowed=False),
    ),
)


def dipole_moment(
    field_current: np.ndarray, n_cells: float, length: float, steady_current: float | None = None
) -> np.ndarray:
    """Compute the dipole moment of a source less its steady part, which no sensor sees.

    field_current: mean over cells, A, shape (..., time); length: m
    steady_current: A; left out, the mean over time of each
    returns: A m, same shape
    """
    current = np.asarray(field_current, dtype=float)
    if current.size == 0 or not np.isfinite(current).all():
        raise InputError("dipole_moment: wants finite currents, got none or others")
    steady = current.mean(axis=-1, keepdims=True) if steady_current is None else steady_current
    known = {"n_cells": n_cells, "length": length, "field_current": current, "steady_current": steady}
    return np.asarray(subexpressions(DIPOLE_SOURCE.equations, known)["Q"])
