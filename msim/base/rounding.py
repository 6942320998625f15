"""Whether values differ at all, or by what rounding leaves: a ratio of one rounding to another says nothing."""

from __future__ import annotations

import numpy as np

ROUNDING = 64 * float(np.finfo(float).eps)  # relative; of a few sums in double precision


def is_constant(values: np.ndarray, scale: float = 0.0) -> bool:
    """Whether values differ from one another by no more than rounding.

    scale: the size of what they were computed from, where that is larger than they are, as for differences
    """
    return values.size < 2 or not np.ptp(values) > ROUNDING * max(scale, float(np.abs(values).max(initial=0.0)))
