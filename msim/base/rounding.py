"""Test for values that differ by rounding only, whose spread must not be divided by."""

from __future__ import annotations

import numpy as np

ROUNDING = 64 * float(np.finfo(float).eps)  # relative; of a few sums in double precision


def is_constant(values: np.ndarray, scale: float = 0.0) -> bool:
    """Return whether values differ from one another by no more than rounding.

    scale: the size of what they were computed from, where that is larger than they are, as for differences
    """
    return values.size < 2 or not np.ptp(values) > ROUNDING * max(scale, float(np.abs(values).max(initial=0.0)))
