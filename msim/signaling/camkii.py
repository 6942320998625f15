"""CaMKII: the kinase that calcium through evoked NMDA receptors activates, a sign that the synapses are in use."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port

CAMKII = Mechanism(
    name="camkii",
    meaning="CaMKII activated by calcium through the evoked NMDA receptor pool",
    scale="slow",
    # Without a state: it follows calcium in minutes.
    equations="""
    calcium = clip(evoked, 0, inf)**n_K : 1
    activity = CaMKII * calcium * (1 + c_K**n_K) / (c_K**n_K + calcium) : 1
    """,
    inputs=(Port("evoked", 1, "calcium through the evoked pool, relative to rest", at_rest=1),),
    parameters=(
        Parameter("CaMKII", 1, "share of CaMKII that no inhibitor holds", low=0),
        Parameter("c_K", 1, "evoked calcium that activates half of CaMKII, relative to rest", low=0),
        Parameter("n_K", 1, "steepness of activation", low=1),
    ),
    outputs=(Port("activity", 1, "activity of CaMKII, relative to rest"),),
    reference="krystal2024",
)
