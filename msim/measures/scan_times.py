"""Times of a scan: its volumes, what is simulated before them, and which of them fit the steps of a simulation."""

from __future__ import annotations

import numpy as np

from msim.base.errors import InputError
from msim.base.settings import settings

STEP = 0.01  # s, of what is scanned; populations relax about as fast, and what drives them changes over a second


def discarded_volumes(tr: float) -> int:
    """Return the number of volumes at the beginning that are simulated and discarded."""
    return int(np.ceil(settings().settling / tr))


def simulated_seconds(seconds: float, tr: float, where: str = "scan") -> float:
    """Return the simulated time of a scan, s, with discarded volumes and without a last incomplete volume.

    raises: InputError where there are not two volumes, or TR is not a multiple of STEP
    """
    if not 2 * tr <= seconds < np.inf:
        raise InputError(f"{where}: wants at least two volumes, got a TR of {tr:g} s in {seconds:g} s")
    whole_steps(STEP, tr, where)
    return (discarded_volumes(tr) + int(seconds / tr + 1e-9)) * tr


def whole_steps(step: float, tr: float, where: str) -> int:
    """Return the number of steps in a TR.

    raises: InputError where TR is not a whole number of steps
    """
    count = round(tr / step) if 0 < tr < np.inf else 0
    if count < 1 or abs(count * step - tr) > 1e-9 * tr:
        raise InputError(f"{where}: wants a TR of whole steps of {step:g} s, got {tr:.9g} s")
    return count
