"""Spine number of a cell."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import second

SPINES = Mechanism(
    name="spines",
    meaning="spines that mTORC1 and TrkB together let grow, lost in days unless retained",
    scale="slow",
    # A depressed cell rests at fewer spines (N_0 < 1) and grows from there towards the same largest number.
    equations="""
    growth = k_N * mTORC1 * p_TrkB * clip(N_max - number, 0, inf) : Hz
    dnumber/dt = growth - (number - N_0) / (tau_N * (1 + retention)) : 1
    """,
    inputs=(
        Port("mTORC1", 1, "fraction of mTORC1 activated above rest"),
        Port("p_TrkB", 1, "fraction of TrkB activated above rest"),
        Port("retention", 1, "by how much the loss of spines is slowed"),
    ),
    parameters=(
        Parameter("k_N", 1 / second, "rate of growth", low=0),
        Parameter("N_max", 1, "largest number of spines, relative to a healthy cell at rest", low=0),
        Parameter("N_0", 1, "spines at rest, relative to a healthy cell", low=0),
        Parameter("tau_N", second, "time in which new spines are lost", low=0, low_is_allowed=False),
    ),
    outputs=(Port("number", 1, "spines, relative to a healthy cell at rest"),),
    rest={"number": "N_0"},
    reference="krystal2024",
)
