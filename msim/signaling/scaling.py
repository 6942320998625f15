"""AMPA receptor number of a cell, set by TrkB and retinoic acid: one factor on all its AMPA synapses."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import second

SCALING = Mechanism(
    name="ampar_scaling",
    meaning="AMPA receptors inserted into the places that TrkB makes, lost within a day unless retained",
    scale="slow",
    # One factor per cell multiplies every AMPA synapse of it, so relative weights do not move
    # (Suzuki 2021). The signal sets how many places there are, not how fast they fill: a weak signal that
    # lasts fills few. CaMKII keeps a share of them only, because a silent culture scales too (Reese and Kavalali 2015).
    equations="""
    signal = clip(p_TrkB, 0, inf)**n_T : 1
    kept = 1 - w_K + w_K * CaMKII : 1
    insertion = GluA2 * clip(kept * signal / (T_50**n_T + signal) + retinoic, 0, 1) : 1
    dA/dt = clip(1 + A_max * insertion - A, 0, inf) / tau_in - (A - 1) / (tau_off * (1 + retention)) : 1
    AMPAR_scale = A * spines : 1
    """,
    inputs=(
        Port("p_TrkB", 1, "fraction of TrkB activated above rest"),
        Port("CaMKII", 1, "activity of CaMKII, relative to rest", at_rest=1),
        Port("retinoic", 1, "drive of insertion by retinoic acid"),
        Port("retention", 1, "by how much the loss of receptors is slowed"),
        Port("spines", 1, "number of spines, relative to a healthy cell at rest", at_rest=1),
    ),
    parameters=(
        Parameter("GluA2", 1, "working share of GluA2", low=0),
        Parameter("T_50", 1, "TrkB activation of half-maximal insertion", low=0, low_is_allowed=False),
        Parameter("n_T", 1, "steepness of insertion", low=1),
        Parameter("w_K", 1, "share of insertion that CaMKII has to keep", low=0, high=1),
        Parameter("A_max", 1, "largest early gain of AMPA receptors", low=0),
        Parameter("tau_in", second, "time of insertion", low=0, low_is_allowed=False),
        Parameter("tau_off", second, "time in which inserted receptors are lost", low=0, low_is_allowed=False),
    ),
    outputs=(
        Port("A", 1, "AMPA receptors of a spine, relative to rest"),
        Port("AMPAR_scale", 1, "AMPA conductance of the cell, relative to a healthy cell at rest"),
        Port("insertion", 1, "drive of receptor insertion"),
    ),
    rest={"A": "1"},
    reference="suzuki2021",
)
