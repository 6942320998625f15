"""Clinical rating as a stated, saturating function of potentiation, with a placebo term and noise.

A rating is always reported beside the potentiation, never in its place.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msim.base.equations import subexpressions
from msim.base.mechanism import Mechanism, Parameter, Port

RATING = Mechanism(
    name="rating",
    meaning="improvement of a rating of depression, as a share of what it was before treatment",
    scale="readout",
    # Expectation and the course of the illness improve ratings without any drug: most of what is seen is placebo.
    # Nobody loses more than all of it, and potentiation below that of before does not make people worse.
    equations="""
        gained = clip(W, 0, inf) : 1
        improvement = clip(placebo + E_max * gained / (gained + W_50) + sd * luck, -inf, 1) : 1
    """,
    inputs=(
        Port("W", 1, "change of AMPA conductance relative to the person's own before treatment"),
        Port("luck", 1, "standard normal number of the person"),
    ),
    parameters=(
        Parameter("placebo", 1, "mean improvement without any drug", low=0, high=1),
        Parameter("E_max", 1, "largest improvement that potentiation adds", low=0, high=1),
        Parameter("W_50", 1, "potentiation that adds half of it", low=0, low_is_allowed=False),
        Parameter("sd", 1, "standard deviation of improvement over people", low=0),
        Parameter("response", 1, "improvement from which on a person has responded", low=0, high=1),
    ),
    outputs=(Port("improvement", 1, "share of the rating before treatment that is gone"),),
)


def improvement(
    potentiation: np.ndarray | float, random_effect: np.ndarray | float, values: Mapping[str, float]
) -> np.ndarray:
    """Evaluate RATING: improvement as a share of the rating before treatment, below 0 where people get worse.

    potentiation: change of AMPA conductance
    random_effect: draw in units of `sd`; it broadcasts with potentiation
    values: parameters of the form
    """
    known = {**values, "W": np.asarray(potentiation, dtype=float), "luck": np.asarray(random_effect, dtype=float)}
    return np.asarray(subexpressions(RATING.equations, known)["improvement"])
