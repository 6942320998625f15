"""Background input: its slow fluctuation, which all cells share."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from msim.base.mechanism import Derived, Mechanism, Parameter, Port
from msim.base.units import second

# Seconds after which the course of a background's colour comes again: more than most trials simulate as spikes.
PERIOD = 600

_TIMES = ("tau_fast", "tau_middle", "tau_slow")
_VARIANCE = " + ".join(
    [f"tau_mean/({one} + tau_mean)" for one in _TIMES]
    + [
        f"2*tau_mean*sqrt({a}*{b})*({a} + {b} + 2*tau_mean)/(({a} + {b})*({a} + tau_mean)*({b} + tau_mean))"
        for a, b in itertools.combinations(_TIMES, 2)
    ]
)

COLOURED_BACKGROUND = Mechanism(
    name="coloured_background",
    meaning="slow fluctuation of the background input that all cells share, with a spectrum near 1/f",
    scale="drive",
    # One noise through three filters: their sum falls as about f^-1/2 in amplitude between the outer two. What is
    # slower than tau_mean is left out, so that averages of bursts that last longer come close to their mean.
    equations="""
    dz_fast/dt = -z_fast/tau_fast + sqrt(2/tau_fast)*xi_shared : 1
    dz_middle/dt = -z_middle/tau_middle + sqrt(2/tau_middle)*xi_shared : 1
    dz_slow/dt = -z_slow/tau_slow + sqrt(2/tau_slow)*xi_shared : 1
    together = z_fast + z_middle + z_slow : 1
    dz_mean/dt = (together - z_mean)/tau_mean : 1
    factor = clip(1 + per_unit*(together - z_mean), 0, inf) : 1
    """,
    parameters=(
        Parameter("tau_fast", second, "shortest correlation time", low=0, low_is_allowed=False),
        Parameter("tau_middle", second, "middle correlation time", low=0, low_is_allowed=False),
        Parameter("tau_slow", second, "longest correlation time", low=0, low_is_allowed=False),
        Parameter("tau_mean", second, "time in which it returns to its mean", low=0, low_is_allowed=False),
        Parameter("CV", 1, "standard deviation of the input over its mean", low=0, high=1),
    ),
    # Filters of one noise are correlated. With what is slow taken out, c its time:
    # <z_i z_j> = c sqrt(a b) (a + b + 2c) / ((a + b)(a + c)(b + c)), and c/(a + c) of one with itself.
    derived=(Derived("per_unit", 1, f"CV/sqrt({_VARIANCE})"),),
    outputs=(Port("factor", 1, "input relative to its mean"),),
    rest={"z_fast": "0", "z_middle": "0", "z_slow": "0", "z_mean": "0"},
    ascending=(("tau_fast", "tau_middle"), ("tau_middle", "tau_slow"), ("tau_slow", "tau_mean")),
)


def colour_course(
    constants: Mapping[str, float], seconds: float, step: float, random: np.random.Generator
) -> np.ndarray:
    """Draw a stationary course of the factor of COLOURED_BACKGROUND that repeats without a jump.

    constants: of the form, SI units; step: s, short against the shortest correlation time
    returns: input relative to its mean, shape (steps,)
    """
    steps = round(seconds / step)
    # Filtered as a circle, by its transfer function: stationary from the first step, without a jump where it repeats.
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(steps))
    *kept, mean = np.exp(-step / np.array([constants[name] for name in (*_TIMES, "tau_mean")]))
    transfer = sum(np.sqrt(1 - one**2) / (1 - one * turn) for one in kept)
    transfer = transfer * (1 - (1 - mean) / (1 - mean * turn))
    total = np.fft.irfft(np.fft.rfft(random.standard_normal(steps)) * transfer, steps)
    return np.clip(1 + constants["per_unit"] * total, 0, None)
